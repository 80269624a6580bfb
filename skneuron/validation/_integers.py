"""Checks for integers that float64 cannot hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skneuron._common import AnyArray, Matrix, MatrixLike
from skneuron.validation._frames import columns_of, is_frame

__all__ = ["check_distinct", "check_range"]

# Up to this magnitude float64 has every integer.
_EXACT = 2**53

# Relative resolution of float32, which X may have. A finer rounding of a column, as a fraction of
# its range, is no loss.
_RESOLUTION = 2.0**-24

# Names of column types without large integers, as pandas, polars and PyArrow write them.
_NOT_LARGE = ("bool", "double", "float", "halffloat", "int8", "int16", "int32", "uint8", "uint16")


def check_range(values: Iterable[Any], where: str) -> None:
    """Raise ``ValueError`` if a Python integer or fraction overflows float64.

    Parameters
    ----------
    values : iterable of object
    where : str
        Name of the values, for messages.
    """
    for row, value in enumerate(values):
        try:
            float(value)
        except OverflowError:
            raise ValueError(
                f"{where} has an integer of {len(str(abs(int(value))))} digits in row {row}, which "
                "overflows float64. Expected magnitudes below 1.8e308. Divide the values first, "
                "or use their logarithms: math.log(value)."
            ) from None
        except (TypeError, ValueError):
            continue  # No number: other checks raise.


def check_distinct(X: MatrixLike, checked: Matrix, name: str = "X") -> None:
    """Raise ``ValueError`` if different integers of a column are equal in float64.

    A rounding that is finer than float32 would be, next to the range of the column, passes.

    Parameters
    ----------
    X : object
        Data frame, array, list or sparse matrix, as a user gave it.
    checked : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
        X in float64.
    name : str
        Name of the parameter, for messages.

    Raises
    ------
    ValueError
        The message names the column.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.validation import check_distinct
    >>> X = np.array([[2**60], [2**60 + 1]])
    >>> check_distinct(X, X.astype(float))
    Traceback (most recent call last):
        ...
    ValueError: Column 0 of X has different integers that are equal in float64, with the minimum \
1152921504606846976. Expected magnitudes up to 2**53 = 9007199254740992. Subtract the minimum in \
fit and predict: column - 1152921504606846976.
    """
    if not _may_be_large(X):
        return
    values: Any = checked.data if issparse(checked) else checked  # type: ignore[attr-defined]
    if not values.size or not max(values.max(), -values.min()) >= _EXACT:
        return
    raw: Any = X.tocsc() if issparse(X) else X  # type: ignore[union-attr]
    peaks: Any = abs(checked).max(axis=0)  # type: ignore[arg-type, operator]
    for j in np.flatnonzero((peaks.toarray() if issparse(peaks) else peaks) >= _EXACT).tolist():
        label, column = _column(raw, j)
        integers = [int(value) for value in column if isinstance(value, Integral)]
        if _collapse(integers):
            least = min(integers)
            raise ValueError(
                f"Column {label!r} of {name} has different integers that are equal in float64, "
                f"with the minimum {least}. Expected magnitudes up to 2**53 = {_EXACT}. Subtract "
                f"the minimum in fit and predict: column - {f'({least})' if least < 0 else least}."
            )


def _may_be_large(X: Any) -> bool:
    """Return whether the type of X allows integers above 2**53."""
    if not isinstance(X, list | tuple) and is_frame(X):
        return not all(str(dtype).lower().startswith(_NOT_LARGE) for _, dtype, _ in columns_of(X))
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype.kind == "O" or (dtype.kind in "iu" and dtype.itemsize == 8)
    return True


def _column(X: Any, j: int) -> tuple[Any, list[Any]]:
    """Return the label of a column, and its values as Python objects."""
    if issparse(X):
        stored = X[:, [j]].tocoo().data.tolist()
        return j, stored if len(stored) == X.shape[0] else [*stored, 0]
    if not isinstance(X, list | tuple | np.ndarray) and is_frame(X):
        label, _, column = list(columns_of(X))[j]
        return label, np.asarray(column()).tolist()
    objects: AnyArray = (
        np.asarray(X, dtype=object) if isinstance(X, list | tuple) else np.asarray(X)
    )
    return j, objects[:, j].tolist()


def _collapse(integers: list[int]) -> bool:
    """Return whether different integers are equal in float64, in steps that matter."""
    if not integers:
        return False
    low, high = min(integers), max(integers)
    step = math.ulp(float(max(abs(low), abs(high))))
    if step <= (high - low) * _RESOLUTION:
        return False
    return len(set(map(float, integers))) < len(set(integers))
