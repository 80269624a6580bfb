"""What conjugate gradients divide by: a matrix like the Hessian, and cheap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers.newton._curvature import DENSE_PARAMS

__all__ = ["DiagonalCurvature", "LayerBlocks", "divisor", "has_small_blocks"]

# Blocks of all outputs are kept while they have no more elements than these, 64 MB.
_ELEMENTS = 2**23

# Rows a weight that blocks are taken from, and at least: more of them save few products.
_ROWS, _LEAST = 4, 2000

# All blocks cost, for each of their rows, so many times as much per column as a product
# with the Hessian for a row, and as for so many columns more (measured).
_TIMES, _COLUMNS = 1 / 7, 100

# Of the mean diagonal, added to it: collinear columns leave nothing to divide by. Small
# enough that directions which a usual penalty holds are still seen as they are.
_FLOOR = 1e-10


def has_small_blocks(objective: ObjectiveProtocol) -> bool:
    """Whether it is of a layer, the weights of one output few enough to factor a matrix for."""
    return objective.dims.n_outputs > 1 and objective.dims.n_coordinates <= DENSE_PARAMS


def divisor(objective: ObjectiveProtocol, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return u ↦ M⁻¹u for the best M that can be had."""
    if has_small_blocks(objective):
        return LayerBlocks(objective).at(params).divide
    return DiagonalCurvature(objective).divide


class DiagonalCurvature:
    """The diagonal of the curvature where all pre-activations are zero."""

    def __init__(self, objective: ObjectiveProtocol) -> None:
        self._diagonal = objective.zero_diagonal()

    def divide(self, vector: FloatArray) -> FloatArray:
        """Return D⁻¹ u."""
        return vector / self._diagonal

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -D⁻¹ g."""
        return -self.divide(gradient)

    def is_blind(self, gradient: FloatArray) -> bool:
        """Return False: there is curvature in every direction."""
        return False


class LayerBlocks:
    """Each output's own block of a layer's Hessian, or the mean of them.

    At zero weights the blocks of a softmax layer are alike (Böhning, Ann. Inst. Stat. Math.
    44, 1992) and their mean is taken. Elsewhere it needs two to six times as many products
    as the blocks (digits, images), and is for layers whose blocks would be too large, and that
    have a memory.
    What all outputs have in common is left out, but for a memory: a softmax does not see it,
    so that it is zero in the weights and in every gradient. What rounding leaves of it there
    must not be divided by a small penalty.

    Parameters
    ----------
    objective : ObjectiveProtocol
        Of many rows a part is looked at, which is always the same one.
    """

    def __init__(self, objective: ObjectiveProtocol) -> None:
        m, n, k = objective.dims.n_coordinates, objective.dims.n_samples, objective.dims.n_outputs
        rows = max(_LEAST, _ROWS * m)
        self._part = objective
        if rows < n:
            self._part = objective.sample(rows, np.random.default_rng(0))
        self._has_memory = objective.has_summary
        self._one_each = not self._has_memory and k * m * m <= _ELEMENTS
        #: What taking them costs, in products with the Hessian.
        self.cost = _TIMES * min(rows, n) / n * (m + _COLUMNS) / (1 if self._one_each else k)
        self._shape = (k, m)
        self._factors: list[FloatArray] = []

    def at(self, params: FloatArray) -> LayerBlocks:
        """Take the blocks at these parameters from now on."""
        if self._one_each and np.any(params):
            blocks = list(self._part.curvature(params).own_blocks())
        else:
            blocks = [self._part.curvature(params).mean_block()]
        # One for all: a class that no row could be of has no curvature to take a share of.
        floor = _FLOOR * float(np.mean([np.diag(block).mean() for block in blocks]))
        for k, block in enumerate(blocks):
            block.flat[:: len(block) + 1] += floor
            blocks[k] = _factor(block)
        self._factors = blocks
        return self

    def divide(self, vector: FloatArray) -> FloatArray:
        """Return M⁻¹ u."""
        u = vector.reshape(self._shape)
        if self._has_memory:
            return np.asarray(_solve(self._factors[0], u.T).T).ravel()
        u = u - u.mean(axis=0)
        if len(self._factors) == 1:
            out = _solve(self._factors[0], u.T).T
        else:
            out = np.stack([_solve(f, row) for f, row in zip(self._factors, u, strict=True)])
        return np.asarray(out - out.mean(axis=0)).ravel()


def _factor(matrix: FloatArray) -> FloatArray:
    """Return the lower Cholesky factor, that of the diagonal where there is none."""
    factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=1)
    if info != 0 or not np.all(np.isfinite(factor[-1])):
        return np.diag(np.sqrt(np.maximum(np.diag(matrix), np.finfo(np.float64).tiny)))
    return np.asarray(factor)


def _solve(factor: FloatArray, columns: FloatArray) -> FloatArray:
    solution, _ = linalg.lapack.dpotrs(factor, columns, lower=1)
    return np.asarray(solution)
