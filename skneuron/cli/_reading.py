"""A CSV file as a data frame of texts: encoding, separator, header line, format of numbers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from skneuron.cli._bytes import read_bytes
from skneuron.cli._dialect import (
    column_numbers,
    find_separator,
    first_cells,
    has_header,
    quote_mark,
    split_comments,
)
from skneuron.cli._encoding import decode
from skneuron.cli._errors import TableError, first_line, pandas
from skneuron.cli._numbers_in_text import find_decimal
from skneuron.cli._streams import complain

__all__ = ["RawTable", "ReadOptions", "read_csv"]

# Texts that mean "no value" in every column. Others, such as "?", mean it among numbers only.
_MISSING = ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null"]

# Bytes from which the command announces that it reads a file. To read more takes seconds.
_LARGE_FILE = 20_000_000

# Names of separators in the report.
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file. None means that a property is detected.

    Attributes
    ----------
    sep, encoding, decimal, thousands : str or None
    na : tuple of str
        Further texts that mean a missing value.
    header : bool
        Whether a header may be expected.
    """

    sep: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    na: tuple[str, ...] = ()
    header: bool = True


@dataclass(frozen=True)
class RawTable:
    """A file's cells as texts.

    Attributes
    ----------
    path : str
    frame : DataFrame
        Cells are str, or NaN if they are missing. The index has numbers of lines.
    sep : str
        Separator of the cells.
    decimal : str
        Decimal mark of the file.
    thousands : str or None
        The given separator of thousands.
    header : bool
        Whether the first line names the columns.
    described : str
        How the file was read, for the report.
    """

    path: str
    frame: Any
    sep: str
    decimal: str
    thousands: str | None
    header: bool
    described: str


def read_csv(path: str, options: ReadOptions, wanted: Collection[str]) -> RawTable:
    """Read a file.

    Parameters
    ----------
    path : str
    options : ReadOptions
    wanted : collection of str
        Names of columns that the user or a saved model expects. They help to detect the
        separator and the header.

    Returns
    -------
    RawTable

    Raises
    ------
    TableError
        If the file cannot be used.
    """
    pandas()  # without it no file is opened
    data = read_bytes(path)
    if len(data) > _LARGE_FILE:
        complain(f"reading {path} ({len(data) / 1e6:.0f} MB)")
    text, encoding = decode(data, path, options.encoding)
    comments, text, named = split_comments(text)
    sep = options.sep or named or find_separator(text, wanted)
    first = first_cells(text, sep)
    header = options.header and has_header(first, wanted)
    frame = _parse(text, path, sep, options.na, None if header else column_numbers(len(first)))
    frame.index += comments.count("\n")
    decimal = options.decimal or find_decimal(frame, comma_is_likely=sep != ",")
    described = [f"{_NAMES.get(sep, repr(sep))}-separated {encoding} text"]
    if decimal == ",":
        described.append("decimal commas")
    if not header:
        described.append(f"no header line, columns called 1 to {len(first)}")
    return RawTable(path, frame, sep, decimal, options.thousands, header, ", ".join(described))


def _parse(text: str, path: str, sep: str, na: tuple[str, ...], names: list[str] | None) -> Any:
    """Return the cells of a text."""
    pd = pandas()
    try:
        # Blank lines are kept for now, so that lines are counted as a person counts them.
        # Cells beyond the header's are a fault, not an index.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=r"\s+" if sep == " " else sep,
                header=0 if names is None else None,
                names=names,
                dtype=object,
                keep_default_na=False,
                na_values=[*_MISSING, *na],
                quotechar=quote_mark(text),
                skipinitialspace=True,
                skip_blank_lines=False,
                index_col=False,
            )
    except Exception as error:  # types of pandas, of its parsers and of the module csv
        reason = first_line(error).removeprefix("Error tokenizing data. C error: ").rstrip(".")
        raise TableError(
            f"{path} cannot be read as CSV: {reason}. Expected {_NAMES.get(sep, sep)}-separated "
            "cells, as many in each line. Delete titles above the header and notes below the "
            "table, or name another separator, for example: --sep ';'"
        ) from error
    stripped = [str(name).strip(" ") for name in frame.columns]
    frame.columns = stripped if len({*stripped}) == len(stripped) else frame.columns.map(str)
    frame.index = frame.index + (2 if names is None else 1)
    frame.index.name = "line"
    frame = frame.dropna(how="all")
    if not len(frame):
        raise TableError(f"{path} has no rows. Expected a header line and one line per sample.")
    return frame
