"""Predictions as a CSV file: checks of its path, safe cells, and replacement in one step."""

from __future__ import annotations

import csv
import errno
import os
import re
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skneuron.cli._table import Table, TableError, pandas, reason_of

__all__ = ["check_destination", "same_file", "write_predictions"]

# A text that starts so is a formula for a spreadsheet. The characters are OWASP's ("CSV
# Injection"), with their full-width forms. Blanks and control characters may stand before them.
# Apostrophes count, so that a label "'=a" is not written as the label "=a" is.
_FORMULA = re.compile(r"'*[\s\x00-\x1f]*[=+\-@\t\r\n＝＋－＠]")

# A number with a sign is no formula.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def same_file(first: str, second: str) -> bool:
    """Return whether two paths lead to one file, by links too."""
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):  # one of them does not exist, or is no path
        return os.path.abspath(first) == os.path.abspath(second)


def check_destination(path: str) -> None:
    """Check before any work that predictions can be written.

    Parameters
    ----------
    path : str
        An existing file stays as it is.

    Raises
    ------
    TableError
        If the path is empty or a directory, if it is one of the standard streams, or if a
        file cannot be written there.
    """
    if not path:
        raise TableError(
            "The path after --predict is empty. Expected the name of a file, such as "
            "--predict predictions.csv."
        )
    if os.path.isdir(path) or not os.path.basename(path):
        inside = shlex.quote(os.path.join(path, "predictions.csv"))
        raise TableError(
            f"{path} is a directory and cannot be written. Expected the name of a file, such as "
            f"--predict {inside}."
        )
    with _writing(path):
        if _exists(path):
            _check_existing(path, os.stat(path))
        if not _is_special(path):
            # An empty table shows whether one with rows can be written.
            _write_draft(path, {"class": []}, replace=False)


def write_predictions(model: Any, table: Table, path: str) -> None:
    """Write one line per row: the class and, where there is a likelihood, probabilities.

    A file that exists is replaced once the new one is complete.

    Parameters
    ----------
    model : estimator
        Fitted.
    table : Table
    path : str
        Checked by :func:`check_destination`.

    Raises
    ------
    TableError
        If the file cannot be written; an existing one is left as it was.
    """
    cells = {label: _cell(label) for label in model.classes_.tolist()}
    columns: dict[str, Any] = {"class": [cells[y] for y in model.predict(table.X).tolist()]}
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(table.X)
        columns["probability"] = proba.max(axis=1)
        for label, values in zip(model.classes_, proba.T, strict=True):
            columns[f"probability of {label}"] = values
    else:
        decision = model.decision_function(table.X)
        columns["decision"] = decision if decision.ndim == 1 else decision.max(axis=1)
    with _writing(path):
        if _is_special(path):
            _write(path, columns)
        else:
            _write_draft(path, columns, replace=True)


def _cell(label: Any) -> Any:
    """Return a label as a cell that no spreadsheet takes for a formula."""
    if isinstance(label, str) and _FORMULA.match(label) and not _NUMBER.fullmatch(label):
        return f"'{label}"
    return label


@contextmanager
def _writing(path: str) -> Iterator[None]:
    """Raise TableError, one line about the path, for each error of the system or of pandas."""
    try:
        yield
    except (OSError, ImportError, ValueError) as error:
        raise TableError(f"{path} cannot be written: {reason_of(error)}") from error


def _exists(path: str) -> bool:
    """Return whether there is such a file; raise OSError if that cannot be seen."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True


def _is_special(path: str) -> bool:
    """Return whether a path is a device or a pipe, which no file can replace."""
    return os.path.exists(path) and not os.path.isfile(path)


def _check_existing(path: str, status: os.stat_result) -> None:
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
                f"{path} is the {name} of this command. Expected another file, such as "
                "--predict predictions.csv."
            )


def _is_kept_by_others(path: str, status: os.stat_result) -> bool:
    """Return whether a sticky directory, as /tmp is, keeps a file that another user owns."""
    parent = os.stat(os.path.dirname(os.path.realpath(path)))
    if not parent.st_mode & stat.S_ISVTX or not stat.S_ISREG(status.st_mode):
        return False
    return os.geteuid() not in (0, status.st_uid, parent.st_uid)


def _write_draft(path: str, columns: dict[str, Any], *, replace: bool) -> None:
    """Write a file of the same name in a new directory next to it; move it there if asked to."""
    target = os.path.realpath(path)
    parent = os.path.dirname(target)
    if not os.path.isdir(parent):
        raise TableError(
            f"{path} cannot be written: there is no directory {parent}. Create it: "
            f"mkdir -p {shlex.quote(parent)}"
        )
    # The draft has the same name, as pandas compresses by the ending of a name.
    with tempfile.TemporaryDirectory(prefix=".skneuron-", dir=parent) as folder:
        draft = os.path.join(folder, os.path.basename(target))
        _write(draft, columns)
        if replace:
            if os.path.exists(target):
                shutil.copymode(target, draft)
            os.replace(draft, target)


def _write(path: str, columns: dict[str, Any]) -> None:
    # Quotes around each text, also in the header: a separator within one begins no new cell.
    pandas().DataFrame(columns).to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)
