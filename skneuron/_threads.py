"""Threads: rows are shared out among Python threads, and BLAS keeps to one each.

A product with a thin block is too short for BLAS to share out: its threads then cost more
than they do. NumPy and SciPy release the interpreter's lock inside, so Python threads that
each take their own rows use the cores well. How many there are is what BLAS was allowed:
limits by ``threadpoolctl`` and the environment hold, and processes of a grid search do
not oversubscribe the machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

# Comes with scikit-learn, which requires it.
from threadpoolctl import ThreadpoolController

__all__ = ["blas_on_one_thread", "run_parts", "share_out"]

_Part = TypeVar("_Part")
_Out = TypeVar("_Out")

# The limit is one of the whole process, and fits may run side by side: the first one in
# sets it, the last one out lifts it.
_lock = threading.Lock()
_inside = 0
_limiter: Any = None
_allowed = 1


@cache
def _controller() -> ThreadpoolController:
    """Look for BLAS libraries; NumPy's and SciPy's are loaded when this package is."""
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def blas_on_one_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside; what it had is what :func:`share_out` may use."""
    global _inside, _limiter, _allowed
    with _lock:
        _inside += 1
        if _inside == 1:
            controller = _controller()
            counts = [library["num_threads"] for library in controller.info()]
            _allowed = max(1, min(counts)) if counts else 1
            _limiter = controller.limit(limits=1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limiter.restore_original_limits()
                _limiter = None


def share_out(length: int, at_least: int) -> list[range]:
    """Return ranges that cover ``range(length)``, one per thread, none below ``at_least``.

    Examples
    --------
    >>> from skneuron._threads import share_out
    >>> share_out(10, at_least=6)
    [range(0, 10)]
    """
    threads = max(1, min(_allowed if _inside else 1, length // max(1, at_least)))
    edges = [length * k // threads for k in range(threads + 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def run_parts(function: Callable[[_Part], _Out], parts: Sequence[_Part]) -> list[_Out]:
    """Return ``[function(part) for part in parts]``, shared out among threads."""
    shares = share_out(len(parts), at_least=1)
    if len(shares) == 1:
        return [function(part) for part in parts]
    # What NumPy says of overflow is set per thread.
    errors: Any = np.geterr()

    def quietly(share: range) -> list[_Out]:
        """Return what becomes of the parts of a share, under the errors of the caller."""
        with np.errstate(**errors):
            return [function(parts[k]) for k in share]

    others = [_pool().submit(quietly, share) for share in shares[1:]]
    try:
        out = [function(parts[k]) for k in shares[0]]
    finally:
        # No thread reads X any more when this returns, not even after an interrupt.
        wait(others)
    for other in others:
        out += other.result()
    return out


@cache
def _pool() -> ThreadPoolExecutor:
    """Return the helpers; starting a thread costs more than a small pass."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="skneuron")


# Threads do not survive a fork: a child starts its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
