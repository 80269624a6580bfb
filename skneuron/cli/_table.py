"""A table from a file: reading it, what can be wrong with it, and columns for a model.

pandas parses; scikit-learn's transformers fill missing values and encode text.
"""

from __future__ import annotations

import os
import reprlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skneuron._typing import AnyArray

__all__ = [
    "Table",
    "TableError",
    "as_model_input",
    "first_line",
    "pandas",
    "read_table",
    "reason_of",
]

# A column in which more than half of the filled cells are numbers is taken for numbers,
# and a word in it for a mistake; otherwise it is text.
_NUMERIC_SHARE = 0.5

# A text column with more values than this (a name, an identifier) keeps the most
# frequent ones; the rest share a column.
_MAX_CATEGORIES = 50

# A target with more values than this is no set of classes.
_MAX_CLASSES = 100


# Largest length of a cell in a message, in characters.
_LONGEST_CELL = 60


class TableError(Exception):
    """What is wrong with a file, in one line."""


@dataclass(frozen=True)
class Table:
    """Features and target.

    Attributes
    ----------
    name : str
    X : ndarray or DataFrame of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    text_columns : list of str
    n_missing : int
        Empty cells in X.
    """

    name: str
    X: Any
    y: AnyArray
    text_columns: list[str]
    n_missing: int


def read_table(path: str, target: str) -> Table:
    """Read a CSV file with a header line.

    Parameters
    ----------
    path : str
    target : str
        Column to predict.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        If the file, the column, a cell or the target cannot be used; or without pandas.
    """
    frame = _parse(path)
    if target not in frame.columns:
        known = ", ".join(map(str, frame.columns[:20]))
        raise TableError(f"{path} has no column {target!r}: expected one of {known}")
    y = frame.pop(target)
    if y.isna().any():
        raise TableError(
            f"{_cell(y, y.isna(), target)} is empty or a mark of a missing value such as NA: "
            "expected a class"
        )
    labels = y.to_numpy() if y.dtype.kind in "biuf" else y.to_numpy(dtype=str)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise TableError(
            f"target {target!r} has one class only, {classes[0]!s}: expected at least two"
        )
    if len(classes) > _MAX_CLASSES or (
        labels.dtype.kind == "f" and np.any(classes != np.round(classes))
    ):
        raise TableError(
            f"target {target!r} has {len(classes)} different values: expected classes, "
            f"at most {_MAX_CLASSES} and no fractions"
        )
    if not len(frame.columns):
        raise TableError(f"{path} has no column but {target!r}: expected something to predict from")
    text = []
    for name in frame.columns:
        column = _numbers(frame[name], name)
        if column is None:
            text.append(name)
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
        else:
            frame[name] = column
    return Table(path, frame, labels, text, int(frame.isna().to_numpy().sum()))


def pandas() -> Any:
    """Return the package pandas, an extra."""
    try:
        import pandas as pd
    except ImportError as error:
        raise TableError("reading a table needs pandas: pip install 'skneuron[csv]'") from error
    return pd


def _parse(path: str) -> Any:
    pd = pandas()
    if os.path.isdir(path):
        raise TableError(f"{path} is a directory: expected a CSV file")
    try:
        os.stat(path)
    except FileNotFoundError as error:
        raise TableError(f"{path or repr(path)}: no such file") from error
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read: {reason_of(error)}") from error
    try:
        # Blank lines are kept for now, so that lines are counted as a person counts them.
        # Fields beyond the header's are a fault, not an index.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path,
                skipinitialspace=True,
                skip_blank_lines=False,
                index_col=False,
                low_memory=False,
            )
    except Exception as error:
        # Each decompressor that the ending of a name asks for raises types of its own.
        raise TableError(f"{path} cannot be read as CSV: {first_line(error)}") from error
    frame = frame.dropna(how="all")
    if not len(frame):
        raise TableError(f"{path} has no rows: expected a header line and one line per sample")
    return frame


def _numbers(column: Any, name: str) -> Any:
    """Return the column as float64, or None if it is text."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    unreadable = numbers.isna() & column.notna()
    filled = int(column.notna().sum())
    if unreadable.any():
        if filled - unreadable.sum() <= _NUMERIC_SHARE * filled:
            return None
        cell = _cell(column, unreadable, name)
        raise TableError(f"{cell} is {_shown(column[unreadable].iloc[0])}: expected a number")
    infinite = np.isinf(numbers)
    if infinite.any():
        raise TableError(f"{_cell(column, infinite, name)} is infinite: expected a finite number")
    return numbers


def _cell(column: Any, where: Any, name: str) -> str:
    """Name the first such cell as a person finds it: the header is line 1."""
    row = int(np.flatnonzero(np.asarray(where))[0])
    return f"line {column.index[row] + 2}, column {name!r}"


def _shown(value: Any) -> str:
    """Return a value of a cell for a message, shortened in the middle."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = _LONGEST_CELL
    return short.repr(value)


def reason_of(error: Exception) -> str:
    """Return the reason of an error of the system, without the path in its text."""
    return getattr(error, "strerror", None) or first_line(error)


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, or its type if it has no text."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def as_model_input(model: Any, table: Table) -> Pipeline:
    """Return a pipeline that fills and encodes the table's columns before the model."""
    numeric = [name for name in getattr(table.X, "columns", []) if name not in table.text_columns]
    if not table.n_missing and not table.text_columns:
        return make_pipeline(model)
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    encode = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="(missing)", missing_values=None),
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MAX_CATEGORIES),
    )
    return make_pipeline(
        make_column_transformer((fill, numeric), (encode, table.text_columns)), model
    )
