"""Checks and codes of class labels."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skneuron._common import AnyArray, refuse_dask
from skneuron.validation._foreign import refuse_foreign
from skneuron.validation._masked import check_unmasked

__all__ = ["check_labels", "encode", "is_missing"]

# Integer labels within a range of fewer values than this are counted instead of sorted.
_SPAN = 1000


def check_labels(y: ArrayLike, name: str = "y") -> None:
    """Raise ``ValueError`` if labels are missing or masked among others, or of several types.

    NumPy turns a list such as ``[1, "a"]`` into strings. scikit-learn cannot compare None with
    strings, and its message does not show the label. Labels of one numeric dtype are left to
    scikit-learn.

    Parameters
    ----------
    y : array-like
        As a user gave it.
    name : str
        Name of the parameter, for messages.

    Raises
    ------
    ValueError
        The message names the first row.

    Examples
    --------
    >>> from skneuron.validation import check_labels
    >>> check_labels(["yes", "no", None])
    Traceback (most recent call last):
        ...
    ValueError: y has the missing label None in row 2. Expected a label in each row. Drop the \
rows without a label, or give them a label of their own, for example 'missing'.
    """
    refuse_dask(y, name)
    refuse_foreign(y, name)
    check_unmasked(y, name)
    dtype: Any = getattr(y, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind not in "Oc":
        _check_dtype(np.asarray(y), name)
        return
    labels = None if y is None else _as_list(y)
    if labels is None:
        return
    families = {kind: _family(kind) for kind in set(map(type, labels))}
    if any(issubclass(kind, complex | np.complexfloating) for kind in families):
        _refuse_complex(name)
    if set(families.values()) <= {"number"} and not _is_object_array(y):
        return  # scikit-learn raises for NaN, and for numbers that are no labels.
    if not set(families.values()) <= {"text"}:
        missing = next((row for row, label in enumerate(labels) if is_missing(label)), None)
        if missing is not None:
            _refuse_missing(name, labels[missing], missing)
    _check_one_family(labels, families, y, name)


def _check_one_family(
    labels: Sequence[Any], families: dict[type, str], y: ArrayLike, name: str
) -> None:
    """Raise if the labels have no common type."""
    found = set(families.values())
    kinds = sorted(kind.__name__ for kind in families)
    if len(found) > 1:
        first = families[type(labels[0])]
        row = next(row for row, label in enumerate(labels) if families[type(label)] != first)
        raise ValueError(
            f"{name} has labels of the types {', '.join(kinds)}, such as {labels[0]!r} in row 0 "
            f"and {labels[row]!r} in row {row}. Expected labels of one type. "
            f"Convert them: [str(label) for label in {name}]."
        )
    if found == {"number"} and _is_object_array(y):
        raise ValueError(
            f"Unknown label type: {name} is an array of Python objects of the type "
            f"{', '.join(kinds)}. Expected an array of a numeric type. "
            f"Convert it: np.asarray({name}.tolist())."
        )


def _check_dtype(labels: AnyArray, name: str) -> None:
    """Raise for missing dates, and for NumPy's type for text that scikit-learn cannot read."""
    if labels.dtype.kind == "T":
        raise ValueError(
            f"{name} has the type {labels.dtype!r}. Expected labels of a type that scikit-learn "
            f"supports. Convert them: {name}.tolist()."
        )
    if labels.dtype.kind in "Mm" and np.isnat(labels).any():
        row = int(np.isnat(labels).ravel().argmax())
        _refuse_missing(name, str(labels.ravel()[row]), row)


def _refuse_missing(name: str, label: object, row: int) -> NoReturn:
    raise ValueError(
        f"{name} has the missing label {label!r} in row {row}. Expected a label in each row. Drop "
        "the rows without a label, or give them a label of their own, for example 'missing'."
    )


def _refuse_complex(name: str) -> NoReturn:
    """Raise the error for complex labels, with the words of scikit-learn at its start."""
    raise ValueError(
        f"Complex data not supported: {name} has complex labels. Expected integers or strings. "
        f"Convert them: [str(label) for label in {name}]."
    )


def _as_list(y: Any) -> list[Any] | None:
    """Return the labels, None if they have a numeric type or no array."""
    if isinstance(y, list) and not any(isinstance(label, list | tuple) for label in y[:1]):
        return y
    try:
        array = np.asarray(y)
        # scikit-learn raises for several columns.
        if array.dtype.kind not in "OUTcMm" or (array.ndim > 1 and array.shape[1] > 1):
            return None
        if array.dtype.kind in "Mm":
            return list(array.ravel())
        return np.asarray(y, dtype=object).ravel().tolist()  # type: ignore[no-any-return]
    except (TypeError, ValueError, RuntimeError):
        return None


def _is_object_array(y: Any) -> bool:
    return isinstance(getattr(y, "dtype", None), np.dtype) and y.dtype.kind == "O"


def _family(kind: type) -> str:
    if issubclass(kind, str):
        return "text"
    if issubclass(kind, Number | np.bool_):
        return "number"
    return kind.__name__


def is_missing(label: object) -> bool:
    """Return whether a label is None, NaN, or pandas' NA or NaT."""
    missing = label is None or type(label).__name__ in ("NAType", "NaTType")
    return missing or (isinstance(label, float | np.generic) and bool(label != label))


def encode(y: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return the sorted classes and the index of each label."""
    if y.ndim == 1 and y.dtype.kind in "iu" and y.dtype.isnative:
        low, high = int(y.min()), int(y.max())
        if high - low < _SPAN:
            # The difference of two int8 labels may overflow int8.
            wide = y.astype(np.int16) if y.dtype == np.int8 else y
            shifted = wide if low == 0 else wide - wide.dtype.type(low)
            indices = shifted.astype(np.intp, copy=False)
            if high == low + 1:
                # Both labels occur: y.min() and y.max() are labels.
                return np.array([low, high], y.dtype), indices
            present = np.bincount(indices, minlength=high - low + 1) > 0
            classes = np.flatnonzero(present).astype(wide.dtype) + wide.dtype.type(low)
            if not present.all():
                indices = (np.cumsum(present) - 1)[indices]
            return classes.astype(y.dtype), indices
    if y.ndim == 1 and y.dtype.kind == "b":
        y8 = y.view(np.uint8)
        low, high = int(y8.min()), int(y8.max())
        return np.arange(low, high + 1).astype(bool), (y8 - np.uint8(low)).astype(np.intp)
    check_classification_targets(y)
    y = column_or_1d(y)
    classes, indices = np.unique(y, return_inverse=True)
    return classes, indices
