"""The functions of the package that run during one fit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits


class Calls(NamedTuple):
    """What one run called.

    Attributes
    ----------
    n_calls : int
        Calls of Python functions of the package.
    files : set of str
        The files that define these functions.
    n_changes : int
        How often a call or a return leads from one file of the package to another.
    depth : int
        Largest number of the package's functions that are active at the same time.
    """

    n_calls: int
    files: set[str]
    n_changes: int
    depth: int


def count_calls(run: Callable[[], Any], package: Path) -> Calls:
    """Run once to import and compile, and once more to count, both on one thread.

    Python 3.12 and later run comprehensions without a call, so counts are lower there.
    """
    active: list[str] = []
    n_calls = n_changes = depth = 0
    files: set[str] = set()

    def record(frame: FrameType, event: str, _: Any) -> None:
        """Count a call or a return of a function of the package."""
        nonlocal n_calls, n_changes, depth
        file = frame.f_code.co_filename
        if event not in ("call", "return") or not file.startswith(str(package)):
            return
        if event == "call":
            n_calls += 1
            files.add(file)
            n_changes += bool(active) and active[-1] != file
            active.append(file)
            depth = max(depth, len(active))
        elif active:
            active.pop()
            n_changes += bool(active) and active[-1] != file

    with threadpool_limits(1):
        run()
        sys.setprofile(record)
        try:
            run()
        finally:
            sys.setprofile(None)
    return Calls(n_calls, files, n_changes, depth)
