"""Passes over columns brought to one scale, x̃ = (x - center) / scale.

That matrix is never stored. Every block works on the rows of X as they lie in memory and
corrects sums for the center.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._threads import run_parts
from skneuron._typing import AnyArray, Curvatures, FloatArray, LayerCurvature
from skneuron.design._matrix import DesignMatrix, assemble, pieces_of, rows_of, transposed
from skneuron.design._moments import column_moments
from skneuron.design._ready import ReadyDesign
from skneuron.design._sums import Pointwise, Sums, Workspace, add_gram, times_rows

__all__ = ["StandardizedDesign"]

# Subtracting the center from a sum instead of from every element costs about
# log10(|center| / deviation) digits. Beyond four digits dense blocks are centered first.
MAX_CENTER_RATIO = 1e4

# Up to 4 MB a standardized copy is kept: it fits into a cache, and each pass is saved what
# it takes to center and scale.
SMALL_ELEMENTS = 2**19

# Elements of a sparse matrix that are multiplied with one another at a time: 4 MB, which
# stay in a cache while they are read once per column. Above 500 columns as many as the
# product has, which costs as much as they do.
STORED_AT_A_TIME = 2**18

# Rows of a subsample that are gathered at a time.
TAKEN_ROWS = 4096


class StandardizedDesign:
    """X̃ = (X - center) / scale, for passes that read X once.

    Parameters
    ----------
    design : DesignMatrix of shape (n_samples, n_features)
    center, scale, deviation : ndarray of shape (n_features,)
        ``scale`` is positive; ``deviation`` tells where ``center`` is so far from 0
        that it has to be subtracted element by element.
    """

    def __init__(
        self, design: DesignMatrix, center: FloatArray, scale: FloatArray, deviation: FloatArray
    ) -> None:
        far = (np.abs(center) / MAX_CENTER_RATIO > deviation) & (deviation > 0)
        if design.is_sparse and np.any(far):
            # Only a column without zeros is far from zero: subtracted, it stays as full.
            far &= design.full_columns()
            design, center = design.subtracted(np.where(far, center, 0.0)), np.where(far, 0, center)
        self.design = design
        self.center = center
        self.scale = scale
        self._inverse = 1 / scale
        self._deviation = deviation
        self._shift = center if not design.is_sparse and np.any(far) else None
        self._left = np.zeros_like(center) if self._shift is not None else center
        self._is_steady = False

    @property
    def shape(self) -> tuple[int, int]:
        """(n_samples, n_features)."""
        return self.design.shape

    @property
    def n_stored(self) -> int:
        """Number of stored elements."""
        return self.design.n_stored

    @property
    def in_cache(self) -> bool:
        """Whether X is so small that it stays in a cache from pass to pass."""
        return self.n_stored <= SMALL_ELEMENTS

    @property
    def is_thin(self) -> bool:
        """Whether so few elements are stored that a few rows may hold none of a column."""
        return self.design.is_thin

    def is_small(self) -> bool:
        """Whether X is so small that it is better kept standardized."""
        return not self.design.is_sparse and self.in_cache

    def take(self, rows: AnyArray | slice) -> StandardizedDesign | ReadyDesign:
        """Return these rows in the same coordinates; dense ones standardized for good."""
        if self.design.is_thin:
            data = self.design.take(rows)
            return StandardizedDesign(DesignMatrix(data), self.center, self.scale, self._deviation)
        n = self.shape[0] if isinstance(rows, slice) else len(rows)
        out = np.empty((n, self.shape[1] + 1))
        # Piece by piece: what is taken is a copy already.
        for start in range(0, n, TAKEN_ROWS):
            piece = slice(start, min(n, start + TAKEN_ROWS))
            data = self.design.take(piece if isinstance(rows, slice) else rows[piece])
            np.subtract(data, self.center, out=out[piece, :-1])
        out[:, :-1] *= self._inverse
        out[:, -1] = 1.0
        return ReadyDesign(out)

    def steady(self) -> StandardizedDesign:
        """Return the same rows, whose sums have the same bits on any number of threads."""
        out = copy.copy(self)
        out._is_steady = True
        return out

    def by_rows(self) -> StandardizedDesign:
        """Return the same rows, quick to take in any order."""
        out = copy.copy(self)
        out.design = self.design.by_rows()
        return out

    def columns(self, columns: AnyArray) -> StandardizedDesign:
        """Return these columns, copied."""
        parts = (self.center, self.scale, self._deviation)
        return StandardizedDesign(self.design.columns(columns), *(part[columns] for part in parts))

    def sweep(
        self, weights: FloatArray, bias: FloatArray, pointwise: Pointwise, *, gram: bool = False
    ) -> Sums:
        """Read all rows once: X̃ Wᵀ + b, what ``pointwise`` makes of it, and its sums.

        Parameters
        ----------
        weights : ndarray of shape (n_outputs, n_features)
        bias : ndarray of shape (n_outputs,)
        pointwise : callable
            Gets X̃ Wᵀ + b as (n_rows,) for one output, else (n_rows, n_outputs).
        gram : bool
        """
        raw = weights * self._inverse
        offset = bias - raw @ self._left

        def over(part: range) -> Sums:
            """Return the sums over a range of rows."""
            sums = self._zeros(len(bias), gram)
            dense = gram and not self.design.is_thin
            blocks = self.design.dense_blocks(part) if dense else self.design.blocks(part)
            work = Workspace()
            for rows, block in blocks:
                data = block if self._shift is None else work.centered(block, self._shift)
                z = times_rows(raw, data)
                z += offset
                value, slopes, h = pointwise(rows, z)
                sums.value += value
                self._add_products(sums, rows, data, slopes)
                if gram and h is not None:
                    self._add_gram(sums, data, h, work)
            return sums

        pieces = self.design.fixed_parts() if self._is_steady else self.design.parts()
        parts = run_parts(over, pieces)
        total = parts[0]
        for part in parts[1:]:
            total.add(part)
        total.weights -= np.outer(total.bias, self._left)
        total.weights *= self._inverse
        return total

    def forward(self, weights: FloatArray, bias: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        n, k = self.design.shape[0], len(bias)
        out = np.empty(n) if k == 1 else np.empty((k, n)).T

        def keep(rows: slice, z: FloatArray) -> tuple[float, FloatArray, None]:
            """Put z away."""
            out[rows] = z
            return 0.0, z[:0], None

        self.sweep(weights, bias, keep)
        return out

    def dense_blocks(self, n_rows: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield (rows, X̃ of these rows) as float64 arrays of their own."""
        for rows, data in self.design.dense_blocks(range(self.design.shape[0]), n_rows):
            yield rows, (data - self.center) * self._inverse

    def second_moments(self, weights: FloatArray) -> FloatArray:
        """Return the weighted mean of x̃² of each column."""
        moments = column_moments(self.design, weights, center=True)
        if moments is None:
            return np.full(len(self.scale), np.nan)
        away = moments.mean - self.center
        return np.asarray((moments.deviation**2 + away**2) * self._inverse**2)

    def squares(self, column_weights: FloatArray) -> FloatArray:
        """Return Σⱼ cⱼ x̃ⱼ² of each row for column weights c."""
        out = np.empty(self.shape[0])
        per_square = column_weights * self._inverse**2

        def over(part: range) -> None:
            """Put those of a range of rows away."""
            if not self.design.is_thin:
                for rows, data in self.design.dense_blocks(part):
                    out[rows] = (data - self.center) ** 2 @ per_square
                return
            # What is not stored adds the square of the center: only differences from it are
            # summed, Σ c (x² - 2 x center).
            for rows, data in self.design.blocks(part):
                squared = assemble(data, data.data * data.data, data.indices, data.indptr)
                out[rows] = squared @ per_square
                out[rows] -= data @ (2 * self.center * per_square)
                out[rows] += self.center**2 @ per_square

        run_parts(over, self.design.fixed_parts())
        return out

    def _zeros(self, k: int, gram: bool) -> Sums:
        d = len(self.scale)
        return Sums(
            0.0,
            np.zeros((k, d)),
            np.zeros(k),
            np.zeros((k, d + 1, k, d + 1)) if gram else None,
        )

    def _add_products(self, sums: Sums, rows: slice, data: Any, slopes: FloatArray) -> None:
        if len(slopes) == 0:
            return
        if sparse.issparse(data):
            sums.weights += np.asarray(self.design.transposed(rows, data) @ slopes).T
        else:
            sums.weights += slopes.T @ data
        sums.bias += slopes.sum(axis=0)

    def _add_gram(self, sums: Sums, data: Any, h: Curvatures, work: Workspace) -> None:
        assert sums.gram is not None
        if sparse.issparse(data):
            for i, j in combinations_with_replacement(range(len(sums.bias)), 2):
                part = _sparse_gram(data, _pair(h, i, j), self._left, self._inverse)
                sums.gram[i, :, j] += part
                if i < j:
                    sums.gram[j, :, i] += part
        else:
            add_gram(sums.gram, work.rows(data, self._left, self._inverse), h, work)


def _pair(h: Curvatures, i: int, j: int) -> FloatArray:
    """Return the weights of one pair of outputs."""
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
        shares = np.repeat(weights[rows], np.diff(part.indptr))
        weighted = assemble(part, part.data * shares, part.indices, part.indptr)
        product += (transposed(part).tocsr() @ weighted).toarray()
    sums = np.asarray(transposed(data) @ weights)
    total = float(weights.sum())
    cross = np.outer(sums, center)
    product += total * np.outer(center, center) - cross - cross.T
    out = np.empty((d + 1, d + 1))
    out[:d, :d] = product * inverse * inverse[:, None]
    out[d, :d] = out[:d, d] = (sums - total * center) * inverse
    out[d, d] = total
    return out
