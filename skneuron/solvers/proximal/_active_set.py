"""The L1-penalised quadratic with box constraints, solved by active sets and dense factors."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from skneuron._typing import FloatArray
from skneuron.solvers._tolerances import SINGULAR
from skneuron.solvers.proximal._faces import Face, L1Box
from skneuron.solvers.proximal._quadratic import Quadratic

__all__ = ["DenseQuadratic"]

# Fraction of the diagonal that is added where the Hessian of the free variables is singular,
# as for identical columns. The steps still end at the minimum.
_DAMPING = 1e-10


class DenseQuadratic(Quadratic):
    """An L1-penalised quadratic with box constraints and a matrix as its Hessian."""

    def __init__(
        self, hessian: FloatArray, gradient: FloatArray, start: FloatArray, terms: L1Box
    ) -> None:
        diagonal = np.diag(hessian)
        super().__init__(gradient, start, np.where(diagonal > 0, diagonal, 1.0), terms)
        self.hessian = hessian

    def product(self, change: FloatArray) -> FloatArray:
        """Return H times a vector."""
        return np.asarray(self.hessian @ change)

    def newton_step(self, slope: FloatArray, face: Face) -> tuple[FloatArray, FloatArray] | None:
        """Return the Newton step of the free variables, and H times the step."""
        index, step = np.flatnonzero(face.free), np.zeros(len(slope))
        if len(index) == 0:
            return step, step
        matrix = self.hessian.take(index, axis=0).take(index, axis=1)
        for damping in (0.0, _DAMPING):
            matrix.flat[:: len(index) + 1] += damping * self.diagonal[index]
            # LAPACK's own names, as SciPy's wrappers take as long as a small matrix does.
            factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=0)
            if info == 0 and np.all(np.diag(factor) ** 2 > SINGULAR * np.diag(matrix)):
                step[index] = -linalg.lapack.dpotrs(factor, slope[index], lower=1)[0]
                return step, self.product(step)
        return None
