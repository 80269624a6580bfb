"""The separator of a file, and whether its first line is a header.

The module csv splits lines. Its Sniffer is not used: it takes the commas of decimal numbers or of
texts for separators, and raises for a table of one column.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection

__all__ = [
    "column_numbers",
    "find_separator",
    "first_cells",
    "has_header",
    "quote_mark",
    "split_comments",
]

# On equal terms the first wins: commas occur in numbers and texts, so they come last.
_SEPARATORS = ["\t", ";", "|", ","]

# A first line of cells in apostrophes.
_APOSTROPHES = re.compile(r"\s*'[^'\n]*'([,;\t| ]+'[^'\n]*')+[ \t]*\r?\n")

# Characters and lines that are looked at.
_SAMPLE_CHARACTERS = 200_000
_SAMPLE_LINES = 500

# Fraction of the lines that have as many cells as the first line.
_REGULAR = 0.95


def find_separator(text: str, wanted: Collection[str]) -> str:
    r"""Return the separator that splits the first lines into equal numbers of cells.

    Parameters
    ----------
    text : str
    wanted : collection of str
        Names of columns. A separator that yields one of them in the first line is preferred.

    Returns
    -------
    str
        A tab, semicolon, bar or comma, or a space if none of these splits the lines.

    Examples
    --------
    >>> find_separator("a;b\n1,5;2,5\n3,5;4,5\n", [])
    ';'
    """
    rows = {separator: _split(text, separator) for separator in [*_SEPARATORS, " "]}
    named = [
        separator
        for separator in _SEPARATORS
        if rows[separator] and len(rows[separator][0]) > 1 and set(rows[separator][0]) & {*wanted}
    ]
    candidates = named or _SEPARATORS
    regular = [each for each in candidates if _regularity(rows[each]) >= _REGULAR]
    if regular:
        return regular[0]
    best = max(candidates, key=lambda each: _regularity(rows[each]))
    if _regularity(rows[best]) == 0 and _regularity(rows[" "]) >= _REGULAR:
        return " "
    return best if _regularity(rows[best]) > 0 else ","


def split_comments(text: str) -> tuple[str, str, str | None]:
    r"""Return the comments at the start of a file, its other text, and the separator.

    Parameters
    ----------
    text : str

    Returns
    -------
    comments : str
        Lines that start with "# ", and Excel's line that names the separator.
    text : str
    separator : str or None
        The separator in Excel's line.

    Examples
    --------
    >>> split_comments("# A source.\nsep=;\na;b\n")
    ('# A source.\nsep=;\n', 'a;b\n', ';')
    """
    found = re.match(r"((?:# .*\r?\n)*)(?:sep=(.)\r?\n)?", text)
    assert found is not None  # the pattern matches an empty text
    return found[0], text[found.end() :], found[2]


def quote_mark(text: str) -> str:
    r"""Return the mark around cells: an apostrophe if all cells of the first line have it.

    Examples
    --------
    >>> quote_mark("'GPA' 'PSI'\n2.66 0\n")
    "'"
    """
    return "'" if _APOSTROPHES.match(text) else '"'


def first_cells(text: str, separator: str) -> list[str]:
    """Return the cells of the first line that is not empty."""
    return next(iter(_split(text, separator)), [])


def has_header(cells: list[str], wanted: Collection[str]) -> bool:
    """Return whether the first line names columns.

    Parameters
    ----------
    cells : list of str
        Cells of the first line.
    wanted : collection of str
        Names of columns, or numbers of columns from 1 if the file has no header.

    Returns
    -------
    bool

    Examples
    --------
    >>> has_header(["5.1", "3.5", "setosa"], ["3"])
    False
    >>> has_header(["length", "width", "species"], ["species"])
    True
    """
    numbers = [cell for cell in cells if _is_number(cell)]
    # A data frame without names is written with the header 0, 1, 2, ...
    if not numbers or cells in (list(map(str, range(len(cells)))), column_numbers(len(cells))):
        return True
    # A header has no fraction and no negative number, and some word.
    if len(numbers) == len(cells) or any(not cell.isdigit() for cell in numbers):
        return False
    return bool({*wanted} & {*cells}) or not {*wanted} <= {*column_numbers(len(cells))}


def column_numbers(n_columns: int) -> list[str]:
    """Return the names of columns without a header: 1, 2, 3, ..."""
    return [str(i + 1) for i in range(n_columns)]


def _is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return any(character.isdigit() for character in cell)


def _split(text: str, separator: str) -> list[list[str]]:
    """Return the cells of the first lines."""
    sample = text[:_SAMPLE_CHARACTERS]
    if len(text) > len(sample) and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    rows: list[list[str]] = []
    lines = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=separator,
        quotechar=quote_mark(text),
        skipinitialspace=True,
    )
    try:
        for row in lines:
            if len(rows) == _SAMPLE_LINES:
                break
            if any(row):
                rows.append([cell.strip(" ") for cell in row])
    except csv.Error:  # a cell of more than 131,072 characters
        pass
    return rows


def _regularity(rows: list[list[str]]) -> float:
    """Return the fraction of lines that have as many cells as the first, or 0 for one cell."""
    if not rows or len(rows[0]) < 2:
        return 0.0
    return Counter(len(row) for row in rows)[len(rows[0])] / len(rows)
