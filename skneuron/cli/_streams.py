"""The standard streams of a command, which the reader of its output may close at any time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["complain", "printable", "run", "say"]

# Exit code if the output cannot be written, on a full disk for example.
_NOT_PRINTED = 1

# Exit code that a shell reports if SIGPIPE, signal 13, ends a program: 128 + 13.
_PIPE_CLOSED = 141

# Exit code that a shell reports if SIGINT, signal 2, ends a program: 128 + 2.
_INTERRUPTED = 130

# Largest length of an error message, in characters. A cell of a file can be very long.
_LONGEST = 500


def run(main: Callable[[], int]) -> int:
    """Run a command with streams that may be closed, and return its exit code.

    Parameters
    ----------
    main : callable
        Returns an exit code or raises SystemExit, as argparse does.

    Returns
    -------
    int
        The command's own code, 141 if the reader of the standard output has closed it, 1 if
        the output could not be written, 130 after an interrupt.

    Examples
    --------
    >>> from skneuron.cli import run
    >>> def interrupted():
    ...     raise KeyboardInterrupt
    >>> run(interrupted)
    130
    """
    _open_missing()
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        code = _INTERRUPTED
    return _finish(code)


def say(text: str) -> int:
    """Print a text on the standard output. Return 0, or the exit code if that fails."""
    try:
        print(_encodable(text, sys.stdout), flush=True)
    except OSError as error:
        return _failure(error)
    return 0


def complain(text: str) -> None:
    """Print one line on the standard error, if it is open."""
    if sys.stderr is None:  # print would take the standard output
        return
    line = printable(text)
    if len(line) > _LONGEST:
        line = line[: _LONGEST - 1] + "…"
    with suppress(OSError):  # the reader has closed it
        print(_encodable(f"skneuron: {line}", sys.stderr), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return a text in one line, with escapes for control characters."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def _encodable(text: str, stream: Any) -> str:
    """Return the text with escapes for characters that the encoding of the stream lacks."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _failure(error: OSError) -> int:
    """Return the exit code of a failed write. A closed pipe needs no message."""
    if isinstance(error, BrokenPipeError):
        return _PIPE_CLOSED
    complain(f"the output cannot be written: {error.strerror}")
    return _NOT_PRINTED


def _open_missing() -> None:
    """Open the null device for each standard stream that was closed before the start.

    Otherwise the next file that is opened would get the number of the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _finish(code: int) -> int:
    """Flush the streams before the interpreter does, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if stream is sys.stdout and code == 0:
                code = _failure(error)
            # The null device takes the remaining text. Otherwise the interpreter prints an error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code
