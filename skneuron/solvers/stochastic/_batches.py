"""Shuffled batches of rows, and the gradient of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.solvers._contract import ObjectiveProtocol

__all__ = ["Batches"]

# Rows are gathered and standardized in pieces of many batches, so that what Python costs is
# shared among them, of 2 MB, so that they stay in a cache.
_PIECE_ELEMENTS = 2**18

# Smallest number of rows at which runs of neighbours are shuffled instead of single rows, and then
# the rows within a piece. A random row costs a miss of the cache, or of a file a page.
_MANY_ROWS = 2**16

# Number of rows in such a run. A piece still has hundreds of runs.
_RUN = 16


class Batches:
    """Random batches of an objective's rows: of equal size, within one row."""

    def __init__(self, objective: ObjectiveProtocol, batch_size: int) -> None:
        #: With sums that have the same bits on any number of threads.
        self.objective = objective.reproducible()
        self.n_batches = max(1, round(objective.dims.n_samples / batch_size))
        self._rows = self.objective.rows.by_rows()
        self._reference: FloatArray | None = None
        self._anchor = np.zeros(objective.dims.n_params)

    def snapshot(self, params: FloatArray) -> tuple[float, FloatArray]:
        """Return F and gradient, and reduce the variance of later batches by them.

        With r̃ the slopes here and B a batch, a gradient is then the one here plus the
        batch's mean of (r - r̃) x̃: exact here, and nearly so close by (SVRG: Johnson &
        Zhang, Advances in Neural Information Processing Systems 26, 2013). The slopes are
        kept, so that it costs a batch nothing.
        """
        whole = self.objective
        if self._reference is None:
            n, k = whole.dims.n_samples, whole.dims.n_outputs
            self._reference = np.empty((n, k) if k > 1 else n)
        value, gradient = whole.value_gradient(params, slopes=self._reference)
        full = params.reshape(whole.dims.n_outputs, -1)
        self._anchor = gradient - whole.penalty.gradient(full).ravel()
        return value, gradient

    def gradients(self, params: FloatArray, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield a gradient at ``params`` for each batch of one shuffled pass over the rows.

        The caller changes ``params`` in place between two batches. Each gradient is overwritten
        by the next.
        """
        whole, n, k = self.objective, self.objective.dims.n_samples, self.objective.dims.n_outputs
        order = _shuffled(n, rng)
        per_piece = max(1, int(_PIECE_ELEMENTS * self.n_batches // (n * whole.dims.n_coordinates)))
        ridge = whole.penalty.ridge
        full = params.reshape(k, -1)
        out = np.empty_like(full)
        anchor = self._anchor.reshape(k, -1)
        penalized = bool(np.any(ridge))
        for first in range(0, self.n_batches, per_piece):
            last = min(self.n_batches, first + per_piece)
            edges = [n * j // self.n_batches for j in range(first, last + 1)]
            chosen = order[edges[0] : edges[-1]]
            if n >= _MANY_ROWS:
                chosen = rng.permutation(chosen)
            gathered = self._rows.gather(chosen)
            kept = None if self._reference is None else self._reference[chosen]
            for start, stop in pairwise(edges):
                batch = slice(start - edges[0], stop - edges[0])
                gathered.add_up(full, batch, out, kept)
                out *= n / (stop - start)
                if kept is not None:
                    out += anchor
                if penalized:
                    out += ridge * full
                yield out.ravel()


def _shuffled(n: int, rng: np.random.Generator) -> AnyArray:
    """Return a permutation of the rows, of many in runs of neighbours."""
    if n < _MANY_ROWS:
        return rng.permutation(n)
    edge = n // _RUN * _RUN
    runs = rng.permutation(n // _RUN) * _RUN
    order = (runs[:, None] + np.arange(_RUN)).ravel()
    return np.concatenate([order, np.arange(edge, n)])
