"""Tables as text of a limited width: fewer digits and shorter names before more lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

from skneuron.inference._p_value import TOO_SMALL, is_too_small

__all__ = ["NOTE", "cell", "grid", "narrow_text", "notes_text", "remedy_text"]

# Maximum and minimum number of significant digits.
_DIGITS = 6
_FEW_DIGITS = 4

# Minimum and maximum number of characters of a row name that has to be shortened.
_MIN_NAME = 16
_MAX_NAME = 50

#: Column with the reasons for missing numbers.
NOTE = "note"


def cell(name: Any, value: Any, digits: int = _DIGITS) -> str:
    """Return a value as text. A p-value below 1e-300 has no digits."""
    if name == "p_value" and is_too_small(value):
        return TOO_SMALL
    if isinstance(value, float):
        return "NaN" if value != value else f"{value:.{digits}g}"
    return str(value)


def grid(columns: Sequence[Sequence[str]], space: str = "  ") -> list[str]:
    """Return the lines of columns of text: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in columns]
    return [
        space.join(
            [line[0].ljust(widths[0])]
            + [text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True)]
        ).rstrip()
        for line in zip(*columns, strict=True)
    ]


def narrow_text(
    columns: Mapping[str, Sequence[Any]], index: Sequence[str], width: int, heading: str = ""
) -> str:
    """Return a table with at most ``width`` characters in each line, notes below it.

    Parameters
    ----------
    columns : mapping of str to sequence
    index : sequence of str
        Names of the rows.
    width : int
        Columns that do not fit next to each other follow in further blocks.
    heading : str, default=""
        Text above the names of the rows, or above the table if it is long.

    Examples
    --------
    >>> from skneuron.inference._text import narrow_text
    >>> columns = {"estimate": [0.123456789], "standard_error": [2.5], "note": ["separated"]}
    >>> print(narrow_text(columns, ["a name with many characters"], 36))
                      estimate standard_
                                   error
    a name ...racters 0.123457       2.5
    note of a name with many characters:
    separated
    """
    cells = {name: [cell(name, value) for value in values] for name, values in columns.items()}
    full = grid([[heading, *index], *([name, *texts] for name, texts in cells.items())], " ")
    if max(map(len, full)) <= width:
        return "\n".join(full)
    longest = max(map(len, index), default=0)
    shown: list[list[str]] = []
    needed = 0
    for digits in range(_DIGITS, _FEW_DIGITS - 1, -1):
        shown = [
            [*_heading(name), *(cell(name, value, digits) for value in values)]
            for name, values in columns.items()
            if name != NOTE
        ]
        needed = sum(1 + max(map(len, column)) for column in shown)
        if needed + min(longest, _MIN_NAME) <= width:
            break
    short = _shortened(index, width - needed)
    fits = len(heading) <= max(map(len, short), default=0)
    names = [heading if fits else "", "", *short]
    blocks: list[list[list[str]]] = [[names]]
    for column in shown:
        longer = [*blocks[-1], column]
        if len(blocks[-1]) > 1 and max(map(len, grid(longer, " "))) > width:
            longer = [names, column]
            blocks.append(longer)
        blocks[-1] = longer
    lines = [[line for line in grid(block, " ") if line] for block in blocks]
    above = "" if fits else f"{heading}\n"
    return above + "\n\n".join(map("\n".join, lines)) + notes_text(columns, index, width)


def _heading(name: str) -> list[str]:
    """Return the name of a column on two lines if it has two parts and is long."""
    first, mark, second = name.partition("_")
    return [first + mark, second] if len(name) > len("p_value ") and mark else [name, ""]


def _shortened(names: Sequence[str], room: int) -> list[str]:
    """Return names of at most ``room`` characters if they stay different, else longer ones."""
    short: list[str] = []
    for length in sorted({max(room, _MIN_NAME), 2 * _MIN_NAME, _MAX_NAME}):
        half = (length - 3) // 2
        short = [
            name if len(name) <= length else f"{name[:half]}...{name[-half:]}" for name in names
        ]
        if len(set(short)) == len(set(names)):
            break
    return short


def notes_text(columns: Mapping[str, Sequence[Any]], index: Sequence[str], width: int) -> str:
    """Return a line for each note, or one line if all are empty. Each begins with a new line."""
    if NOTE not in columns:
        return ""
    pairs = zip(index, columns[NOTE], strict=True)
    lines = [fill(f"note of {name}: {note}", width) for name, note in pairs if note]
    return "\n" + ("\n".join(lines) or "note: none")


def remedy_text(notes: Iterable[Any]) -> str:
    """Return a further line with the remedy if a note names collinear rows."""
    if not any(str(note).startswith("collinear with") for note in notes):
        return ""
    return "\nCollinear: drop one level of each factor, OneHotEncoder(drop='first')."
