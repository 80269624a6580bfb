"""The kind of a column: numbers, text, dates, or a column that no model can learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skneuron._common import AnyArray
from skneuron.cli._dates import find_date_format
from skneuron.cli._errors import TableError, quoted, shown
from skneuron.cli._numbers_in_text import ParsedNumbers, parse_numbers

__all__ = ["LEFT_OUT", "Column", "classify", "numbers_or_error"]

# Kinds of columns that are left out unless the user keeps them.
LEFT_OUT = ("identifier", "index", "constant", "empty", "dropped")

# A column with more than this fraction of numbers among its filled cells is a column of
# numbers, and a word in it is a mistake. Otherwise it is text.
_NUMBERS = 0.5

# Fraction of different values from which a text identifies its row.
_UNIQUE_TEXTS = 0.9

# The same for whole numbers and texts in a column that is named like an identifier.
_UNIQUE_NAMED = 0.5

# Rows from which different values in each row are no coincidence.
_FEWEST_ROWS = 10

# Largest length of a cell that a message repeats as an option, in characters.
_SHORT_CELL = 30

# Rows from which different whole numbers in each row are reported, as they may be identifiers.
_FEWEST_REPORTED = 50

# Last words of the name of an identifier, in lower case.
_IDENTIFIER_WORDS = {
    *("id", "uuid", "guid", "identifier", "key", "index", "row", "rowname", "rownames"),
    *("nr", "no", "num", "number", "nummer"),
}

# German compounds, such as Kundennummer and kundennr. SNR, a ratio, is none.
_COMPOUND = re.compile(r".{2,}nummer|.{3,}nr")

# Characters that separate the words of a name, and the border in customerId.
_BORDERS = re.compile(r"[\s_./-]+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Column:
    """How a column is read.

    Attributes
    ----------
    kind : str
        "number", "date", "text", or one of ``LEFT_OUT``.
    date_format : str or None
    styles : dict
        For each way to write a number that is not plain: count and first example.
    n_unique : int
        Number of different values, without missing ones.
    may_identify : bool
        Whether a column of numbers has another whole number in each of many rows.
    example : object
        First value.
    """

    kind: str
    date_format: str | None = None
    styles: dict[str, tuple[int, str]] = field(default_factory=dict)
    n_unique: int = 0
    example: Any = None
    may_identify: bool = False


def classify(
    cells: Any, name: str, decimal: str, thousands: str | None, *, keep: bool = False
) -> Column:
    """Return how to read a column.

    Parameters
    ----------
    cells : Series
        Numbers, or texts with NaN for missing ones.
    name : str
    decimal, thousands : str
        Marks of numbers that are stored as text.
    keep : bool
        Whether an identifier, an index or a constant is read as numbers or text.

    Returns
    -------
    Column

    Raises
    ------
    TableError
        If there is a word among numbers, or an infinite number.
    """
    filled = cells.dropna()
    if not len(filled):
        return Column("number" if keep else "empty")
    n_unique = int(filled.nunique())
    about: dict[str, Any] = {"n_unique": n_unique, "example": filled.iloc[0]}
    if not keep and n_unique == 1 and len(filled) == len(cells):
        return Column("constant", **about)
    if cells.dtype.kind == "M":
        return Column("date", date_format="ISO8601", **about)
    parsed = _numbers(cells, decimal, thousands)
    if parsed is None:
        form = find_date_format(cells)
        if form is not None:
            return Column("date", date_format=form, **about)
        identifies = not keep and _is_text_identifier(filled, name, n_unique)
        return Column("identifier" if identifies else "text", **about)
    _check_numbers(cells, parsed, name)
    kind = "number" if keep else _kind_of_numbers(parsed.values, name)
    about["may_identify"] = (
        not keep
        and kind == "number"
        and n_unique == len(cells) >= _FEWEST_REPORTED
        and bool(np.all(parsed.values == np.round(parsed.values)))
    )
    return Column(kind, styles=parsed.styles, **about)


def numbers_or_error(cells: Any, name: str, decimal: str, thousands: str | None) -> AnyArray:
    """Return the numbers of a column that is known to have numbers."""
    parsed = _parsed(cells, decimal, thousands)
    _check_numbers(cells, parsed, name)
    return parsed.values


def _parsed(cells: Any, decimal: str, thousands: str | None) -> ParsedNumbers:
    if cells.dtype.kind in "biuf":
        values = cells.to_numpy(dtype=float, na_value=np.nan)
        return ParsedNumbers(values, np.zeros(len(cells), dtype=bool))
    return parse_numbers(cells.astype(object), decimal, thousands)


def _numbers(cells: Any, decimal: str, thousands: str | None) -> ParsedNumbers | None:
    """Return the numbers of a column, or None if it is text."""
    parsed = _parsed(cells, decimal, thousands)
    if cells.dtype.kind in "biuf":
        return parsed
    n_filled = int(cells.notna().sum())
    n_numbers = int((~np.isnan(parsed.values)).sum())
    if n_numbers + parsed.styles.get("missing", (0, ""))[0] <= _NUMBERS * n_filled:
        return None
    if not n_numbers or _has_leading_zeros(cells.dropna()):
        return None
    return parsed


def _has_leading_zeros(filled: Any) -> bool:
    """Return whether whole numbers are codes, such as the ZIP code 01234."""
    texts = [str(cell) for cell in filled]
    return all(text.isdigit() for text in texts) and any(
        len(text) > 1 and text.startswith("0") for text in texts
    )


def _kind_of_numbers(values: AnyArray, name: str) -> str:
    known = values[~np.isnan(values)]
    if len(known) < _FEWEST_ROWS or np.any(known != np.round(known)):
        return "number"
    steps = np.diff(known)
    # Rows without a target are missing from a sequence.
    dense = len(known) > _UNIQUE_NAMED * (known[-1] - known[0] + 1)
    named = _is_named_identifier(name)
    if (known[0] in (0, 1) or named) and np.all(steps >= 1) and dense:
        return "index"
    if named and len(np.unique(known)) >= _UNIQUE_NAMED * len(known):
        return "identifier"
    return "number"


def _is_named_identifier(name: str) -> bool:
    words = [word.lower() for word in _BORDERS.split(name) if word]
    if not words:
        return False
    return (
        words[-1] in _IDENTIFIER_WORDS
        or _COMPOUND.fullmatch(words[-1]) is not None
        or re.fullmatch(r"Unnamed: \d+", name) is not None
    )


def _is_text_identifier(filled: Any, name: str, n_unique: int) -> bool:
    share = _UNIQUE_NAMED if _is_named_identifier(name) else _UNIQUE_TEXTS
    return len(filled) >= _FEWEST_ROWS and n_unique >= share * len(filled)


def _check_numbers(cells: Any, parsed: ParsedNumbers, name: str) -> None:
    """Raise for a word among numbers, and for an infinite number."""
    for is_wrong, wanted in (
        (parsed.is_word, "a number"),
        (np.isinf(parsed.values), "a finite number"),
    ):
        if is_wrong.any():
            row = int(np.flatnonzero(is_wrong)[0])
            value, place = cells.iloc[row], f"{cells.index.name or 'row'} {cells.index[row]}"
            infinite = "infinite, " if wanted == "a finite number" else ""
            short = len(str(value)) <= _SHORT_CELL
            missing = f"Read it as missing: --na={quoted(value)}, or leave" if short else "Leave"
            raise TableError(
                f"{place}, column {name!r} is {infinite}{shown(value)}. Expected {wanted}. "
                f"{missing} the column out: --drop {quoted(name)}"
            )
