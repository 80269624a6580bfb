"""What a solver believes the objective looks like around a point: steps and gaps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from scipy.linalg import blas

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Point
from skneuron.solvers.newton._curvature import Curvature
from skneuron.solvers.proximal._active_set import DenseQuadratic
from skneuron.solvers.proximal._faces import L1Box

__all__ = ["Model", "ProximalModel", "SmoothModel", "model_at"]

# So many pairs of step and change of gradient correct a curvature before it is renewed.
_MEMORY = 30


class HasNewtonStep(Protocol):
    """A positive definite matrix that can be divided by."""

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -B⁻¹ g."""

    def is_blind(self, gradient: FloatArray) -> bool:
        """Return whether B knows nothing of a direction in which there is a slope."""


class Model(ABC):
    """A quadratic model of the smooth part, plus the penalty as it is."""

    @abstractmethod
    def step(self, point: Point) -> tuple[FloatArray, float]:
        """Return the step to the model's minimum, and how much lower that is: the gap."""

    @abstractmethod
    def learn(self, before: Point, after: Point) -> None:
        """Make the model agree with the gradients at two points."""

    def gap(self, point: Point) -> float:
        """Return how much lower the model's minimum is."""
        return self.step(point)[1]


class SmoothModel(Model):
    """½ vᵀBv with B a factored curvature, corrected by L-BFGS.

    Without a pair it is Newton's model; each pair adds what the gradients have shown
    (Nocedal & Wright, Numerical Optimization, 2006, algorithm 7.4, with H₀ = B⁻¹).

    Parameters
    ----------
    curvature : object with ``newton_step``
    memory : int
        Number of pairs that are kept.
    """

    def __init__(self, curvature: HasNewtonStep, memory: int = _MEMORY) -> None:
        self._curvature = curvature
        self._memory = memory
        #: Steps, changes of the gradient along them, and their products, the latest last.
        self.pairs: list[tuple[FloatArray, FloatArray, float]] = []

    def step(self, point: Point) -> tuple[FloatArray, float]:
        """Return -B⁻¹g and ½ gᵀB⁻¹g, which is infinite where B is blind."""
        return self.newton_step(point.gradient)

    def newton_step(self, gradient: FloatArray) -> tuple[FloatArray, float]:
        """Return the step for a gradient, and how much lower the model is there."""
        r = self.solve(gradient)
        blind = self._curvature.is_blind(gradient)
        return -r, np.inf if blind else 0.5 * float(gradient @ r)

    def solve(self, gradient: FloatArray) -> FloatArray:
        """Return B⁻¹g."""
        q = gradient.copy()
        shares = []
        for s, y, product in reversed(self.pairs):
            share = float(s @ q) / product
            shares.append(share)
            blas.daxpy(y, q, a=-share)
        r = -self._curvature.newton_step(q)
        for (s, y, product), share in zip(self.pairs, reversed(shares), strict=True):
            blas.daxpy(s, r, a=share - float(y @ r) / product)
        return r

    def learn(self, before: Point, after: Point) -> None:
        """Add the pair of the step, unless it bends the wrong way or is rounding."""
        s, y = after.params - before.params, after.gradient - before.gradient
        product = float(s @ y)
        if product > 1e-10 * float(np.linalg.norm(s)) * float(np.linalg.norm(y)):
            self.pairs = [*self.pairs[1 - self._memory :], (s, y, product)]


class ProximalModel(Model):
    """A dense B, L1 penalty and bounds; each pair corrects B by the BFGS formula.

    Parameters
    ----------
    objective : ObjectiveProtocol
    hessian : ndarray of shape (n_params, n_params)
    """

    def __init__(self, objective: ObjectiveProtocol, hessian: FloatArray) -> None:
        self._hessian = hessian
        self._terms = L1Box.of(objective)
        # The last step, as the same one may be asked for again.
        self._known: tuple[Point, tuple[FloatArray, float]] | None = None

    def step(self, point: Point) -> tuple[FloatArray, float]:
        """Return the step to the minimum of model, L1 penalty and bounds, and its depth."""
        if self._known is None or self._known[0] is not point:
            q = DenseQuadratic(self._hessian, point.gradient, point.params, self._terms)
            step = q.step()
            self._known = point, (step.params - point.params, step.decrease + step.released)
        return self._known[1]

    def learn(self, before: Point, after: Point) -> None:
        """Update B so that B s = y, unless that would bend it the wrong way."""
        s, y = after.params - before.params, after.gradient - before.gradient
        product, image = float(s @ y), self._hessian @ s
        self._known = None
        if product > 1e-10 * float(np.linalg.norm(s)) * float(np.linalg.norm(y)):
            self._hessian = (
                self._hessian + np.outer(y, y / product) - np.outer(image, image / float(s @ image))
            )


def model_at(
    objective: ObjectiveProtocol, params: FloatArray, hessian: FloatArray | None = None
) -> Model:
    """Return Newton's model: the curvature of the objective at these parameters.

    If the loss is not convex it is the observed Hessian where that is positive definite:
    Fisher's curvature, which ``hessian`` is, only converges linearly.
    """
    if not objective.penalty.is_smooth:
        return ProximalModel(
            objective, objective.curvature(params).matrix() if hessian is None else hessian
        )
    curvature = None if objective.loss.convex else Curvature.observed(objective, params)
    return SmoothModel(curvature or Curvature(objective, params, hessian))
