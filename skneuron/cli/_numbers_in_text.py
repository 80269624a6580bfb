"""Numbers stored as text: "12,345", "$1,000.00", "63.1%", "9+", and a "?" among numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from skneuron._common import AnyArray
from skneuron.cli._errors import pandas

__all__ = ["ParsedNumbers", "find_decimal", "parse_numbers"]

# Texts that mean a missing value in a column of numbers, in lower case.
_PLACEHOLDERS = {
    *("?", "-", "--", "---", ".", "..", "...", "*"),
    *("na", "n/a", "#n/a", "none", "null", "nan", "nil", "unknown", "missing"),
    *("#div/0!", "#value!", "#ref!", "#num!", "#name?"),
}

# Signs of currencies, and codes that stand for them.
_CURRENCY = r"(?:[$€£¥₹]|USD|EUR|GBP|CHF|kr|zł|Kč)"

# Separators of thousands besides the comma or the point: space, no-break spaces, apostrophes.
_GROUPS = " \u00a0\u202f'’"

# Rows that are looked at to find the decimal mark.
_SAMPLE_ROWS = 1000


@dataclass
class ParsedNumbers:
    """Numbers of a column of texts.

    Attributes
    ----------
    values : ndarray of shape (n_samples,)
        NaN for missing values and for words.
    is_word : ndarray of shape (n_samples,)
        Cells that are neither numbers nor marks of a missing value.
    styles : dict
        For each way to write a number that is not plain: count and first example.
    """

    values: AnyArray
    is_word: AnyArray
    styles: dict[str, tuple[int, str]] = field(default_factory=dict)


def parse_numbers(cells: Any, decimal: str = ".", thousands: str | None = None) -> ParsedNumbers:
    """Parse a column of texts.

    Parameters
    ----------
    cells : Series
        Texts, or NaN if missing.
    decimal, thousands : str
        Marks of the file. Without ``thousands``, usual separators of three digits are taken.

    Returns
    -------
    ParsedNumbers

    Examples
    --------
    >>> import pandas as pd
    >>> parse_numbers(pd.Series(["12,345", "63.1%", "?", "9+"])).values.tolist()
    [12345.0, 0.631, nan, 9.0]
    """
    pd = pandas()
    filled = cells.notna()
    plain = cells  # pandas reads plain numbers fast
    if decimal != ".":
        with_points = [
            text.replace(decimal, ".") if isinstance(text, str) and "." not in text else None
            for text in cells
        ]
        plain = pd.Series(with_points, index=cells.index, dtype=object)
    values = pd.to_numeric(plain, errors="coerce").astype(float)
    left = filled & values.isna()
    number = _pattern(decimal, thousands)
    parsed = {text: _parse_cell(text, number, decimal) for text in cells[left].unique()}
    values[left] = [parsed[text][0] for text in cells[left]]
    kinds = cells[left].map({text: kind for text, (_, kind) in parsed.items()})
    styles = {}
    for kind in kinds.unique():
        if kind not in ("word", "plain"):
            found = cells[left][kinds == kind]
            styles[kind] = (len(found), found.iloc[0])
    is_word = pd.Series(False, index=range(len(cells))).to_numpy(copy=True)
    is_word[left.to_numpy()] = (kinds == "word").to_numpy()
    return ParsedNumbers(values.to_numpy(), is_word, styles)


def find_decimal(frame: Any, *, comma_is_likely: bool) -> str:
    """Return the decimal mark of a frame of texts.

    Parameters
    ----------
    frame : DataFrame
    comma_is_likely : bool
        Whether "1,234" is taken for a fraction if no cell of the file shows its meaning.

    Returns
    -------
    str
        A point or a comma.
    """
    # A number with three digits behind the only mark may have a separator of thousands instead.
    fraction = {
        mark: re.compile(rf"[^\w.,]*(?:\d+{mark}(?!\d{{3}}(?!\d))\d+|0?{mark}\d+)(?:e-?\d+)?\W*")
        for mark in (r"\.", ",")
    }
    doubtful = re.compile(r"[^\w.,]*[1-9]\d{0,2},\d{3}\W*")
    counts = {r"\.": 0, ",": 0, "doubtful": 0}
    for name in frame.columns:
        texts = [text for text in frame[name].head(_SAMPLE_ROWS) if isinstance(text, str)]
        for mark, pattern in fraction.items():
            counts[mark] += sum(pattern.fullmatch(text) is not None for text in texts)
        counts["doubtful"] += sum(doubtful.fullmatch(text) is not None for text in texts)
    if counts[","] != counts[r"\."]:
        return "," if counts[","] > counts[r"\."] else "."
    return "," if counts["doubtful"] and comma_is_likely else "."


def _pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    """Return the pattern of a number with signs, currency, percent and separators."""
    groups = f"[{re.escape(thousands)}]" if thousands else f"[{_GROUPS}{',.'.strip(decimal)}]"
    mark = re.escape(decimal)
    digits = rf"(?:\d{{1,3}}(?:{groups}\d{{3}})+|\d+)(?:{mark}\d*)?|{mark}\d+"
    return re.compile(
        rf"(?P<limit>[<>≤≥~]=?)?\s*(?P<sign>[+\-−–]?)\s*(?P<before>{_CURRENCY})?\s*"
        rf"(?P<minus>-?)(?P<digits>{digits})(?P<exponent>[eE][+-]?\d+)?\s*"
        rf"(?P<after>{_CURRENCY}|%)?(?P<more>\+?)"
    )


def _parse_cell(text: str, number: re.Pattern[str], decimal: str) -> tuple[float, str]:
    """Return the number in a cell and how it is written."""
    text = text.strip()
    if text.lower() in _PLACEHOLDERS:
        return float("nan"), "missing"
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return float("inf"), "plain"
    # Accountants write negative numbers in parentheses.
    negative = text.startswith("(") and text.endswith(")")
    match = number.fullmatch(text[1:-1] if negative else text)
    if match is None:
        return float("nan"), "word"
    whole, mark, fraction = match["digits"].partition(decimal)
    digits = re.sub(r"\D", "", whole)
    value = float(f"{digits}{'.' if mark else ''}{fraction}{match['exponent'] or ''}")
    if negative or match["sign"] in ("-", "−", "–") or match["minus"]:
        value = -value
    if match["after"] == "%":
        return value / 100, "percent"
    if match["limit"] or match["more"]:
        return value, "limit"
    if match["before"] or match["after"]:
        return value, "currency"
    if negative:
        return value, "parentheses"
    return value, "thousands" if digits != whole else "plain"
