"""A quadratic function with an L1 penalty, between bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from skneuron._typing import FloatArray

__all__ = ["KinkedQuadratic", "solve_positive"]


@dataclass(frozen=True)
class KinkedQuadratic:
    """g·(u-v) + ½ (u-v)ᵀH(u-v) + Σ lassoⱼ|uⱼ| over low ≤ u ≤ high.

    Attributes
    ----------
    hessian : ndarray of shape (n, n)
        Positive semidefinite.
    gradient, start : ndarray of shape (n,)
        g at v, which lies within the bounds.
    lasso, low, high : ndarray of shape (n,)
    """

    hessian: FloatArray
    gradient: FloatArray
    start: FloatArray
    lasso: FloatArray
    low: FloatArray
    high: FloatArray

    def __len__(self) -> int:
        return len(self.start)

    def decrease(self, u: FloatArray) -> float:
        """Return how much lower it is at u than at the start."""
        change = u - self.start
        kink = float(self.lasso @ (abs(self.start) - abs(u)))
        return kink - float(change @ (self.gradient + 0.5 * (self.hessian @ change)))


def solve_positive(matrix: FloatArray, right: FloatArray) -> FloatArray | None:
    """Return the solution, None if the matrix is not positive definite."""
    factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=0)
    if info != 0:
        return None
    solution = np.asarray(linalg.lapack.dpotrs(factor, right, lower=1)[0])
    return solution if np.all(np.isfinite(solution)) else None
