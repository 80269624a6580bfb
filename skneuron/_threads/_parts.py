"""Parts of a pass, shared out among the calling thread and helpers that wait for work."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain, pairwise
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

import numpy as np

from skneuron._threads._blocks import BLOCKS

__all__ = ["run_parts", "share_out"]

_Part = TypeVar("_Part")
_Out = TypeVar("_Out")

# Seconds after which a thread that waits for a helper checks whether the process was forked.
_PATIENCE = 1.0


def share_out(length: int, at_least: int) -> list[range]:
    """Return ranges that cover ``range(length)``, one per thread, none below ``at_least``.

    Examples
    --------
    >>> from skneuron._threads import share_out
    >>> share_out(10, at_least=6)
    [range(0, 10)]
    """
    most = length // max(1, at_least)
    # Small passes need no look at the limits of threads, which takes longer than a small product.
    threads = max(1, min(BLOCKS.allowed, most)) if most > 1 else 1
    edges = [length * k // threads for k in range(threads + 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def run_parts(function: Callable[[_Part], _Out], parts: Sequence[_Part]) -> list[_Out]:
    """Return ``[function(part) for part in parts]``, shared out among threads."""
    shares = share_out(len(parts), at_least=1)
    if len(shares) == 1:
        return [function(part) for part in parts]
    job = _Job(function, parts, shares)
    try:
        job.helpers.ask(partial(job.help, k) for k in range(1, len(shares)))
        return job.finish()
    finally:
        job.close()


class _Job(Generic[_Part, _Out]):
    """Shares of parts. The first thread that takes a share runs it.

    The calling thread takes every share that no helper has begun. A pass therefore ends even
    if all helpers are busy, or if no thread can be started.
    """

    def __init__(
        self, function: Callable[[_Part], _Out], parts: Sequence[_Part], shares: list[range]
    ) -> None:
        self.helpers = _helpers
        self._function = function
        self._parts = parts
        self._shares = shares
        # NumPy handles overflow per thread: helpers do as the calling thread does.
        self._errors: Any = np.geterr() | {"call": np.geterrcall()}
        self._caller = threading.get_ident()
        self._takers: dict[int, int] = {}
        self._outputs: dict[int, list[_Out]] = {}
        self._failures: dict[int, BaseException] = {}
        # A helper adds its share to the first and then releases the second.
        self._ended: set[int] = set()
        self._ends = [threading.Lock() for _ in shares]
        for end in self._ends:
            end.acquire()

    def help(self, k: int) -> None:
        """Run a share in a helper, unless another thread has taken it."""
        if not self._take(k):
            return
        try:
            with np.errstate(**self._errors):
                self._outputs[k] = self._run(k)
        except BaseException as failure:
            self._failures[k] = failure
        finally:
            self._ended.add(k)
            self._ends[k].release()

    def finish(self) -> list[_Out]:
        """Run the shares that no helper has begun, wait for the others, return all outputs."""
        for k in range(len(self._shares)):
            if self._take(k):
                self._outputs[k] = self._run(k)
        for k in range(len(self._shares)):
            self._wait(k)
            if k in self._failures:
                raise self._failures.pop(k)
            if k not in self._outputs:
                # The function has forked the process, and the helper is in the parent.
                self._outputs[k] = self._run(k)
        return list(chain.from_iterable(self._outputs[k] for k in range(len(self._shares))))

    def close(self) -> None:
        """Wait for the helpers: no thread reads X afterwards, not even after an interrupt."""
        interrupt: BaseException | None = None
        while True:
            try:
                for k in range(len(self._shares)):
                    if not self._take(k):
                        self._wait(k)
                break
            except BaseException as caught:
                interrupt = caught
        # The traceback of a failure refers to this job, and the job to X.
        self._failures.clear()
        if interrupt is not None:
            try:
                raise interrupt
            finally:
                del interrupt

    def _take(self, k: int) -> bool:
        """Return whether the share is this thread's. The first thread that asks gets it."""
        me = threading.get_ident()
        return self._takers.setdefault(k, me) == me

    def _run(self, k: int) -> list[_Out]:
        return [self._function(self._parts[i]) for i in self._shares[k]]

    def _wait(self, k: int) -> None:
        """Wait until the helper that has taken a share has ended it."""
        mine = self._takers[k] == self._caller
        while not mine and k not in self._ended and self.helpers is _helpers:
            self._ends[k].acquire(timeout=_PATIENCE)


class _Helpers:
    """Threads that wait for tasks, as starting a thread costs more than a small pass.

    They are daemons: a process that ends does not wait for them, and they have no work then.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._idle: deque[None] = deque()
        self._n_threads = 0

    def ask(self, tasks: Iterable[Callable[[], None]]) -> None:
        """Hand tasks to the helpers, and return before the tasks have ended."""
        for task in tasks:
            try:
                self._idle.pop()
            except IndexError:
                self._start()
            if self._n_threads:
                self._tasks.put(task)

    def _start(self) -> None:
        """Start one more helper, if the machine has a core for it and can start a thread."""
        if self._n_threads >= (os.cpu_count() or 1):
            return
        arguments = self._tasks, self._idle
        helper = threading.Thread(target=_serve, args=arguments, name="skneuron", daemon=True)
        try:
            helper.start()
        except RuntimeError:
            return
        self._n_threads += 1


def _serve(tasks: SimpleQueue[Callable[[], None]], idle: deque[None]) -> None:
    """Run tasks for ever."""
    BLOCKS.hold_thread()
    while True:
        # No variable keeps the task, which refers to X.
        tasks.get()()
        idle.append(None)


_helpers = _Helpers()


def _after_fork() -> None:
    """Begin without helpers: threads do not survive a fork."""
    global _helpers
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
