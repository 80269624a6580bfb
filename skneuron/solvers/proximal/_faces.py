"""An L1 penalty with box constraints, and the sets on which both together are linear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.solvers._contract import ObjectiveProtocol

__all__ = ["Face", "L1Box"]


@dataclass(frozen=True)
class Face:
    """A face: the points with a fixed active set and fixed signs.

    The active set stays at zero or at a bound. All other variables are free. A free variable with
    an L1 penalty keeps its sign, so the penalty is linear on the face.
    """

    free: AnyArray
    #: Sign of each free variable, 0 for fixed variables.
    sign: FloatArray
    #: Smallest and largest value of each free variable on the face.
    bottom: FloatArray
    top: FloatArray

    def outside(self, u: FloatArray) -> AnyArray:
        """Return the free variables that are beyond the ends of the face."""
        return self.free & ((u < self.bottom) | (u > self.top))

    def boundary(self, u: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the face, and the fractions of a step up to them, inf if inside."""
        outside = self.outside(u + step)
        end = np.where(step > 0, self.top, self.bottom)
        lengths = np.full(len(u), np.inf)
        lengths[outside] = (end[outside] - u[outside]) / step[outside]
        return end, lengths

    def fix(self, fixed: AnyArray) -> Face:
        """Return the face with more variables fixed."""
        free = self.free & ~fixed
        return Face(free, np.where(free, self.sign, 0.0), self.bottom, self.top)


@dataclass(frozen=True)
class L1Box:
    """An L1 penalty Σ lassoⱼ|uⱼ| with box constraints low ≤ u ≤ high."""

    lasso: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, objective: ObjectiveProtocol) -> L1Box:
        """Return the L1 penalty and the bounds of an objective, output after output."""
        p, k = objective.penalty, objective.dims.n_outputs
        return cls(*(np.tile(x, k) for x in (p.lasso, p.low, p.high)))

    def l1_decrease(self, u: FloatArray, v: FloatArray) -> float:
        """Return by how much the L1 penalty at v is below the L1 penalty at u."""
        return float(self.lasso @ (np.abs(u) - np.abs(v)))

    def face_at(self, u: FloatArray) -> Face:
        """Return the face that has u in its interior."""
        return self._face((u > self.low) & (u < self.high) & ((u != 0) | (self.lasso == 0)), u)

    def violation(self, u: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return how far each fixed variable violates the optimality (KKT) condition.

        The violation is the slope of the penalised function in the descent direction: positive
        if the function decreases upwards, negative if it decreases downwards, 0 if neither.
        """
        up = np.where(u < self.high, -gradient - self.lasso * np.where(u >= 0, 1.0, -1.0), 0.0)
        down = np.where(u > self.low, gradient - self.lasso * np.where(u <= 0, 1.0, -1.0), 0.0)
        signed = np.where(up >= down, np.maximum(up, 0.0), -np.maximum(down, 0.0))
        return np.where(self.face_at(u).free, 0.0, signed)

    def released_face(self, u: FloatArray, gradient: FloatArray) -> Face:
        """Return the face at u with all violators released."""
        violation = self.violation(u, gradient)
        free = self.face_at(u).free | (violation != 0)
        return self._face(free, np.where(u != 0, u, violation))

    def _face(self, free: AnyArray, direction: FloatArray) -> Face:
        sign = np.where(free, np.sign(direction), 0.0)
        bottom = np.where((self.lasso > 0) & (sign > 0), np.maximum(self.low, 0.0), self.low)
        top = np.where((self.lasso > 0) & (sign < 0), np.minimum(self.high, 0.0), self.high)
        return Face(free, sign, bottom, top)
