"""Where blocks of rows live: in a list, or with the workers of a Dask scheduler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import add, itemgetter
from typing import Any, Protocol

import numpy as np

from skneuron._threads import blas_on_one_thread

__all__ = ["DaskExecutor", "Executor", "ListExecutor"]


# Maximum size in bytes of the results of one round that come to the client: 16 MB.
_MAX_BYTES = 2**24

# Number of results that one task adds up, so that a worker has few of them in memory at a time.
_FAN = 4


class Executor(Protocol):
    """Calls functions of the blocks of rows, each where the block lives.

    The arguments of the functions are sequences with an element per block, or results of
    ``make``.
    """

    def make(self, function: Callable[..., Any], *parts: Any) -> Any:
        """Call ``function(*parts)`` for each block. The results stay where the blocks live."""
        ...

    def map(self, function: Callable[..., Any], *parts: Any) -> list[Any]:
        """Return ``function(*parts)`` for each block, in the order of the blocks."""
        ...

    def sum(self, function: Callable[..., Any], *parts: Any, n_bytes: int = 0) -> Any:
        """Return the sum over the blocks, added up in their order, without the results of None.

        ``n_bytes`` is about the size of a result.
        """
        ...


class ListExecutor:
    """Blocks that lie in a list.

    Examples
    --------
    >>> from skneuron.design import ListExecutor
    >>> executor = ListExecutor()
    >>> executor.sum(max, executor.make(abs, [-3, 1]), [2, 2])
    5
    """

    def make(self, function: Callable[..., Any], *parts: Any) -> Any:
        """Return the results themselves."""
        return self.map(function, *parts)

    def map(self, function: Callable[..., Any], *parts: Any) -> list[Any]:
        """Return the result for each block."""
        return _call_each(function, list(range(len(parts[0]))), *parts)

    def sum(self, function: Callable[..., Any], *parts: Any, n_bytes: int = 0) -> Any:
        """Return the sum of the results."""
        return _added([self.map(function, *parts)])[0]


class DaskExecutor(ListExecutor):
    """Blocks that the current Dask scheduler computes: with threads, processes or a cluster.

    One task works on several blocks, so that a round has no more tasks than there are worker
    threads. Each block has a result of its own, and the results are added up in the order of the
    blocks. The bits of a sum therefore do not depend on the workers.

    Parameters
    ----------
    groups : list of list of int
        Numbers of the blocks of each task.
    """

    def __init__(self, groups: list[list[int]]) -> None:
        self.groups = groups

    def make(self, function: Callable[..., Any], *parts: Any) -> _Made:
        """Return Dask objects whose results stay with the workers."""
        import dask

        return _Made(list(dask.persist(*self._tasks(function, parts))))

    def map(self, function: Callable[..., Any], *parts: Any) -> list[Any]:
        """Return the results of one round."""
        found = self._computed(self._tasks(function, parts))
        results = zip(chain.from_iterable(self.groups), chain.from_iterable(found), strict=True)
        return [result for _, result in sorted(results, key=itemgetter(0))]

    def sum(self, function: Callable[..., Any], *parts: Any, n_bytes: int = 0) -> Any:
        """Return the sum of the results. The workers add large results up.

        Then each block is a task of its own, and the tree of the sums depends on the number of
        blocks only.
        """
        import dask

        numbers = [
            (number, place)
            for number, group in enumerate(self.groups)
            for place in range(len(group))
        ]
        if n_bytes * len(numbers) <= _MAX_BYTES:
            return super().sum(function, *parts)
        call, plus = dask.delayed(_call_each, pure=False), dask.delayed(_added, pure=False)
        tasks: dict[int, Any] = {}
        for number, place in numbers:
            k = self.groups[number][place]
            own = ([_of_group(part, number, self.groups[number])[place]] for part in parts)
            tasks[k] = call(function, [k], *own)
        nodes = [tasks[k] for k in sorted(tasks)]
        while len(nodes) > 1:
            nodes = [plus(nodes[k : k + _FAN]) for k in range(0, len(nodes), _FAN)]
        return self._computed(nodes)[0][0]

    def _computed(self, tasks: list[Any]) -> Any:
        """Return the results of tasks."""
        import dask

        try:
            return dask.compute(*tasks, traverse=False)
        except Exception as error:
            if not type(error).__module__.startswith("distributed."):
                raise
            raise RuntimeError(
                f"Dask has lost a block, a worker or its scheduler: {type(error).__name__}, "
                f"{str(error).rstrip('.')}. Expected a running scheduler, and blocks that workers "
                "can compute again if one of them ends. Connect anew with distributed.Client(), "
                "and use X.persist() instead of client.scatter(X)."
            ) from error

    def _tasks(self, function: Callable[..., Any], parts: Sequence[Any]) -> list[Any]:
        """Return one task per group, which returns a list."""
        import dask

        call = dask.delayed(_call_each, pure=False)
        return [
            call(function, group, *(_of_group(part, number, group) for part in parts))
            for number, group in enumerate(self.groups)
        ]


@dataclass(frozen=True)
class _Made:
    """Results that stay with the workers: for each group a Dask object of a list."""

    of_groups: list[Any]


def _of_group(part: Any, number: int, group: list[int]) -> Any:
    """Return an argument for the blocks of one task."""
    return part.of_groups[number] if isinstance(part, _Made) else [part[k] for k in group]


def _added(pieces: list[list[Any]]) -> list[Any]:
    """Return the sum of all results in order as a list, without the results of None."""
    results = [result for piece in pieces for result in piece if result is not None]
    return [reduce(add, results)] if results else [None]


def _call_each(
    function: Callable[..., Any], numbers: list[int], *parts: Sequence[Any]
) -> list[Any]:
    """Return the results for some blocks. The message of an error has the number of the block."""
    out = []
    for number, block in zip(numbers, zip(*parts, strict=True), strict=True):
        try:
            with blas_on_one_thread(), np.errstate(all="ignore"):
                out.append(function(*block))
        except (TypeError, ValueError) as error:
            text = f"Block {number}, counted from 0: {error}"
            raise type(error)(text) from error
    return out
