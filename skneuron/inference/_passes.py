"""Sums over all rows, block by block, on centered and scaled free columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_on_one_thread, run_parts
from skneuron.design import DesignMatrix, column_moments

__all__ = ["Coordinates", "grams", "leverages", "root", "score", "triangle"]

# A column is constant if its deviation is at most this number of rounding errors of its mean.
_CONSTANT = 4

# A constant column of at most this value is zero: StandardScaler leaves such values of constants.
# The unit is the intercept's own column of ones.
_ZERO = 1e-12

# Number of elements of a block, 1 MB of float64.
_BLOCK_ELEMENTS = 2**17

# Minimum ratio of rows to columns of a block. The triangle of the block is then small.
_TALL = 8


@dataclass(frozen=True)
class Coordinates:
    """Free columns, scaled, and centered if there is an intercept, which is the last one.

    Columns of widely different scales, and columns that hardly vary around a large mean, then
    cost no digits.
    """

    columns: AnyArray
    mean: FloatArray
    scale: FloatArray
    has_bias: bool

    @classmethod
    def of(
        cls,
        X: DesignMatrix,
        weights: FloatArray,
        columns: AnyArray,
        has_bias: bool,
        eps: float,
    ) -> Coordinates:
        """Compute the columns' weighted mean and deviation, with ``eps`` the precision of X."""
        shares = weights / weights.max()
        shares /= shares.sum()
        with blas_on_one_thread():
            moments = column_moments(X, shares, center=has_bias)
        if moments is None:
            raise ValueError(
                "The column sums of X overflow float64. Expected values on a smaller scale. "
                "Rescale X, for example X / 1e100."
            )
        mean, deviation = moments.mean[columns], moments.deviation[columns]
        size = np.abs(mean)
        # The scale of a constant column is its value, so that notes do not depend on the unit.
        constant = np.where(size > _ZERO, size, 1.0)
        is_constant = deviation <= _CONSTANT * eps * size
        return cls(columns, mean, np.where(is_constant, constant, deviation), has_bias)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.columns) + self.has_bias

    def of_weights(self, per_weight: FloatArray) -> FloatArray:
        """Return one number per feature divided by the scales, and 0 for the intercept."""
        out = np.zeros(self.size)
        out[: len(self.columns)] = per_weight[self.columns] / self.scale
        return out

    def scaled(self, coef: FloatArray) -> FloatArray:
        """Return the coefficients of the scaled columns, and 0 for the intercept."""
        out = np.zeros(self.size)
        out[: len(self.columns)] = coef[self.columns] * self.scale
        return out

    def rows(self, data: FloatArray) -> FloatArray:
        """Return rows of X in these coordinates."""
        out = np.ones((len(data), self.size))
        inner = out[:, : len(self.columns)]
        own = data if len(self.columns) == data.shape[1] else data[:, self.columns]
        np.subtract(own, self.mean, out=inner)
        inner /= self.scale
        return out

    def rounding(self, eps: float) -> FloatArray:
        """Return rounding errors of the columns of X, in units of the scaled columns.

        ``eps`` is the precision of X.
        """
        far = np.ones(self.size)
        far[: len(self.mean)] += np.abs(self.mean) / self.scale
        return eps * far

    def jacobian(self) -> FloatArray:
        """Return the matrix from parameters in these coordinates to w and b."""
        out = np.eye(self.size)
        k = len(self.columns)
        out[range(k), range(k)] = 1 / self.scale
        if self.has_bias:
            out[k, :k] = -self.mean / self.scale
        return out


def root(X: DesignMatrix, coordinates: Coordinates, information: FloatArray) -> FloatArray:
    """Return a triangle R with RᵀR = Σ hᵢ x̃ᵢx̃ᵢᵀ.

    The triangle comes from QR factors of the blocks. The sum of products would lose half of
    the digits of its singular values.
    """

    def over(part: range) -> FloatArray:
        """Return the triangle of a range of rows."""
        out = np.zeros((0, coordinates.size))
        for rows, data in X.dense_blocks(part, _block_rows(X)):
            block = np.sqrt(information[rows])[:, None] * coordinates.rows(data)
            out = triangle(np.vstack([out, triangle(block)]))
        return out

    with blas_on_one_thread():
        return triangle(np.vstack(run_parts(over, X.fixed_parts())))


def triangle(rows: FloatArray) -> FloatArray:
    """Return the triangle R of a QR factorization."""
    return np.asarray(np.linalg.qr(rows, mode="r"))


def score(X: DesignMatrix, coordinates: Coordinates, slopes: FloatArray) -> FloatArray:
    """Return Σ gᵢ x̃ᵢ."""

    def over(part: range) -> FloatArray:
        """Return the sum over a range of rows."""
        out = np.zeros(coordinates.size)
        for rows, data in X.dense_blocks(part, _block_rows(X)):
            out += slopes[rows] @ coordinates.rows(data)
        return out

    with blas_on_one_thread(), np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.sum(run_parts(over, X.fixed_parts()), axis=0))


def grams(
    X: DesignMatrix, coordinates: Coordinates, basis: FloatArray, curvatures: Sequence[FloatArray]
) -> list[FloatArray]:
    """Return Σ hᵢ uᵢuᵢᵀ for each of the curvatures, with u = Bᵀx̃ for a basis B (p, r)."""
    r = basis.shape[1]

    def over(part: range) -> list[FloatArray]:
        """Return the sums over a range of rows."""
        sums = [np.zeros((r, r)) for _ in curvatures]
        for rows, data in X.dense_blocks(part, _block_rows(X)):
            u = coordinates.rows(data) @ basis
            for out, h in zip(sums, curvatures, strict=True):
                out += (u * h[rows, None]).T @ u
        return sums

    with blas_on_one_thread():
        parts = run_parts(over, X.fixed_parts())
    return [np.sum([part[k] for part in parts], axis=0) for k in range(len(curvatures))]


def leverages(
    X: DesignMatrix, coordinates: Coordinates, basis: FloatArray, expected: FloatArray
) -> FloatArray:
    """Return hᵢ ‖Bᵀx̃ᵢ‖² of each row, for the basis B that makes Σ hᵢ x̃ᵢx̃ᵢᵀ the identity."""
    out = np.empty(X.shape[0])

    def over(part: range) -> None:
        """Store the leverages of a range of rows."""
        for rows, data in X.dense_blocks(part, _block_rows(X)):
            inside = coordinates.rows(data) @ basis
            out[rows] = expected[rows] * np.einsum("ij,ij->i", inside, inside)

    with blas_on_one_thread():
        run_parts(over, X.fixed_parts())
    return out


def _block_rows(X: DesignMatrix) -> int:
    d = X.shape[1] + 1
    return max(_TALL * d, _BLOCK_ELEMENTS // d)
