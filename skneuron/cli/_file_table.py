"""Features and target of a file: which rows and columns are used, and why others are not."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skneuron._common import AnyArray
from skneuron.cli._errors import TableError, pandas, quoted
from skneuron.cli._parser import ColumnParser
from skneuron.cli._reading import RawTable

__all__ = ["InputTable", "build_table", "identifiers"]

# A target with more values than this is no set of classes.
_MAX_CLASSES = 100

# Columns that a message lists.
_LISTED = 20


@dataclass(frozen=True)
class InputTable:
    """Features and target.

    Attributes
    ----------
    name : str
    X : ndarray or DataFrame of shape (n_samples, n_features)
        Parsed columns, without the columns that are left out.
    y : ndarray of shape (n_samples,)
    target : str
    parser : ColumnParser or None
        Fitted. None for the example data.
    raw : DataFrame or None
        The cells of all columns but the target's, as they stand in the file.
    described : str
        How the file was read.
    n_without_target : int
        Rows that were dropped.
    dropped : list of str
        Columns that the user dropped.
    """

    name: str
    X: Any
    y: AnyArray
    target: str = ""
    parser: ColumnParser | None = None
    raw: Any = None
    described: str = ""
    n_without_target: int = 0
    dropped: list[str] = field(default_factory=list)


def build_table(raw: RawTable, target: str, drop: list[str], keep: list[str]) -> InputTable:
    """Return features and target of a file.

    Parameters
    ----------
    raw : RawTable
    target : str
        Column to predict.
    drop, keep : list of str
        Columns that are left out, and columns that are used although they are identifiers,
        indices or constants.

    Returns
    -------
    InputTable

    Raises
    ------
    TableError
        If a column, a cell or the target cannot be used.
    """
    _check_columns(raw, [target, *drop, *keep])
    if target in drop:
        raise TableError(f"--drop {quoted(target)} names the target. Expected another column.")
    frame = raw.frame.drop(columns=target)
    cells = raw.frame[target]
    cells = cells.where(cells.isna(), cells.astype(str).str.strip(" "))
    known = (cells.notna() & ~cells.isin(["?", ""])).to_numpy()
    if not known.any():
        raise TableError(f"The target {target!r} of {raw.path} is empty. Expected classes.")
    y = _labels(cells[known])
    _check_classes(y, target)
    frame = frame[known]
    parser = ColumnParser(keep=keep, drop=drop, decimal=raw.decimal, thousands=raw.thousands).fit(
        frame
    )
    X = parser.transform(frame)
    if not X.shape[1]:
        others = [name for name in frame.columns if name not in drop]
        advice = f"Use one all the same: --keep {quoted(others[0])}" if others else ""
        raise TableError(
            f"{raw.path} has no column but {target!r} to predict from. Expected at least one "
            f"column that is no identifier, index or constant. {advice}".rstrip()
        )
    n_unknown = int((~known).sum())
    return InputTable(raw.path, X, y, target, parser, frame, raw.described, n_unknown, drop)


def identifiers(frame: Any, parser: ColumnParser | None) -> Any:
    """Return the cells of identifiers, an index and dropped columns, as they stand in the file."""
    kinds = {} if parser is None else parser.kinds_
    names = [
        name for name in frame.columns if kinds.get(name) in ("identifier", "index", "dropped")
    ]
    return frame[names]


def _check_columns(raw: RawTable, names: list[str]) -> None:
    """Raise if the file has no column of one of the names."""
    columns = list(raw.frame.columns)
    for name in names:
        if name in columns:
            continue
        message = f"{raw.path} has no column {name!r}"
        if not raw.header:
            raise TableError(
                f"{message}: it has no header line. Expected the number of a column from 1 to "
                f"{len(columns)}, for example: --target {len(columns)}"
            )
        listed = ", ".join(columns[:_LISTED])
        if len(columns) > _LISTED:
            listed += f" and {len(columns) - _LISTED} others"
        message += f". Expected one of {listed}."
        near = difflib.get_close_matches(name.lower(), [each.lower() for each in columns], n=1)
        if near:
            best = next(each for each in columns if each.lower() == near[0])
            message += f" Perhaps you mean {quoted(best)}."
        elif len(columns) == 1:
            message += " Name the separator of the file, for example: --sep ';'"
        else:
            message += " If the file has no header line, type --no-header and a number as column."
        raise TableError(message)


def _labels(cells: Any) -> AnyArray:
    """Return labels as numbers or booleans if all are, otherwise as str."""
    numbers = pandas().to_numeric(cells, errors="coerce")
    codes = cells.str.fullmatch(r"0\d+").any()
    if numbers.notna().all() and not codes and np.isfinite(numbers).all():
        return np.asarray(numbers.to_numpy())
    if set(cells.str.lower()) <= {"true", "false"}:
        return np.asarray((cells.str.lower() == "true").to_numpy(dtype=bool))
    return np.asarray(cells.to_numpy(dtype=str))


def _check_classes(y: AnyArray, target: str) -> None:
    """Raise if the labels are no classes, or if a class is too small for two folds."""
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise TableError(
            f"The target {target!r} has one class only, {classes[0]!s}. Expected at least two."
        )
    fractions = y.dtype.kind == "f" and bool(np.any(classes != np.round(classes)))
    if len(classes) > _MAX_CLASSES or fractions:
        raise TableError(
            f"The target {target!r} has {len(classes)} different values. Expected classes: at "
            f"most {_MAX_CLASSES} values and no fractions. Name another column after --target."
        )
    if counts.min() < 2:
        rare = [str(label) for label in classes[counts < 2]]
        several = f"{len(rare)} classes have" if len(rare) > 1 else f"class {rare[0]!r} has"
        marks = " ".join(f"--na={quoted(label)}" for label in rare[:5])
        raise TableError(
            f"The target {target!r}: {several} one row only. Expected at least two rows of each "
            f"class. Leave such rows out: {marks}"
        )
