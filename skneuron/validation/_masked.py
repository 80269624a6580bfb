"""Checks for missing values that NumPy would replace by other values."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_unmasked"]


def check_unmasked(values: Any, name: str) -> None:
    """Raise ``ValueError`` if values have a masked entry, or a null in a dictionary of PyArrow.

    A mask marks missing values. ``np.asarray`` drops the mask and returns the numbers behind it.
    In the place of a null of a dictionary it returns some value of the dictionary.

    Parameters
    ----------
    values : object
        As a user gave it.
    name : str
        Name of the parameter, for messages.

    Raises
    ------
    ValueError
        The message names the first masked or missing entry.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.validation import check_unmasked
    >>> check_unmasked(np.ma.array([1.0, -999.0], mask=[False, True]), "offset")
    Traceback (most recent call last):
        ...
    ValueError: offset has a masked value at index 1. Expected values without a mask, which marks \
missing values. Drop these rows, or replace the values: offset.filled(0).
    """
    if isinstance(values, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(values)
        if mask.dtype.names is None and mask.any():
            place = np.argwhere(mask)[0].tolist()
            index = place[0] if len(place) == 1 else tuple(place)
            raise ValueError(
                f"{name} has a masked value at index {index}. Expected values without a mask, "
                "which marks missing values. Drop these rows, or replace the values: "
                f"{name}.filled(0)."
            )
    elif str(getattr(values, "type", "")).startswith("dictionary") and values.null_count:
        index = values.is_null().to_pylist().index(True)
        raise ValueError(
            f"{name} has a missing value at index {index}. Expected a value in each row. Drop "
            "these rows, for example with the method drop_null()."
        )
    elif isinstance(values, list | tuple):
        types = set(map(type, values))
        if any(issubclass(kind, np.ma.MaskedArray) for kind in types):
            for row, value in enumerate(values):
                check_unmasked(value, f"{name}[{row}]")
