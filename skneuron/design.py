"""The design matrix: passes over X in blocks of rows, on columns brought to one scale.

Solvers see ``x̃ = (x - center) / scale``. That matrix is never stored: every block
works on the rows of X as they lie in memory and corrects sums for the center, so C
order, Fortran order and memory-mapped arrays are read without a copy. So are thin CSR
and CSC matrices in products with vectors; a Hessian of dense blocks wants CSR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray, FloatArray

__all__ = ["Block", "DesignMatrix", "StandardizedDesign"]

# A block of this many elements is 1 MB: it stays in the second-level cache between the
# product with the weights and the product with the slopes.
BLOCK_ELEMENTS = 2**17

# Subtracting the center from a sum instead of from every element costs about
# log10(|center| / deviation) digits. Beyond four digits dense blocks are centered first.
MAX_CENTER_RATIO = 1e4

# Above this share of stored elements a dense product of a sparse block is faster.
DENSE_SHARE = 0.1


@dataclass(frozen=True)
class Moments:
    """Weighted column statistics: what it takes to bring columns to one scale."""

    mean: FloatArray
    deviation: FloatArray


class Block:
    """Some rows of the standardized matrix.

    Parameters
    ----------
    rows : slice
        Which rows of X these are.
    data : ndarray or sparse array of shape (n_rows, n_features)
    center, scale : ndarray of shape (n_features,)
    """

    def __init__(self, rows: slice, data: Any, center: FloatArray, scale: FloatArray) -> None:
        self.rows = rows
        self._data = data
        self._center = center
        self._scale = scale

    def forward(self, weights: FloatArray, bias: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b: shape (n_rows,) for one output, else (n_rows, n_outputs)."""
        raw = weights / self._scale
        offset = bias - raw @ self._center
        if len(raw) == 1:
            return np.asarray(self._data @ raw[0] + offset[0])
        return np.asarray(self._data @ raw.T + offset)

    def backward(self, slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (Rᵀ X̃, column sums of R) for R of the shape that forward returns."""
        slopes = slopes.reshape(len(slopes), -1)
        total = slopes.sum(axis=0)
        product = np.asarray((self._data.T @ slopes).T)
        return (product - np.outer(total, self._center)) / self._scale, total

    def dense(self) -> FloatArray:
        """Return the rows of X̃ as a float64 array of their own."""
        data = self._data.toarray() if sparse.issparse(self._data) else self._data
        return np.asarray((data - self._center) / self._scale)

    def gram(self, weights: FloatArray) -> FloatArray:
        """Return [X̃, 1]ᵀ diag(weights) [X̃, 1], of shape (n_features + 1, n_features + 1)."""
        d = len(self._scale)
        out = np.empty((d + 1, d + 1))
        if sparse.issparse(self._data):
            weighted = sparse.diags(weights) @ self._data
            sums = np.asarray(weighted.sum(axis=0)).ravel()
            total = float(weights.sum())
            product = np.asarray((self._data.T @ weighted).todense())
            cross = np.outer(sums, self._center)
            product = product - cross - cross.T + total * np.outer(self._center, self._center)
            out[:d, :d] = product / self._scale / self._scale[:, None]
            out[d, :d] = (sums - total * self._center) / self._scale
            out[d, d] = total
        else:
            rows = self.dense()
            weighted = rows * weights[:, None]
            out[:d, :d] = weighted.T @ rows
            out[d, :d] = weighted.sum(axis=0)
            out[d, d] = weights.sum()
        out[:d, d] = out[d, :d]
        return out


class DesignMatrix:
    """Read-only view of X for passes in row blocks.

    Parameters
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
        float32 or float64, finite; sums are always taken in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> X = DesignMatrix(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> X.moments(np.array([0.5, 0.5]), center=True).deviation.round(9).tolist()
    [1.0, 10.0]
    """

    def __init__(self, X: Any) -> None:
        if sparse.issparse(X) and not X.has_canonical_format:
            # Entries that stand twice count as their sum; column statistics need it.
            X = X.copy()
            X.sum_duplicates()
        self.shape: tuple[int, int] = X.shape
        self.is_sparse = bool(sparse.issparse(X))
        # So few elements are stored that sparse products pay.
        self.is_thin = self.is_sparse and X.nnz < DENSE_SHARE * X.shape[0] * X.shape[1]
        self._X = X.tocsr() if self.is_sparse and not self.is_thin else X

    def chunks(self, n_rows: int | None = None) -> Iterator[tuple[slice, Any]]:
        """Yield (rows, float64 data) of ``n_rows`` rows, by default ``BLOCK_ELEMENTS`` elements."""
        n, d = self.shape
        size = n_rows or max(1, BLOCK_ELEMENTS // max(1, d))
        source = self._X.tocsr() if self.is_sparse else self._X
        for start in range(0, n, size):
            rows = slice(start, min(n, start + size))
            data = source[rows]
            yield rows, data.toarray() if self.is_sparse else data.astype(np.float64, copy=False)

    def whole(self) -> tuple[slice, Any]:
        """Return all rows at once, as they are: what a sparse matrix multiplies best."""
        return slice(0, self.shape[0]), self._X

    def moments(self, weights: FloatArray, *, center: bool) -> Moments:
        """Return weighted mean and deviation from it of each column.

        Parameters
        ----------
        weights : ndarray of shape (n_samples,)
            Positive, of sum 1.
        center : bool
            If False the mean is taken to be 0: there is no bias to absorb another.

        Notes
        -----
        Deviations are taken of x / max|x|, so that squares neither overflow nor
        underflow whatever the unit of a column is. A column of one value only has
        deviation 0 exactly.
        """
        low, high, mean = (self._sparse_location if self.is_sparse else self._dense_location)(
            weights
        )
        largest = np.maximum(high, -low)
        unit = np.where(largest > 0, largest, 1.0)
        # Between its bounds the mean of a constant column is that constant, not rounding.
        mean = np.clip(mean, low, high) if center else np.zeros_like(mean)
        spread = self._sparse_spread if self.is_sparse else self._dense_spread
        bias, variance = spread(weights, mean, unit)
        if center:
            # What rounding has left of the mean, seen from the mean.
            mean = np.clip(mean + bias * unit, low, high)
            variance = np.maximum(0.0, variance - bias**2)
        return Moments(mean, np.sqrt(variance) * unit)

    def _dense_location(self, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        d = self.shape[1]
        low, high, mean = np.full(d, np.inf), np.full(d, -np.inf), np.zeros(d)
        for rows, data in self.chunks():
            low = np.minimum(low, data.min(axis=0))
            high = np.maximum(high, data.max(axis=0))
            mean += weights[rows] @ data
        return low, high, mean

    def _dense_spread(
        self, weights: FloatArray, mean: FloatArray, unit: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        bias, variance = np.zeros_like(mean), np.zeros_like(mean)
        for rows, data in self.chunks():
            # Halves first: the difference of two doubles may be none.
            deviations = 2 * ((data / 2 - mean / 2) / unit)
            bias += weights[rows] @ deviations
            variance += weights[rows] @ deviations**2
        return bias, variance

    def _entries(self) -> tuple[AnyArray, AnyArray, FloatArray]:
        """Rows, columns and float64 values of what a sparse matrix stores."""
        entries = self._X.tocoo()
        return entries.row, entries.col, entries.data.astype(np.float64, copy=False)

    def _sparse_location(self, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        n, d = self.shape
        rows, columns, values = self._entries()
        full = np.bincount(columns, minlength=d) >= n
        low, high = np.where(full, np.inf, 0.0), np.where(full, -np.inf, 0.0)
        np.minimum.at(low, columns, values)
        np.maximum.at(high, columns, values)
        return low, high, np.bincount(columns, weights[rows] * values, d).astype(np.float64)

    def _sparse_spread(
        self, weights: FloatArray, mean: FloatArray, unit: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        n, d = self.shape
        rows, columns, values = self._entries()
        shares = weights[rows]
        deviations = 2 * ((values / 2 - mean[columns] / 2) / unit[columns])
        # What is not stored is zero, of which the deviation is that of the mean.
        full = np.bincount(columns, minlength=d) >= n
        zeros = np.where(full, 0.0, np.maximum(0.0, 1 - np.bincount(columns, shares, d)))
        bias = np.bincount(columns, shares * deviations, d) - zeros * (mean / unit)
        variance = np.bincount(columns, shares * deviations**2, d) + zeros * (mean / unit) ** 2
        return bias, variance


class StandardizedDesign:
    """Blocks of x̃ = (x - center) / scale.

    Parameters
    ----------
    design : DesignMatrix
    center, scale, deviation : ndarray of shape (n_features,)
        ``scale`` is positive; ``deviation`` tells where ``center`` is so far from 0
        that it has to be subtracted element by element.
    """

    def __init__(
        self, design: DesignMatrix, center: FloatArray, scale: FloatArray, deviation: FloatArray
    ) -> None:
        self.design = design
        self.center = center
        self.scale = scale
        far = np.abs(center) / MAX_CENTER_RATIO > deviation
        self._shift: AnyArray | None = None
        if not design.is_sparse and np.any(far & (deviation > 0)):
            self._shift = center
        self._left = np.zeros_like(center) if self._shift is not None else center

    def blocks(self) -> Iterator[Block]:
        """Yield blocks for products with vectors; a sparse matrix is one block."""
        if self.design.is_sparse:
            rows, data = self.design.whole()
            yield Block(rows, data, self.center, self.scale)
        else:
            yield from self.dense_blocks()

    def gram_blocks(self) -> Iterator[Block]:
        """Yield blocks for :meth:`Block.gram`: dense ones unless few elements are stored."""
        if self.design.is_thin:
            yield from self.blocks()
        else:
            yield from self.dense_blocks()

    def dense_blocks(self, n_rows: int | None = None) -> Iterator[Block]:
        """Yield dense blocks of ``n_rows`` rows."""
        for rows, data in self.design.chunks(n_rows):
            shifted = data if self._shift is None else data - self._shift
            yield Block(rows, shifted, self._left, self.scale)
