"""Preconditioners of conjugate gradients: matrices that are like the Hessian, and cheap."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
from scipy import linalg

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._tolerances import CURVATURE_FLOOR, DENSE_PARAMS, REGULAR

__all__ = [
    "BlockPreconditioner",
    "DiagonalPreconditioner",
    "Preconditioner",
    "has_bounded_condition",
    "has_small_blocks",
    "preconditioner",
    "prefers_products",
]

# Number of elements up to which the blocks of all outputs are kept (64 MB).
_MAX_ELEMENTS = 2**23

# Number of rows, per coordinate of an output, from which blocks are taken: more save few products.
_ROWS_PER_COORDINATE = 4

# Number of rows from which blocks are taken at least.
_MIN_ROWS = 2000

# A block costs, per row and column, this fraction of a product with the Hessian (measured).
_BLOCK_COST = 1 / 7

# Cube of the number of parameters, per stored element of X, from which a factored Hessian costs
# more than the products that replace it (measured).
_FACTOR_COST = 1000

# Overhead of a block, as a number of columns (measured).
_BLOCK_OVERHEAD = 100


class Preconditioner(Protocol):
    """A positive definite matrix M like the Hessian."""

    cost: float
    """Cost of renewing M, in products with the Hessian."""

    def at(self, params: FloatArray) -> Self:
        """Renew M at these parameters."""

    def solve(self, vector: FloatArray) -> FloatArray:
        """Return M⁻¹ u."""


def has_small_blocks(objective: ObjectiveProtocol) -> bool:
    """Return whether the objective is of a layer, with a small Hessian for each output."""
    return objective.dims.n_outputs > 1 and objective.dims.n_coordinates <= DENSE_PARAMS


def prefers_products(objective: ObjectiveProtocol) -> bool:
    """Return whether many products with the Hessian of one output cost less than to factor it."""
    p, coordinates = objective.dims.n_coordinates, objective.coordinates
    elements = objective.dims.n_samples * objective.rows.row_elements
    if p**3 < _FACTOR_COST * elements or objective.dims.n_outputs > 1 or coordinates.is_unequal:
        return False
    return objective.loss.convex and has_bounded_condition(objective)


def has_bounded_condition(objective: ObjectiveProtocol) -> bool:
    """Return whether each coefficient has a penalty that products with the Hessian show."""
    d = objective.dims.n_features
    ridge, curvature = objective.penalty.ridge[:d], objective.zero_diagonal()[:d]
    return bool(np.all(ridge > REGULAR * curvature))


def preconditioner(objective: ObjectiveProtocol) -> Preconditioner:
    """Return the best preconditioner that is affordable.

    The inverse of a Hessian of collinear columns multiplies the rounding errors of a gradient.
    """
    if objective.dims.n_coordinates > DENSE_PARAMS or prefers_products(objective):
        return DiagonalPreconditioner(objective)
    if objective.dims.n_outputs == 1:
        hessian = objective.curvature(objective.at_zero()).matrix()
        factor, info = linalg.lapack.dpotrf(hessian, lower=1)
        if info != 0 or np.any(np.diag(factor) ** 2 <= REGULAR * np.diag(hessian)):
            return DiagonalPreconditioner(objective)
    return BlockPreconditioner(objective)


class DiagonalPreconditioner:
    """The diagonal of the curvature at which all linear predictors are zero."""

    cost = float(np.inf)

    def __init__(self, objective: ObjectiveProtocol) -> None:
        self._diagonal = objective.zero_diagonal()

    def at(self, params: FloatArray) -> Self:
        """Return the same diagonal."""
        return self

    def solve(self, vector: FloatArray) -> FloatArray:
        """Return D⁻¹ u."""
        return vector / self._diagonal


class BlockPreconditioner:
    """The Hessian of each output's own coefficients, or the mean of these blocks.

    At zero coefficients the blocks of a softmax layer are equal (Böhning, Ann. Inst. Stat. Math.
    44, 1992), and their mean is used. At other coefficients the mean needs two to six times as
    many products as the blocks (digits, images). It serves layers with blocks that would be too
    large, and layers with a summary of past chunks.

    A softmax does not depend on a shift that all outputs have in common, so gradients and
    coefficients have no such part. Rounding errors of that part must not be divided by a small
    penalty: it is left out, except with a summary of past chunks.

    Parameters
    ----------
    objective : ObjectiveProtocol
        If it has many rows, blocks come from a fixed subsample.
    """

    def __init__(self, objective: ObjectiveProtocol) -> None:
        m, n, k = objective.dims.n_coordinates, objective.dims.n_samples, objective.dims.n_outputs
        rows = max(_MIN_ROWS, _ROWS_PER_COORDINATE * m)
        self._subsample = objective
        if rows < n:
            self._subsample = objective.sample(rows, np.random.default_rng(0))
        self._has_shift = k > 1 and not objective.has_summary
        self._one_each = self._has_shift and k * m * m <= _MAX_ELEMENTS
        self.cost = _BLOCK_COST * min(rows, n) / n * (m + _BLOCK_OVERHEAD)
        self.cost /= 1 if self._one_each else k
        self._shape = (k, m)
        self._factors: list[FloatArray] = []

    def at(self, params: FloatArray) -> Self:
        """Renew the blocks at these parameters."""
        if self._shape[0] == 1:
            blocks = [self._subsample.curvature(params).matrix()]
        elif self._one_each and np.any(params):
            blocks = list(self._subsample.curvature(params).own_blocks())
        else:
            blocks = [self._subsample.curvature(params).mean_block()]
        # The least floor comes from the mean of all blocks: an impossible class has no curvature.
        # Each coordinate has its own, as a huge value of a column must not hide the intercept.
        least = CURVATURE_FLOOR * np.mean([np.diag(block) for block in blocks], axis=0)
        for k, block in enumerate(blocks):
            block.flat[:: len(block) + 1] += CURVATURE_FLOOR * np.maximum(np.diag(block), least)
            blocks[k] = _factor(block)
        self._factors = blocks
        return self

    def solve(self, vector: FloatArray) -> FloatArray:
        """Return M⁻¹ u."""
        u = vector.reshape(self._shape)
        if self._has_shift:
            u = u - u.mean(axis=0)
        if len(self._factors) == 1:
            out = _solve(self._factors[0], u.T).T
        else:
            out = np.stack([_solve(f, row) for f, row in zip(self._factors, u, strict=True)])
        if self._has_shift:
            out = out - out.mean(axis=0)
        return np.asarray(out).ravel()


def _factor(matrix: FloatArray) -> FloatArray:
    """Return the lower Cholesky factor, or the diagonal's factor if there is none."""
    factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=1)
    if info != 0 or not np.all(np.isfinite(factor[-1])):
        return np.diag(np.sqrt(np.maximum(np.diag(matrix), np.finfo(np.float64).tiny)))
    return np.asarray(factor)


def _solve(factor: FloatArray, columns: FloatArray) -> FloatArray:
    solution, _ = linalg.lapack.dpotrs(factor, columns, lower=1)
    return np.asarray(solution)
