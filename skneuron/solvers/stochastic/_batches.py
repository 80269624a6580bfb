"""Shuffled batches of rows, and the gradient of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import ReadyDesign, StandardizedDesign, rows_of
from skneuron.objective._objective import Objective

__all__ = ["Batches"]

# Rows are gathered and standardized in pieces of many batches, so that what Python costs is
# shared among them, of 2 MB, so that they stay in a cache.
_PIECE_ELEMENTS = 2**18

# From so many rows on, runs of neighbours are shuffled instead of single rows, and then the
# rows within a piece: a random row costs a miss of the cache, of a column-wise array one per
# feature, of a file a page. A piece still has hundreds of runs.
_MANY_ROWS, _RUN = 2**16, 16


class Batches:
    """Hands out gradients of random batches of an objective's rows.

    Parameters
    ----------
    objective : Objective
        Without L1 penalty and bounds.
    batch_size : int
        Rows of a batch; batches are of equal size, within one row.

    Attributes
    ----------
    objective : Objective
        The same, with sums that have the same bits on any number of threads.
    n_batches : int

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> from skneuron.losses import LogisticLoss
    >>> from skneuron.objective import Objective, Regularization
    >>> from skneuron.solvers.stochastic._batches import Batches
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> none = Regularization(0.0)
    >>> F = Objective(DesignMatrix(X), y, LogisticLoss(), np.full(2, 0.5), none, True)
    >>> batches = Batches(F, batch_size=1)
    >>> params = np.zeros(2)
    >>> for gradient in batches.gradients(params, np.random.default_rng(0)):
    ...     params -= 0.1 * gradient
    >>> batches.n_batches, bool(F.value_gradient(params)[0] < F.zero_value)
    (2, True)
    """

    def __init__(self, objective: Objective, batch_size: int) -> None:
        self.objective = objective.steady()
        self.n_batches = max(1, round(objective.n_samples / batch_size))
        self._rows = objective._X.by_rows()
        if isinstance(self.objective._X, ReadyDesign):
            self._rows = self.objective._X
        self._reference: FloatArray | None = None
        self._anchor = np.zeros(objective.n_params)

    def snapshot(self, params: FloatArray) -> tuple[float, FloatArray]:
        """Return F and gradient, and reduce the variance of later batches by them.

        With r̃ the slopes here and B a batch, a gradient is then the one here plus the
        batch's mean of (r - r̃) x̃: exact here, and nearly so close by (SVRG: Johnson &
        Zhang, Advances in Neural Information Processing Systems 26, 2013). The slopes are
        kept, so that it costs a batch nothing.
        """
        whole = self.objective
        if self._reference is None:
            self._reference = np.empty(
                (whole.n_samples, whole.n_outputs)[: 1 + (whole.n_outputs > 1)]
            )
        value, gradient = whole.value_gradient_slopes(params, self._reference)
        full = params.reshape(whole.n_outputs, -1)
        self._anchor = gradient - whole.penalty.gradient(full).ravel()
        return value, gradient

    def gradients(self, params: FloatArray, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield a gradient at ``params`` for each batch of one shuffled pass over the rows.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            Looked at anew for each batch: to be changed in place in between.
        rng : Generator

        Yields
        ------
        ndarray of shape (n_params,)
            Overwritten by the next.
        """
        whole, n, k = self.objective, self.objective.n_samples, self.objective.n_outputs
        order = _shuffled(n, rng)
        per_piece = max(1, int(_PIECE_ELEMENTS * self.n_batches // (n * whole.n_coordinates)))
        ridge = whole.penalty.ridge
        full = params.reshape(k, -1)
        out = np.empty_like(full)
        anchor = self._anchor.reshape(k, -1)
        penalized = bool(np.any(ridge))
        weights = whole._weights
        equal = weights.strides == (0,)
        for first in range(0, self.n_batches, per_piece):
            last = min(self.n_batches, first + per_piece)
            edges = [n * j // self.n_batches for j in range(first, last + 1)]
            chosen = order[edges[0] : edges[-1]]
            if n >= _MANY_ROWS:
                chosen = rng.permutation(chosen)
            product = _Product(self._rows, chosen, whole)
            labels = whole._labels[chosen]
            offset = None if whole._offset is None else whole._offset[chosen]
            shares = weights[:1] if equal else weights[chosen]
            kept = None if self._reference is None else self._reference[chosen]
            for start, stop in pairwise(edges):
                batch = slice(start - edges[0], stop - edges[0])
                z = product.forward(full, batch)
                if offset is not None:
                    z += offset[batch]
                slopes = whole.loss.slopes(labels[batch], z)
                share = shares if equal else shares[batch]
                slopes *= share if k == 1 else share[:, None]
                if kept is not None:
                    slopes -= kept[batch]
                product.backward(slopes, batch, out)
                out *= n / (stop - start)
                if kept is not None:
                    out += anchor
                if penalized:
                    out += ridge * full
                yield out.ravel()


class _Product:
    """Rows of a piece, standardized once or, where few elements are stored, batch by batch."""

    def __init__(
        self, source: StandardizedDesign | ReadyDesign, rows: AnyArray, objective: Objective
    ) -> None:
        piece = source.take(rows)
        self._fit_intercept = objective.fit_intercept
        self._sparse: Any = None
        if isinstance(piece, ReadyDesign):
            if isinstance(source, ReadyDesign) or source.design is not objective._design:
                objective.count_rows(len(rows))
            data = piece.rows()
            self._data = data if self._fit_intercept else data[:, :-1]
        else:
            self._sparse = piece.design.take(slice(None))
            self._center, self._inverse = objective.center, 1 / objective.scale

    def forward(self, full: FloatArray, batch: slice) -> FloatArray:
        """Return z of a batch."""
        k = len(full)
        if self._sparse is None:
            return self._data[batch] @ (full[0] if k == 1 else full.T)
        d = len(self._center)
        self._part = rows_of(self._sparse, batch)
        raw = full[:, :d] * self._inverse
        offset = -(raw @ self._center)
        if self._fit_intercept:
            offset += full[:, d]
        z = self._part @ (raw[0] if k == 1 else raw.T)
        z += offset[0] if k == 1 else offset
        return np.asarray(z)

    def backward(self, slopes: FloatArray, batch: slice, out: FloatArray) -> None:
        """Write Σ r x̃ over the batch that was last seen forward."""
        if self._sparse is None:
            if slopes.ndim == 1:
                np.matmul(slopes, self._data[batch], out=out[0])
            else:
                np.matmul(slopes.T, self._data[batch], out=out)
            return
        d = len(self._center)
        total = np.atleast_1d(slopes.sum(axis=0))
        products = np.asarray(self._part.T @ slopes)
        out[:, :d] = (products.T - np.outer(total, self._center)) * self._inverse
        if self._fit_intercept:
            out[:, d] = total


def _shuffled(n: int, rng: np.random.Generator) -> AnyArray:
    """Return a permutation of the rows, of many in runs of neighbours."""
    if n < _MANY_ROWS:
        return rng.permutation(n)
    edge = n // _RUN * _RUN
    runs = rng.permutation(n // _RUN) * _RUN
    order = (runs[:, None] + np.arange(_RUN)).ravel()
    return np.concatenate([order, np.arange(edge, n)])
