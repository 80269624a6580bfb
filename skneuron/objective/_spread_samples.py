"""The samples of blocks that live elsewhere: labels, weights and offset, and where X is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, FloatArray
from skneuron.design import Executor, RowCounter

__all__ = ["BlockSamples", "SpreadSamples", "stacked"]


@dataclass(frozen=True)
class BlockSamples:
    """The samples of one block without X.

    Attributes
    ----------
    y : ndarray of shape (n_used,)
        Class indices of the rows in use.
    weights : ndarray of shape (n_used,) or None
        Positive sample weights, None for equal ones.
    offset : ndarray of shape (n_used,) or (n_used, n_classes) or None
    used : ndarray of bool of shape (n_rows,) or None
        Rows of positive weight, None for all.
    """

    y: AnyArray
    weights: FloatArray | None = None
    offset: FloatArray | None = None
    used: AnyArray | None = None

    def __sizeof__(self) -> int:
        """Return the number of bytes, by which Dask decides where a task runs."""
        parts = (self.y, self.weights, self.offset, self.used)
        return sum(part.nbytes for part in parts if part is not None)

    @property
    def n_rows(self) -> int:
        """Number of rows of the block, with the rows of zero weight."""
        return len(self.y) if self.used is None else len(self.used)

    def times(self, factors: FloatArray) -> FloatArray:
        """Return the sample weights times one factor per class."""
        if self.weights is None and np.all(factors == factors[0]):
            return np.broadcast_to(factors[0], len(self.y))
        own = factors[self.y]
        return np.asarray(own if self.weights is None else own * self.weights)

    def take(self, rows: AnyArray) -> BlockSamples:
        """Return some of the rows in use."""
        weights = None if self.weights is None else self.weights[rows]
        offset = None if self.offset is None else self.offset[rows]
        return BlockSamples(self.y[rows], weights, offset)


@dataclass(eq=False)
class SpreadSamples:
    """All samples, in blocks that an executor has. It stands where a matrix X stands.

    Attributes
    ----------
    executor : Executor
    X, blocks : object
        The rows of X and the :class:`BlockSamples` of each block, as the executor has them.
    read : callable
        From the rows of X of a block, as the executor has them, to an array or a CSR matrix.
    shape : tuple of int
        Number of rows in use, and of columns.
    dtype : dtype
    sizes : ndarray of int of shape (n_blocks,)
        Number of rows in use of each block.
    counts : ndarray of int of shape (n_classes,)
        Number of rows in use of each class.
    class_weights : ndarray of shape (n_classes,)
        Sums of the sample weights, of sum 1.
    factors : ndarray of shape (n_classes,)
        What sample weights are multiplied by, so that they sum to 1.
    least_weight : float
        Smallest sample weight.
    has_offset : bool
    offset_mean : float or ndarray of shape (n_classes,) or None
        Weighted mean of the offset, which the first pass sets.
    even : (array or CSR matrix, BlockSamples)
        Some evenly spaced rows, which the first pass sets.
    n_stored : int
        Number of stored elements of X, which the first pass sets.
    """

    executor: Executor
    X: Any
    blocks: Any
    read: Callable[[Any], Any]
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    sizes: AnyArray
    counts: AnyArray
    class_weights: FloatArray
    factors: FloatArray
    least_weight: float
    has_offset: bool
    offset_mean: Any = None
    even: tuple[Any, BlockSamples] | None = None
    n_stored: int = 0
    is_thin: bool = False
    counter: RowCounter = field(default_factory=RowCounter)

    @property
    def n_passes(self) -> float:
        """Number of passes over the rows."""
        return self.counter.rows / self.shape[0]

    def split(self, rows: AnyArray) -> list[AnyArray]:
        """Return, for each block, which of these rows it has. Rows are in order."""
        ends = np.cumsum(self.sizes)
        parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
        starts = ends - self.sizes
        return [part - start for part, start in zip(parts, starts, strict=True)]


def stacked(pieces: Sequence[tuple[Any, BlockSamples]]) -> tuple[Any, BlockSamples]:
    """Return rows of several blocks as one block."""
    matrices = [X for X, _ in pieces]
    samples = [part for _, part in pieces]
    weights = [part.weights for part in samples if part.weights is not None]
    offset = [part.offset for part in samples if part.offset is not None]
    return _stacked(matrices), BlockSamples(
        np.concatenate([part.y for part in samples]),
        np.concatenate(weights) if weights else None,
        np.concatenate(offset) if offset else None,
    )


def _stacked(matrices: Sequence[Any]) -> Any:
    if any(map(sparse.issparse, matrices)):
        return sparse.vstack([sparse.csr_array(part) for part in matrices], format="csr")
    return np.concatenate(matrices)
