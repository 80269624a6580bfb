"""What conjugate gradients divide by: a matrix like the Hessian, and cheap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.solvers._curvature import DENSE_PARAMS

__all__ = ["DiagonalCurvature", "SharedCurvature", "can_share", "divisor"]

# Rows a weight that the matrix is taken from, and at least: more of them save few products.
_ROWS, _LEAST = 4, 2000

# Of the mean diagonal, added to it: collinear columns leave nothing to divide by. Small
# enough that directions which a usual penalty holds are still seen as they are.
_FLOOR = 1e-10


def can_share(objective: Objective) -> bool:
    """Whether it is of a layer, the weights of one output few enough to factor a matrix for."""
    return objective.n_outputs > 1 and objective.n_coordinates <= DENSE_PARAMS


def divisor(objective: Objective, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return u ↦ M⁻¹u for the best M that can be had."""
    if can_share(objective):
        return SharedCurvature(objective).at(params).divide
    return DiagonalCurvature(objective).divide


class DiagonalCurvature:
    """The diagonal of the curvature where all pre-activations are zero."""

    def __init__(self, objective: Objective) -> None:
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


class SharedCurvature:
    """One matrix for all outputs of a layer: the mean of their own blocks of the Hessian.

    At zero weights a softmax layer's Hessian is this one, but for directions in which
    it has no gradient (Böhning, Ann. Inst. Stat. Math. 44, 1992). Elsewhere a block per
    class would save no product and cost K times as much.

    Parameters
    ----------
    objective : Objective
        Of many rows a part is looked at, which is always the same one.
    """

    def __init__(self, objective: Objective) -> None:
        m, n = objective.n_coordinates, objective.n_samples
        rows = max(_LEAST, _ROWS * m)
        self._part = objective
        if rows < n:
            self._part = objective.subsample(rows, np.random.default_rng(0))
        #: What the matrix costs, in products with the Hessian.
        self.cost = min(rows, n) * m / (4 * n * objective.n_outputs)
        self._shape = (objective.n_outputs, m)
        self._factor = np.empty(0)

    def at(self, params: FloatArray) -> SharedCurvature:
        """Take the matrix at these parameters from now on."""
        matrix = self._part.shared_curvature(params)
        matrix.flat[:: len(matrix) + 1] += _FLOOR * float(np.diag(matrix).mean())
        factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=1)
        if info != 0 or not np.all(np.isfinite(factor[-1])):
            factor = np.diag(np.sqrt(np.maximum(np.diag(matrix), np.finfo(np.float64).tiny)))
        self._factor = factor
        return self

    def divide(self, vector: FloatArray) -> FloatArray:
        """Return M⁻¹ u."""
        columns = vector.reshape(self._shape).T
        solution, _ = linalg.lapack.dpotrs(self._factor, columns, lower=1)
        return np.asarray(solution.T).ravel()
