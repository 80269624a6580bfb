"""Passes over standardised columns, x̃ = (x - center) / scale.

That matrix is never stored. Every block works on the rows of X in their own memory and
corrects sums for the center.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import combinations_with_replacement
from operator import add
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, Curvatures, FloatArray, LayerCurvature
from skneuron._threads import run_parts
from skneuron.design._matrix import (
    BLOCK_ELEMENTS,
    DesignMatrix,
    assemble,
    pieces_of,
    rows_of,
    transposed,
)
from skneuron.design._moments import column_moments
from skneuron.design._sums import ReadyDesign, RowFunction, Sums, add_gram, standardize, times_rows

__all__ = ["StandardizedDesign", "pair_of"]

# |center| / deviation above which dense blocks are centered first. Subtracting the center from
# a sum instead of from every element costs the logarithm of this ratio in digits.
MAX_CENTER_RATIO = 1e4

# Number of elements up to which a standardised copy of X is kept: 4 MB, which fit into a cache.
# Each pass then need not center and scale.
SMALL_ELEMENTS = 2**19

# Number of elements of a sparse matrix that are multiplied with one another at a time: 4 MB,
# which stay in a cache while they are read once per column. Above 500 columns as many as the
# product has, which costs as much as they do.
STORED_AT_A_TIME = 2**18

# Number of rows of a subsample that are gathered at a time.
TAKEN_ROWS = 4096


class StandardizedDesign:
    """X̃ = (X - center) / scale, for passes that read X once.

    Parameters
    ----------
    design : DesignMatrix of shape (n_samples, n_features)
    center, scale, spread : ndarray of shape (n_features,)
        ``scale`` is positive. ``spread`` shows where ``center`` is so far from 0
        that it has to be subtracted element by element.
    is_steady : bool
        Whether sums have the same bits on any number of threads.
    """

    def __init__(
        self,
        design: DesignMatrix,
        center: FloatArray,
        scale: FloatArray,
        spread: FloatArray,
        *,
        is_steady: bool = False,
    ) -> None:
        far = (np.abs(center) / MAX_CENTER_RATIO > spread) & (spread > 0)
        if design.is_sparse and np.any(far):
            # Only a column without zeros is far from zero: subtracted, it stays as full.
            design, left = design.subtracted(np.where(far, center, 0.0))
            center = np.where(far, left, center)
        self.design = design
        self.shape = design.shape
        self.n_stored = design.n_stored
        #: Whether X is so sparse that a few rows may store no element of a column.
        self.is_thin = design.is_thin
        #: Whether X is so small that it stays in a cache from pass to pass.
        self.in_cache = design.n_stored <= SMALL_ELEMENTS
        self.counter = design.counter
        self.standardization = center, scale, spread
        self._inverse = 1 / scale
        self._shift = center if not design.is_sparse and np.any(far) else None
        self._left = np.zeros_like(center) if self._shift is not None else center
        self._is_steady = is_steady

    def take(self, rows: AnyArray | slice) -> StandardizedDesign | ReadyDesign:
        """Return these rows in the same coordinates, dense rows standardised for good."""
        if self.is_thin:
            return StandardizedDesign(DesignMatrix(self.design.take(rows)), *self.standardization)
        return ReadyDesign(self._standardized(rows))

    def kept(self) -> StandardizedDesign | ReadyDesign:
        """Return a standardised copy of a small dense X, else itself."""
        if self.design.is_sparse or not self.in_cache:
            return self
        return ReadyDesign(self._standardized(slice(None)), self.counter, is_steady=self._is_steady)

    def _standardized(self, rows: AnyArray | slice) -> FloatArray:
        """Return [X̃, 1] of these rows."""
        n = self.shape[0] if isinstance(rows, slice) else len(rows)
        out = np.empty((n, self.shape[1] + 1))
        # Piece by piece, as the rows of X are copied first.
        for start in range(0, n, TAKEN_ROWS):
            piece = slice(start, min(n, start + TAKEN_ROWS))
            data = self.design.take(piece if isinstance(rows, slice) else rows[piece])
            standardize(data, self.standardization[0], self._inverse, out[piece])
        return out

    def steady(self) -> StandardizedDesign:
        """Return the same rows, with sums of the same bits on any number of threads."""
        return StandardizedDesign(self.design, *self.standardization, is_steady=True)

    def by_rows(self) -> StandardizedDesign:
        """Return the same rows, quick to take in any order."""
        return StandardizedDesign(self.design.by_rows(), *self.standardization)

    def columns(self, columns: AnyArray) -> StandardizedDesign:
        """Return these columns, copied."""
        parts = (part[columns] for part in self.standardization)
        return StandardizedDesign(self.design.columns(columns), *parts)

    def sums(self, coef: FloatArray, function: RowFunction, *, gram: bool = False) -> Sums:
        """Read all rows once and add up the results of a function of z = X̃ Wᵀ + b.

        ``coef`` has W, and b as its last column. z has the shape (n_rows,) for one output, else
        (n_rows, n_outputs).
        """
        raw = coef[:, :-1] * self._inverse
        offset = coef[:, -1] - raw @ self._left

        def over(part: range) -> Sums:
            """Return the sums over the rows of a part, on the scale of X."""
            sums = Sums.zeros(len(coef), self.shape[1], gram=gram)
            dense = gram and not self.is_thin
            n_rows = min(len(part), max(1, BLOCK_ELEMENTS // max(1, self.shape[1])))
            buffers = np.empty((2, n_rows if dense else 0, self.shape[1] + 1))
            blocks = self.design.dense_blocks(part) if dense else self.design.blocks(part)
            for rows, block in blocks:
                data = block if self._shift is None else block - self._shift
                z = times_rows(raw, data)
                z += offset
                value, slopes, h = function(rows, z)
                sums.value += value
                if len(slopes):
                    self._add_products(sums.slopes, rows, data, slopes)
                if sums.gram is not None and h is not None:
                    self._add_gram(sums.gram, data, h, buffers)
            return sums

        parts = self.design.fixed_parts() if self._is_steady else self.design.parts()
        out = reduce(add, run_parts(over, parts))
        out.slopes[:, :-1] -= np.outer(out.slopes[:, -1], self._left)
        out.slopes[:, :-1] *= self._inverse
        self.counter.rows += self.shape[0]
        return out

    def forward(self, coef: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        n, k = self.shape[0], len(coef)
        out = np.empty(n) if k == 1 else np.empty((k, n)).T

        def keep(rows: slice, z: FloatArray) -> tuple[float, FloatArray, None]:
            """Store z, and return sums of zero."""
            out[rows] = z
            return 0.0, z[:0], None

        self.sums(coef, keep)
        return out

    def dense_blocks(self, n_rows: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield (rows, X̃ of these rows) as float64 arrays of their own."""
        for rows, data in self.design.dense_blocks(range(self.shape[0]), n_rows):
            yield rows, (data - self.standardization[0]) * self._inverse
        self.counter.rows += self.shape[0]

    def second_moments(self, weights: FloatArray) -> FloatArray:
        """Return the weighted mean of x̃² of each column."""
        moments = column_moments(self.design, weights, center=True)
        if moments is None:
            return np.full(self.shape[1], np.nan)
        away = moments.mean - self.standardization[0]
        return np.asarray((moments.deviation**2 + away**2) * self._inverse**2)

    def squares(self, column_weights: FloatArray) -> FloatArray:
        """Return Σⱼ cⱼ x̃ⱼ² of each row for column weights c."""
        out, center = np.empty(self.shape[0]), self.standardization[0]
        per_square = column_weights * self._inverse**2

        def over(part: range) -> None:
            """Store the sums of squares of the rows of a part."""
            if not self.is_thin:
                for rows, data in self.design.dense_blocks(part):
                    out[rows] = (data - center) ** 2 @ per_square
                return
            # A zero that is not stored adds the square of the center. Only differences from it
            # are summed, Σ c (x² - 2 x center).
            for rows, data in self.design.blocks(part):
                squared = assemble(data, data.data * data.data, data.indices, data.indptr)
                out[rows] = squared @ per_square
                out[rows] -= data @ (2 * center * per_square)
                out[rows] += center**2 @ per_square

        run_parts(over, self.design.fixed_parts())
        self.counter.rows += self.shape[0]
        return out

    def _add_products(self, out: FloatArray, rows: slice, data: Any, slopes: FloatArray) -> None:
        if sparse.issparse(data):
            out[:, :-1] += np.asarray(self.design.transposed(rows, data) @ slopes).T
        else:
            out[:, :-1] += slopes.T @ data
        out[:, -1] += slopes.sum(axis=0)

    def _add_gram(self, out: FloatArray, data: Any, h: Curvatures, buffers: FloatArray) -> None:
        if not sparse.issparse(data):
            rows = standardize(data, self._left, self._inverse, buffers[0, : len(data)])
            add_gram(out, rows, h, buffers[1])
            return
        for i, j in combinations_with_replacement(range(len(out)), 2):
            part = _sparse_gram(data, pair_of(h, i, j), self._left, self._inverse)
            out[i, :, j] += part
            if i < j:
                out[j, :, i] += part


def pair_of(h: Curvatures, i: int, j: int) -> FloatArray:
    """Return the curvatures of one pair of outputs."""
    if not isinstance(h, LayerCurvature):
        return h
    return h.diagonal[:, i] if i == j else -h.cross[:, i] * h.cross[:, j]


def _sparse_gram(
    data: Any, weights: FloatArray, center: FloatArray, inverse: FloatArray
) -> FloatArray:
    """Return Σ h [x̃, 1][x̃, 1]ᵀ over the rows of a sparse matrix."""
    d = len(center)
    data = data.tocsr()
    product = np.zeros((d, d))
    for rows in pieces_of(data, max(STORED_AT_A_TIME, d * d)):
        part = rows_of(data, rows)
        factors = np.repeat(weights[rows], np.diff(part.indptr))
        weighted = assemble(part, part.data * factors, part.indices, part.indptr)
        product += (transposed(part).tocsr() @ weighted).toarray()
    sums = np.asarray(transposed(data) @ weights)
    total = float(weights.sum())
    cross = np.outer(sums, center)
    product += total * np.outer(center, center) - cross - cross.T
    edge = ((sums - total * center) * inverse)[:, None]
    return np.block([[product * inverse * inverse[:, None], edge], [edge.T, np.array(total)]])
