"""Checks for values that NumPy would convert to other numbers, or cannot convert."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from numbers import Rational
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse

from skneuron._common import AnyArray, DeviceMatrix, MatrixLike, refuse_dask
from skneuron.validation._foreign import refuse_elsewhere, refuse_foreign
from skneuron.validation._frames import columns_of, is_frame
from skneuron.validation._integers import check_range
from skneuron.validation._masked import check_unmasked

__all__ = ["check_numbers"]

# NumPy's letters for boolean, signed, unsigned, float and string types. scikit-learn raises for
# strings without a number.
_LEFT_TO_SCIKIT_LEARN = "biufU"

_DATES = (datetime.date, np.datetime64)
_DURATIONS = (datetime.timedelta, np.timedelta64)
_BYTES = (bytes, bytearray, memoryview)
_COMPLEX = (complex, np.complexfloating)

# Remedies, by NumPy's letter for the type.
_REMEDIES = {
    "M": "Use the time since the first date: (dates - dates.min()) / np.timedelta64(1, 'D').",
    "m": "Divide by a unit of time: durations / np.timedelta64(1, 'D').",
    "S": "Convert the bytes if they are numbers: np.asarray(values, dtype='S').astype(float).",
    "V": "Use plain columns: numpy.lib.recfunctions.structured_to_unstructured(X).",
    # scikit-learn's checks of estimators expect the first four words.
    "c": "Complex data not supported, so use np.real(values), or np.c_[X.real, X.imag].",
    "dict": "Make a data frame of it: pandas.DataFrame(records).",
}

# Containers whose column names scikit-learn does not find, and remedies.
_CONTAINERS = {
    "LazyFrame": "Collect it: X.collect().",
    "RecordBatch": "Make a table of it: pyarrow.Table.from_batches([X]).",
}


def check_numbers(values: MatrixLike | ArrayLike, name: str) -> None:
    """Raise ``ValueError`` if values are masked, or are dates, bytes, complex or text.

    NumPy and scikit-learn use the integers behind dates and durations as numbers. These integers
    depend on the unit of time, and a missing date becomes -9.2e18. Text in an array is left to
    scikit-learn. For text in a data frame, this message has the name of the column.

    Parameters
    ----------
    values : object
        Data frame, array, list or sparse matrix, as a user gave it.
    name : str
        Name of the parameter, for messages.

    Raises
    ------
    ValueError
        The message names the column.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.validation import check_numbers
    >>> check_numbers(np.array([["2024-05-01"]], dtype="datetime64[D]"), "X")
    Traceback (most recent call last):
        ...
    ValueError: Column 0 of X has the type datetime64[D]. Expected numbers. Use the time since \
the first date: (dates - dates.min()) / np.timedelta64(1, 'D').
    """
    if isinstance(values, DeviceMatrix):
        return  # ``readable`` has checked its type.
    refuse_dask(values, name)
    refuse_foreign(values, name)
    check_unmasked(values, name)
    if issparse(values):
        if values.dtype.kind == "c":  # type: ignore[union-attr]
            _refuse(name, str(values.dtype), "c")  # type: ignore[union-attr]
        return
    kind = type(values).__name__
    if kind in _CONTAINERS:
        raise ValueError(
            f"{name} is a {kind}. Expected a data frame in memory. {_CONTAINERS[kind]}"
        )
    if isinstance(values, np.ndarray):
        _check_array(values, name)
    elif not isinstance(values, list | tuple) and is_frame(values):
        for label, dtype, column in columns_of(values):
            _check_column(dtype, column, label, name)
    else:
        _check_other(values, name)


def _check_column(dtype: Any, column: Any, label: Any, name: str) -> None:
    where = f"Column {label!r} of {name}"
    kind = getattr(dtype, "kind", None)
    if isinstance(kind, str) and kind in "mMc":
        _refuse(where, str(dtype), kind)
    # polars has no NumPy type for integers of 128 bits.
    if (isinstance(kind, str) and kind in "biuf") or str(dtype) in ("Int128", "UInt128"):
        return
    given = column()
    check_unmasked(given, where)
    values = np.asarray(given)
    if values.dtype.kind == "O":
        objects = values.ravel().tolist()
        _check_objects(objects, where)
        _check_text(objects, where, label, dtype)
    elif values.dtype.kind in "UT":
        _check_text(values.ravel().tolist(), where, label, dtype)
    elif values.dtype.kind not in _LEFT_TO_SCIKIT_LEARN:
        _refuse(where, str(dtype), values.dtype.kind)


def _check_array(values: AnyArray, name: str) -> None:
    kind = values.dtype.kind
    if kind == "O":
        objects = values.ravel().tolist()
        bad = any(_letter(cls) is not None or _may_overflow(cls) for cls in _types(objects))
        for j in range(values.shape[1] if bad and values.ndim == 2 else 0):
            _check_objects(values[:, j].tolist(), f"Column {j} of {name}")
        if bad:
            _check_objects(objects, name)
    elif kind not in _LEFT_TO_SCIKIT_LEARN:
        columns = values.ndim == 2 and kind != "V"
        _refuse(f"Column 0 of {name}" if columns else name, str(values.dtype), kind)


def _check_other(values: Any, name: str) -> None:
    """Check a list, a series, or another object that NumPy converts to an array."""
    first = values[0] if isinstance(values, list | tuple) and values else values
    if isinstance(first, Mapping):
        _refuse(name, type(first).__name__, "dict")
    try:
        array = np.asarray(values)
        # One bytes or duration value turns a whole list into an array of its type. The list as
        # objects shows the column. Dates in nanoseconds are integers in an array of objects.
        objects = np.asarray(values, dtype=object) if array.dtype.kind in "mS" else None
    except (TypeError, ValueError, RuntimeError):
        refuse_elsewhere(values, name)
        return  # scikit-learn raises an error that names the reason.
    if objects is not None:
        _check_array(objects, name)
    _check_array(array, name)


def _check_objects(values: list[Any], where: str) -> None:
    types = _types(values)
    for cls in types:
        letter = _letter(cls)
        if letter is not None:
            _refuse(where, cls.__name__, letter)
    if any(map(_may_overflow, types)):
        check_range(values, where)


def _check_text(values: Iterable[Any], where: str, label: Any, dtype: Any) -> None:
    """Raise if a column has text that is no number. scikit-learn converts text of numbers."""
    for value in values:
        if not isinstance(value, str):
            continue
        try:
            float(value)
        except ValueError:
            raise ValueError(
                f"{where} has the type {dtype} and the text {value!r}. Expected numbers. Encode "
                f"the column in a pipeline: make_column_transformer((OneHotEncoder(), [{label!r}])"
                ", remainder='passthrough')."
            ) from None


def _types(values: Iterable[Any]) -> list[type]:
    return sorted(set(map(type, values)), key=lambda cls: cls.__name__)


def _may_overflow(cls: type) -> bool:
    """Whether numbers of a type may be beyond the range of float64, and not infinite."""
    return issubclass(cls, Rational) and not issubclass(cls, bool | np.generic)


def _letter(cls: type) -> str | None:
    """Return NumPy's letter for a type that is not numeric, None if the type may be numeric."""
    for letter, family in (("M", _DATES), ("m", _DURATIONS), ("S", _BYTES), ("c", _COMPLEX)):
        if issubclass(cls, family):
            return letter
    if issubclass(cls, np.void):
        return "V"
    if issubclass(cls, datetime.time):
        return ""
    # Periods and other values of pandas that are not numeric.
    own = cls.__module__.partition(".")[0] == "pandas" and not hasattr(cls, "__float__")
    return "" if own else None


def _refuse(where: str, dtype: str, letter: str) -> None:
    remedy = _REMEDIES.get(letter, "Convert or drop the column.")
    raise ValueError(f"{where} has the type {dtype}. Expected numbers. {remedy}")
