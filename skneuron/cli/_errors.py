"""The error of a file that cannot be used, and the packages that reading a file needs."""

from __future__ import annotations

import reprlib
import shlex
from importlib import import_module
from typing import Any

__all__ = [
    "TableError",
    "charset_normalizer",
    "first_line",
    "pandas",
    "quoted",
    "reason_of",
    "shown",
]

# Largest length of a cell in a message, in characters.
_LONGEST_CELL = 60


class TableError(ValueError):
    """Why a file or an option cannot be used, in one line."""


def pandas() -> Any:
    """Return the package pandas, an extra."""
    return _extra("pandas", "Reading a CSV file")


def charset_normalizer() -> Any:
    """Return the package charset-normalizer, an extra."""
    return _extra("charset_normalizer", "Detecting the encoding of a file")


def _extra(name: str, purpose: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise TableError(
            f"{purpose} needs {name.replace('_', '-')}, which is not installed. "
            "Type: python -m pip install pandas charset-normalizer"
        ) from error


def quoted(value: object) -> str:
    """Return a word of a command line, for a message that can be pasted into a shell."""
    return shlex.quote(str(value))


def shown(value: object) -> str:
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
