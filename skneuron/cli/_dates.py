"""Dates stored as text, as days since 1970-01-01."""

from __future__ import annotations

from typing import Any

from skneuron.cli._errors import pandas

__all__ = ["days", "find_date_format"]

# Formats in the order of trial. The first that reads nearly all cells is taken, so 03/04/2020 is
# a day in March.
_FORMATS = [
    "ISO8601",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
]

# Fraction of the filled cells that a format must read.
_READ = 0.95

# Cells that are tried before a whole column is.
_SAMPLE = 50


def find_date_format(cells: Any) -> str | None:
    """Return the format of a column of dates, or None if it has none.

    Parameters
    ----------
    cells : Series
        Texts, or NaN if missing.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import pandas as pd
    >>> find_date_format(pd.Series(["31.12.2024", "01.02.2025"]))
    '%d.%m.%Y'
    """
    filled = cells.dropna()
    # A year, a month and a day have at least six characters, and a separator among them.
    looks = filled.astype(str).str.contains(r"^\w+[-/. ]\w+,?[-/. ]\w+").mean()
    if not len(filled) or looks < _READ:
        return None
    for form in _FORMATS:
        for part in (filled.head(_SAMPLE), filled):
            if days(part, form).notna().mean() < _READ:
                break
        else:
            return form
    return None


def days(cells: Any, form: str) -> Any:
    """Return days since 1970-01-01, or NaN if the format does not read a cell.

    Examples
    --------
    >>> import pandas as pd
    >>> days(pd.Series(["1970-01-02", "1970-01-03 12:00"]), "ISO8601").tolist()
    [1.0, 2.5]
    """
    pd = pandas()
    dates = pd.to_datetime(cells.astype(object), format=form, errors="coerce", utc=True)
    return (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
