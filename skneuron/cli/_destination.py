"""Files that the command writes: checks before any work, and replacement in one step."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from skneuron.cli._errors import TableError, reason_of

__all__ = ["check_destination", "same_file", "write_file"]


def same_file(first: str, second: str) -> bool:
    """Return whether two paths lead to one file, by links too."""
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):  # one of them does not exist, or is no path
        return os.path.abspath(first) == os.path.abspath(second)


def check_destination(option: str, path: str, example: str, write: Callable[[str], None]) -> None:
    """Check before any work that a file can be written.

    Parameters
    ----------
    option : str
        The option that names the file, for messages.
    path : str
        An existing file stays as it is.
    example : str
        Name of a file, for messages.
    write : callable
        Writes an empty file of the same kind to a path.

    Raises
    ------
    TableError
        If the path is empty or a directory, if it is one of the standard streams, or if a
        file cannot be written there.
    """
    if not path:
        raise TableError(
            f"The path after {option} is empty. Expected the name of a file, such as "
            f"{option} {example}."
        )
    if os.path.isdir(path) or not os.path.basename(path):
        inside = shlex.quote(os.path.join(path, example))
        raise TableError(
            f"{path} is a directory and cannot be written. Expected the name of a file, such as "
            f"{option} {inside}."
        )
    with _writing(path):
        if _exists(path):
            _check_existing(path, os.stat(path), f"{option} {example}")
        if not _is_special(path):
            # An empty file shows whether a full one can be written.
            _write_draft(path, write, replace=False)


def write_file(path: str, write: Callable[[str], None]) -> None:
    """Write a file, and replace an existing one once the new one is complete.

    Parameters
    ----------
    path : str
        Checked by :func:`check_destination`.
    write : callable
        Writes the content to a path.

    Raises
    ------
    TableError
        If the file cannot be written. An existing one is left as it was.
    """
    with _writing(path):
        if _is_special(path):
            write(path)
        else:
            _write_draft(path, write, replace=True)


@contextmanager
def _writing(path: str) -> Iterator[None]:
    """Raise TableError, one line about the path, for each error of the system or of pandas."""
    try:
        yield
    except TableError:
        raise
    except (OSError, ImportError, ValueError) as error:
        raise TableError(f"{path} cannot be written: {reason_of(error)}.") from error


def _exists(path: str) -> bool:
    """Return whether there is such a file, or raise OSError if that cannot be seen."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True


def _is_special(path: str) -> bool:
    """Return whether a path is a device or a pipe, which no file can replace."""
    return os.path.exists(path) and not os.path.isfile(path)


def _check_existing(path: str, status: os.stat_result, example: str) -> None:
    """Raise if an existing file must not be written."""
    if not os.access(path, os.W_OK) or _is_kept_by_others(path, status):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
        return
    for number, name in enumerate(("standard input", "standard output", "standard error")):
        try:
            stream = os.fstat(number)
        except OSError:  # the stream is closed
            continue
        if os.path.samestat(status, stream):
            raise TableError(
                f"{path} is the {name} of this command. Expected another file, such as {example}."
            )


def _is_kept_by_others(path: str, status: os.stat_result) -> bool:
    """Return whether a sticky directory, as /tmp is, keeps a file that another user owns."""
    parent = os.stat(os.path.dirname(os.path.realpath(path)))
    if not parent.st_mode & stat.S_ISVTX or not stat.S_ISREG(status.st_mode):
        return False
    return os.geteuid() not in (0, status.st_uid, parent.st_uid)


def _write_draft(path: str, write: Callable[[str], None], *, replace: bool) -> None:
    """Write a file of the same name in a new directory next to it. Move it there if asked to."""
    target = os.path.realpath(path)
    parent = os.path.dirname(target)
    if not os.path.isdir(parent):
        raise TableError(
            f"{path} cannot be written: there is no directory {parent}. Create it: "
            f"mkdir -p {shlex.quote(parent)}"
        )
    # The draft has the same name, as pandas and joblib compress by the ending of a name.
    with tempfile.TemporaryDirectory(prefix=".skneuron-", dir=parent) as folder:
        draft = os.path.join(folder, os.path.basename(target))
        write(draft)
        if replace:
            if os.path.exists(target):
                shutil.copymode(target, draft)
            os.replace(draft, target)
