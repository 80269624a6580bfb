"""Blocks that hold BLAS to one thread, and leave no trace however they end.

A signal handler can raise between any two steps of Python code, and a fork can copy the
process between them. Therefore no step may be the only one that undoes another step. A block
counts while the interpreter keeps the callable that ends it. The interpreter drops this
callable when it leaves the ``with`` statement, on whatever path. ``Blocks.settle`` derives
the limits from the blocks that count, again after each change.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from inspect import currentframe
from typing import Any, cast
from weakref import ref

import numpy as np

from skneuron._threads._libraries import Library, find_libraries
from skneuron._threads._limit import Limit

__all__ = ["BLOCKS", "Blocks", "blas_as_allowed", "blas_on_one_thread"]

# Seconds after which the lock counts as lost, because an interrupt hit its owner just before
# the release. Settling takes some microseconds.
_LOST = 1.0


class Blocks:
    """The blocks of all threads, and the limits that follow from them.

    Parameters
    ----------
    find : callable
        Returns the libraries with one limit per process, and those with one per thread.
        The first block calls it.
    """

    def __init__(self, find: Callable[[], tuple[list[Library], list[Library]]]) -> None:
        self._find = find
        self._entries: dict[_Entry, None] = {}
        self._libraries: tuple[list[Library], list[Library]] | None = None
        self._shared: list[Limit] = []
        self._own = threading.local()
        self._lock = threading.Lock()
        self._is_outdated = False

    def block(self, *, holds: bool) -> AbstractContextManager[None]:
        """Return a block that holds BLAS to one thread, or lifts the limit of those around it."""
        return cast(AbstractContextManager[None], _Block(self, _Entry(holds=holds)))

    def enter(self, entry: _Entry) -> None:
        """Let a block count. The interpreter already holds the callable that ends it."""
        self._entries[entry] = None
        self.settle()

    def end_of(self, entry: _Entry) -> Callable[..., None]:
        """Return the callable that ends a block. Its disappearance ends the block as well."""
        end = partial(self._leave, entry)
        entry.end = ref(end, self._on_disappearance)
        return end

    def _leave(self, entry: _Entry, kind: Any = None, *_: Any) -> None:
        self._entries.pop(entry, None)
        self.settle()
        if kind is not None:
            np.seterr(**entry.errors)
        # Nothing remains to be done when the callable disappears.
        entry.end = None

    def _on_disappearance(self, _: Any) -> None:
        self.settle()

    @property
    def allowed(self) -> int:
        """Number of threads that the user allows to the fit that runs, 1 if none runs."""
        return min((limit.allowed for limit in [*self._shared, *self._own_limits()]), default=1)

    def settle(self) -> None:
        """Set the limits that the blocks need. A second call completes an interrupted call."""
        while True:
            lock = self._lock
            if not lock.acquire(blocking=False):
                if _is_settling():
                    # A signal handler has interrupted this thread, which begins again.
                    self._is_outdated = True
                    return
                if not lock.acquire(timeout=_LOST):
                    self._lock = threading.Lock()
                    continue
            try:
                self._is_outdated = False
                self._settle()
            finally:
                lock.release()
            if not self._is_outdated:
                return

    def _settle(self) -> None:
        if self._libraries is None:
            self._libraries = self._find()
        if not self._shared:
            self._shared = [Limit(library) for library in self._libraries[0]]
        holders = self._holders()
        for limit in self._shared:
            limit.settle(holders)
        if self._libraries[1]:
            thread = threading.get_ident()
            own = {entry for entry in holders if entry.thread == thread}
            for limit in self._own_limits():
                limit.settle(own)

    def _holders(self) -> set[_Entry]:
        """Return the blocks that hold BLAS to one thread: not lifted, not left."""
        by_thread: dict[int, set[_Entry]] = {}
        for entry in list(self._entries):
            if entry.end is None or entry.end() is None:
                self._entries.pop(entry, None)
            elif entry.holds:
                by_thread.setdefault(entry.thread, set()).add(entry)
            else:
                by_thread.pop(entry.thread, None)
        return set().union(*by_thread.values())

    def _own_limits(self) -> list[Limit]:
        """Return this thread's limits of the libraries that have one limit per thread."""
        if self._libraries is None or not self._libraries[1]:
            return []
        if not hasattr(self._own, "limits"):
            self._own.limits = [Limit(library) for library in self._libraries[1]]
        return cast(list[Limit], self._own.limits)

    def hold_thread(self) -> None:
        """Hold libraries with one limit per thread to one thread in this thread, for good."""
        for library in self._libraries[1] if self._libraries else []:
            library.set(1)

    def after_fork(self) -> None:
        """Forget the blocks of other threads, which a child process does not have."""
        self._lock = threading.Lock()
        thread = threading.get_ident()
        for entry in list(self._entries):
            if entry.thread != thread:
                self._entries.pop(entry, None)
        if self._libraries is not None:
            self.settle()


def _is_settling() -> bool:
    """Whether this thread is in :meth:`Blocks.settle`, below the call that asks.

    The frames say it, as no interrupt can leave them wrong.
    """
    asking = currentframe()
    frame = asking and asking.f_back and asking.f_back.f_back
    while frame is not None:
        if frame.f_code is Blocks.settle.__code__:
            return True
        frame = frame.f_back
    return False


class _Entry:
    """One block: its thread, what it asks for, and its end, which the interpreter keeps."""

    def __init__(self, *, holds: bool) -> None:
        self.holds = holds
        self.thread = threading.get_ident()
        self.errors: Any = np.geterr()
        self.end: ref[Callable[..., None]] | None = None


class _Block:
    """Context manager of an entry.

    ``__exit__`` is a property, so that the ``with`` statement keeps a callable that no frame of
    a traceback keeps too. A traceback would hold a bound method's ``self``.
    """

    def __init__(self, blocks: Blocks, entry: _Entry) -> None:
        self._blocks = blocks
        self._entry = entry

    def __enter__(self) -> None:
        self._blocks.enter(self._entry)

    @property
    def __exit__(self) -> Callable[..., None]:
        return self._blocks.end_of(self._entry)


#: All blocks of this process.
BLOCKS = Blocks(find_libraries)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BLOCKS.after_fork)


def blas_on_one_thread() -> AbstractContextManager[None]:
    """Hold BLAS to one thread inside a ``with`` block.

    A library that has one limit per process is held for all threads, until the last of them
    has left its block. A limit that the user sets meanwhile stays. If an exception ends the
    block, NumPy's error handling is restored too: an interrupt can end ``np.errstate`` early.
    """
    return BLOCKS.block(holds=True)


def blas_as_allowed() -> AbstractContextManager[None]:
    """Lift the limit of the blocks around this ``with`` block, for code of the user.

    The limit stays if another thread is in a block of its own.
    """
    return BLOCKS.block(holds=False)
