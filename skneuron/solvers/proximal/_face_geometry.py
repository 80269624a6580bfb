"""Where an L1 norm and bounds let a quadratic be smooth: the faces of a polyhedron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.objective import Objective

__all__ = ["Face", "Faces"]


@dataclass(frozen=True)
class Face:
    """Parameters that are free to move, each on one side of zero and inside its bounds.

    Attributes
    ----------
    free : ndarray of bool of shape (n_params,)
    sign : ndarray of shape (n_params,)
        Of the free ones; 0 for the others.
    bottom, top : ndarray of shape (n_params,)
        How far each may go.
    """

    free: AnyArray
    sign: FloatArray
    bottom: FloatArray
    top: FloatArray

    def left_by(self, u: FloatArray) -> AnyArray:
        """Return which free parameters are past an end of the face."""
        return self.free & ((u < self.bottom) | (u > self.top))

    def nearest(self, u: FloatArray) -> FloatArray:
        """Return the point of the face that is nearest to u."""
        return np.where(self.free, np.clip(u, self.bottom, self.top), u)

    def room(self, u: FloatArray, way: FloatArray, out: AnyArray) -> float:
        """Return what share of the way is left until the first of some reaches its end."""
        end = np.where(way > 0, self.top, self.bottom)
        return float(np.min((end[out] - u[out]) / way[out]))

    def without(self, held: AnyArray) -> Face:
        """Return the face on which some more are held."""
        free = self.free & ~held
        return Face(free, np.where(free, self.sign, 0.0), self.bottom, self.top)


@dataclass(frozen=True)
class Faces:
    """L1 penalty and bounds of each parameter.

    Attributes
    ----------
    lasso, low, high : ndarray of shape (n_params,)
    """

    lasso: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, objective: Objective) -> Faces:
        """Return those of an objective, one after another over its outputs."""
        p, k = objective.penalty, objective.n_outputs
        return cls(*(np.tile(x, k) for x in (p.lasso, p.low, p.high)))

    def shrinkage(self, u: FloatArray, v: FloatArray) -> float:
        """Return how much smaller the L1 penalty is at v than at u."""
        return float(self.lasso @ (np.abs(u) - np.abs(v)))

    def gradient_step(self, v: FloatArray, g: FloatArray, curvature: FloatArray) -> FloatArray:
        """Return the minimum of the separable model, bounds included."""
        target = v - g / curvature
        shrunk = np.sign(target) * np.maximum(np.abs(target) - self.lasso / curvature, 0.0)
        return np.asarray(np.clip(shrunk, self.low, self.high))

    def around(self, u: FloatArray) -> Face:
        """Return the face that u is inside of."""
        bent = self.lasso > 0
        free = (u > self.low) & (u < self.high) & ((u != 0) | ~bent)
        bottom = np.where(bent & (u > 0), np.maximum(self.low, 0.0), self.low)
        top = np.where(bent & (u < 0), np.minimum(self.high, 0.0), self.high)
        return Face(free, np.where(free, np.sign(u), 0.0), bottom, top)

    def pull(self, u: FloatArray, slope: FloatArray, face: Face) -> FloatArray:
        """Return the slope in the direction in which a held weight falls, 0 if it stays."""
        up = np.where(u < self.high, -slope - self.lasso * np.where(u >= 0, 1.0, -1.0), 0.0)
        down = np.where(u > self.low, slope - self.lasso * np.where(u <= 0, 1.0, -1.0), 0.0)
        return np.where(face.free, 0.0, np.maximum(np.maximum(up, down), 0.0))
