"""Quadratic models of the objective around an iterate: steps and predicted decreases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from scipy.linalg import blas

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._tolerances import CURVATURE_FLOOR
from skneuron.solvers.newton._curvature import Curvature, observed_hessian
from skneuron.solvers.proximal._faces import L1Box
from skneuron.solvers.proximal._quadratic import DenseQuadratic

__all__ = ["MAX_PAIRS", "Model", "ProximalModel", "SmoothModel", "model_at"]

#: Number of pairs of step and change of gradient that correct a curvature before it is renewed.
MAX_PAIRS = 30


class HasNewtonStep(Protocol):
    """A positive definite matrix B with an inverse."""

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -B⁻¹ g."""

    def is_unbounded(self, gradient: FloatArray) -> bool:
        """Return whether the gradient has a part along which B has no curvature."""


class Model(ABC):
    """A quadratic model of the smooth part, plus the penalty as it is."""

    @abstractmethod
    def step(self, iterate: Iterate) -> tuple[FloatArray, float]:
        """Return the step to the model's minimum, and the predicted decrease."""

    @abstractmethod
    def update(self, before: Iterate, after: Iterate) -> None:
        """Make the model agree with the gradients of two iterates (L-BFGS or BFGS)."""

    def hidden_decrease(self, iterate: Iterate) -> float:
        """Return the decrease along directions in which the model takes no step."""
        return 0.0


class SmoothModel(Model):
    """½ vᵀBv with B a factored curvature, corrected by L-BFGS.

    Without a pair it is Newton's model. Each pair adds the curvature between two iterates
    (Nocedal & Wright, Numerical Optimization, 2006, algorithm 7.4, with H₀ = B⁻¹).

    Parameters
    ----------
    curvature : object with ``newton_step``
    max_pairs : int
    """

    def __init__(self, curvature: HasNewtonStep, max_pairs: int = MAX_PAIRS) -> None:
        self.curvature = curvature
        self._max_pairs = max_pairs
        #: Steps, changes of the gradient along them, and their products, the latest last.
        self.pairs: list[tuple[FloatArray, FloatArray, float]] = []

    def step(self, iterate: Iterate) -> tuple[FloatArray, float]:
        """Return -B⁻¹g and ½ gᵀB⁻¹g, which is infinite if B is unbounded."""
        return self.newton_step(iterate.gradient)

    def newton_step(self, gradient: FloatArray) -> tuple[FloatArray, float]:
        """Return the step for a gradient, and the predicted decrease.

        The prediction is infinite if the gradient meets no curvature, or rounding errors only.
        """
        q = gradient.copy()
        factors = []
        for s, y, product in reversed(self.pairs):
            factor = float(s @ q) / product
            factors.append(factor)
            blas.daxpy(y, q, a=-factor)
        r = -self.curvature.newton_step(q)
        for (s, y, product), factor in zip(self.pairs, reversed(factors), strict=True):
            blas.daxpy(s, r, a=factor - float(y @ r) / product)
        decrease = 0.5 * float(gradient @ r)
        if decrease < 0 and self.pairs:
            # Rounding errors of the pairs: B is positive definite without them.
            self.pairs = []
            return self.newton_step(gradient)
        unknown = decrease < 0 or self.curvature.is_unbounded(gradient)
        return -r, np.inf if unknown else decrease

    def hidden_decrease(self, iterate: Iterate) -> float:
        """Return the decrease along directions that count as rounding errors of the columns."""
        if not isinstance(self.curvature, Curvature):
            return 0.0
        return self.curvature.hidden_decrease(iterate.gradient)

    def update(self, before: Iterate, after: Iterate) -> None:
        """Add the pair of the step, unless its curvature is negative or rounding."""
        s, y, product = _pair(before, after)
        if product > 0:
            self.pairs = [*self.pairs[1 - self._max_pairs :], (s, y, product)]


class ProximalModel(Model):
    """A dense B, L1 penalty and bounds. Each pair corrects B by the BFGS formula.

    Parameters
    ----------
    objective : ObjectiveProtocol
    hessian : ndarray of shape (n_params, n_params)
    """

    def __init__(self, objective: ObjectiveProtocol, hessian: FloatArray) -> None:
        self._hessian = hessian
        self._terms = L1Box.of(objective)

    def step(self, iterate: Iterate) -> tuple[FloatArray, float]:
        """Return the step to the minimum of model, L1 penalty and bounds, and its depth."""
        q = DenseQuadratic(self._hessian, iterate.gradient, iterate.params, self._terms)
        step = q.step()
        return step.params - iterate.params, step.decrease + step.released

    def update(self, before: Iterate, after: Iterate) -> None:
        """Update B so that B s = y, unless its curvature would be negative or rounding."""
        s, y, product = _pair(before, after)
        if product > 0:
            image = self._hessian @ s
            self._hessian = (
                self._hessian + np.outer(y, y / product) - np.outer(image, image / float(s @ image))
            )


def _pair(before: Iterate, after: Iterate) -> tuple[FloatArray, FloatArray, float]:
    """Return step, change of the gradient and their product, 0 if that is rounding."""
    s, y = after.params - before.params, after.gradient - before.gradient
    product = float(s @ y)
    smallest = CURVATURE_FLOOR * float(np.linalg.norm(s)) * float(np.linalg.norm(y))
    return s, y, product if product > smallest else 0.0


def model_at(
    objective: ObjectiveProtocol, params: FloatArray, hessian: FloatArray | None = None
) -> Model:
    """Return Newton's model: the curvature of the objective at these parameters.

    If the loss is not convex, the curvature is the observed Hessian if that is positive definite:
    Fisher's curvature, which ``hessian`` is, only converges linearly.
    """
    if objective.penalty.is_smooth:
        return SmoothModel(Curvature.best(objective, params, hessian))
    observed = observed_hessian(objective, params)
    if observed is None:
        observed = objective.curvature(params).matrix() if hessian is None else hessian
    return ProximalModel(objective, observed)
