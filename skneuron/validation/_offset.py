"""Checks of an offset, which is added to each w·x + b."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.utils.validation import check_array

from skneuron._common import AnyArray, FloatArray
from skneuron.validation._numbers import check_numbers

__all__ = ["MOST_TO_LEARN", "check_offset"]

#: Largest magnitude of an offset in a fit. Next to a larger one float64 rounds w·x away.
MOST_TO_LEARN = 1e15


def check_offset(
    offset: ArrayLike | None,
    n_samples: int,
    n_classes: int,
    *,
    kind: DTypeLike = np.float64,
    name: str = "offset",
    most: float = np.inf,
) -> FloatArray | None:
    """Return an offset as a new array, None for None.

    Parameters
    ----------
    offset : array-like of shape (n_samples,) or, for more than two classes, (n_samples, n_classes)
    n_samples, n_classes : int
    kind : dtype, default=float64
    name : str
        Name of the parameter, for messages.
    most : float, default=inf
        Largest magnitude.

    Raises
    ------
    ValueError
        If the offset has another shape, or a number that is not finite or too large.
    """
    if offset is None:
        return None
    check_numbers(offset, name)
    values: AnyArray = check_array(
        offset,
        ensure_2d=False,
        allow_nd=True,
        dtype=np.float64,
        copy=True,
        input_name=name,
        ensure_min_samples=0,
    )
    expected = (n_samples,) if n_classes == 2 else (n_samples, n_classes)
    if values.shape != expected:
        each = "row of X" if n_classes == 2 else "row of X and class"
        raise ValueError(
            f"{name} has shape {values.shape}. Expected {expected}, one number per {each}. "
            f"Use None for no offset."
        )
    with np.errstate(over="ignore"):
        values = values.astype(kind, copy=False)
    if not np.all(np.isfinite(values)):
        raise ValueError(
            f"{name} has numbers that overflow {np.dtype(kind).name}, the dtype of X. Expected "
            "numbers in its range. Pass X as float64: X.astype('float64')."
        )
    if np.abs(values).max(initial=0.0) > most:
        worst = values.flat[np.abs(values).argmax()]
        raise ValueError(
            f"{name} has the value {float(worst)!r}. Expected magnitudes up to {most:g}, because "
            "float64 rounds w·x away next to larger ones. Use for example offset / 1e10."
        )
    return values
