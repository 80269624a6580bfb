"""Sums over all rows, block by block: the root of an information, and projections of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skneuron._threads import blas_on_one_thread, run_parts
from skneuron._typing import AnyArray, FloatArray
from skneuron.design import DesignMatrix, column_moments
from skneuron.inference._observations import Observations

__all__ = ["Coordinates", "grams", "root"]

# A block has 1 MB, and many more rows than columns: its triangle is then small beside it.
_BLOCK_ELEMENTS, _TALL = 2**17, 8


@dataclass(frozen=True)
class Coordinates:
    """Free columns, centered (if there is a bias) and scaled; the bias is the last one.

    Columns whose sizes differ by many powers of ten, or that hardly vary around a large
    mean, are then as good as any.
    """

    columns: AnyArray
    mean: FloatArray
    scale: FloatArray
    has_bias: bool

    @classmethod
    def of(cls, observations: Observations, columns: AnyArray, has_bias: bool) -> Coordinates:
        """Take the columns' mean and deviation."""
        weights = observations.weights / observations.weights.max()
        weights /= weights.sum()
        with blas_on_one_thread():
            moments = column_moments(observations.design, weights, center=has_bias)
        if moments is None:
            raise ValueError("X has values whose sums are beyond float64: rescale it")
        mean, scale = moments.mean[columns], moments.deviation[columns]
        # A constant column has no scale of its own but its size.
        scale = np.where(scale > 0, scale, np.where(mean != 0, np.abs(mean), 1.0))
        return cls(columns, mean, scale, has_bias)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.columns) + self.has_bias

    @property
    def rounding(self) -> float:
        """Error of the centered columns, relative to their scale."""
        worst = np.max(np.abs(self.mean) / self.scale, initial=1.0)
        return float(np.finfo(np.float64).eps * worst)

    def rows(self, data: FloatArray) -> FloatArray:
        """Return rows of X in these coordinates."""
        out = np.ones((len(data), self.size))
        np.subtract(data[:, self.columns], self.mean, out=out[:, : len(self.columns)])
        out[:, : len(self.columns)] /= self.scale
        return out

    def jacobian(self) -> FloatArray:
        """Return the matrix that takes parameters of these coordinates to w and b."""
        out = np.eye(self.size)
        k = len(self.columns)
        out[range(k), range(k)] = 1 / self.scale
        if self.has_bias:
            out[k, :k] = -self.mean / self.scale
        return out


def root(X: DesignMatrix, coordinates: Coordinates, information: FloatArray) -> FloatArray:
    """Return a matrix R of ≤ 2p rows, with RᵀR = Σ hᵢ xᵢxᵢᵀ.

    From QR factors of the blocks, so that its singular values have the digits that the
    sum of products would have lost half of.
    """

    def over(part: range) -> FloatArray:
        """Return the triangle of a range of rows."""
        out = np.zeros((0, coordinates.size))
        for rows, data in X.dense_blocks(part, _block_rows(X)):
            block = np.sqrt(information[rows])[:, None] * coordinates.rows(data)
            out = np.vstack([out, np.linalg.qr(block, mode="r")])
            out = np.linalg.qr(out, mode="r")
        return out

    with blas_on_one_thread():
        return np.linalg.qr(np.vstack(run_parts(over, X.fixed_parts())), mode="r")


def grams(
    X: DesignMatrix,
    coordinates: Coordinates,
    basis: FloatArray,
    curvatures: Sequence[FloatArray],
    slopes: FloatArray,
) -> tuple[list[FloatArray], FloatArray, FloatArray]:
    """Return sums over the rows u = Bᵀx, for a basis B of shape (p, r).

    Returns
    -------
    list of ndarray of shape (r, r)
        Σ hᵢ uᵢuᵢᵀ for each of the curvatures.
    ndarray of shape (r,)
        Σ gᵢ uᵢ.
    ndarray of shape (n_samples,)
        ‖uᵢ‖².
    """
    squares = np.empty(X.shape[0])
    r = basis.shape[1]

    def over(part: range) -> tuple[list[FloatArray], FloatArray]:
        """Return the sums of a range of rows."""
        sums, score = [np.zeros((r, r)) for _ in curvatures], np.zeros(r)
        for rows, data in X.dense_blocks(part, _block_rows(X)):
            u = coordinates.rows(data) @ basis
            np.einsum("ij,ij->i", u, u, out=squares[rows])
            score += slopes[rows] @ u
            for out, h in zip(sums, curvatures, strict=True):
                out += (u * h[rows, None]).T @ u
        return sums, score

    with blas_on_one_thread():
        parts = run_parts(over, X.fixed_parts())
    totals = [np.sum([part[0][k] for part in parts], axis=0) for k in range(len(curvatures))]
    return totals, np.sum([part[1] for part in parts], axis=0), squares


def _block_rows(X: DesignMatrix) -> int:
    d = X.shape[1] + 1
    return max(_TALL * d, _BLOCK_ELEMENTS // d)
