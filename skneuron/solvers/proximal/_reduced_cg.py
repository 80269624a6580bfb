"""The L1-penalised quadratic with box constraints, minimized by Hessian products."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.solvers._iterate import Point
from skneuron.solvers.newton._conjugate import KNOWN, conjugate_gradients, settled
from skneuron.solvers.proximal._faces import Face, L1Box
from skneuron.solvers.proximal._quadratic import (
    SUFFICIENT,
    FaceMinimum,
    Iterate,
    Quadratic,
    Step,
    minimize_on_face,
)

__all__ = ["ReducedCG", "safe_diagonal"]

# Conjugate gradients end when their last two terms add less than this fraction of all terms.
_ROUGH = 0.1

# Maximum number of products of a rough solution.
_MAX_PRODUCTS = 400

# The same fraction where a gap is reported ...
_EXACT = 0.01

# ... in the last products, as many as this fraction of all products on the same columns: terms
# of ill-conditioned columns are small long before the minimum.
_LAST_FRACTION = 0.25

# Maximum number of products where a gap is reported.
_MAX_PRODUCTS_EXACT = 2000

# Proximal gradient steps are shorter by this factor than the diagonal allows: correlated
# columns share a decrease.
_CAUTION = 4.0

# Halvings of a proximal gradient step. More change no digit of the function.
_MAX_HALVINGS = 40

# Maximum number of rounds that release variables after a wrong prediction.
_MAX_ROUNDS = 10

# Smallest curvature of a variable, as a fraction of its curvature at zero coefficients.
_MIN_CURVATURE = 1e-3


class ReducedCG(Quadratic):
    """A proximal Newton subproblem whose Hessian is known by products only.

    Conjugate gradients in the space of the free variables solve Newton's equations.

    Parameters
    ----------
    objective : Objective
    point : Point
    damping : float
        Fraction of the diagonal that is added to the Hessian.
    spent : int
        Number of products with earlier Hessians on the same columns.
    budget : float
        Maximum number of products, with earlier Hessians too.

    Attributes
    ----------
    products : int
        The number of products so far.
    """

    def __init__(
        self,
        objective: Objective,
        point: Point,
        damping: float = 0.0,
        *,
        spent: int = 0,
        budget: float = np.inf,
    ) -> None:
        self._hessian = objective.hessian_operator(point.params)
        diagonal = safe_diagonal(objective, self._hessian.diagonal())
        self._added, terms = damping * diagonal, L1Box.of(objective)
        super().__init__(point.gradient, point.params, diagonal + self._added, terms)
        self._spent, self._budget = spent, budget - spent
        self._limit = min(self._budget, _MAX_PRODUCTS)
        # No loss is negative: F cannot decrease by more than F.
        self._highest = np.inf if objective.memory is not None else point.value
        #: The decrease that exact solutions start from, None for rough solutions.
        self._known: float | None = None
        start = Iterate(self.start, self.gradient)
        self._last = FaceMinimum(start, terms.face_at(self.start))
        self.products = 0

    def step(self) -> Step:
        """Return a rough solution of the subproblem.

        A proximal gradient step predicts the active set (Byrd, Chin, Nocedal & Oztoprak, Math.
        Program. 159, 2016). If the prediction is wrong, rounds of gradient projection with
        conjugate gradients follow (Moré & Toraldo, SIAM J. Optim. 1, 1991).
        """
        u = self._proximal_step(self._last.at)
        face = self.terms.face_at(u)
        at = self.moved(self._last.at, np.where(face.free, self.start, u))
        predicted = minimize_on_face(self, at, face)
        if predicted.at.decrease > 0:
            self._last = predicted
        step = self._as_step()
        for _ in range(_MAX_ROUNDS):
            is_enough = step.decrease > step.released and step.is_tight
            if is_enough or self.products >= self._limit:
                break
            at, before = self._gradient_step(self._last.at), step.decrease
            self._last = minimize_on_face(self, at, self.terms.face_at(at.u))
            step = self._as_step()
            if step.decrease <= before:
                break
        return step

    def refined(self) -> Step:
        """Return a solution on the face of the last one that is exact enough for a gap."""
        self._known = self._last.at.decrease
        self._limit = min(self.products + _MAX_PRODUCTS_EXACT, self._budget)
        self._last = minimize_on_face(self, self._last.at, self._last.face)
        return self._as_step()

    def product(self, change: FloatArray) -> FloatArray:
        """Return H times a vector."""
        if not np.any(change):
            return np.zeros_like(change)
        self.products += 1
        return np.asarray(self._hessian(change) + self._added * change)

    def newton_step(self, slope: FloatArray, face: Face) -> tuple[FloatArray, FloatArray] | None:
        """Return the Newton step of the free variables, and H times the step."""
        before = self.products
        found = conjugate_gradients(
            self.product,
            slope,
            lambda v: np.where(face.free, v / self.diagonal, 0.0),
            lambda terms: self._is_enough(terms, before),
            most=int(max(self._limit - before, 0)),
        )
        return None if found.products == 0 else (found.step, -found.residual - slope)

    def is_sufficient(self, decrease: float, bound: float) -> bool:
        """Return whether a decrease needs no further Newton step on the face."""
        return decrease >= SUFFICIENT * bound

    def _is_enough(self, terms: list[float], before: int) -> bool:
        """Return whether the last terms of conjugate gradients add little, or all more than F."""
        if sum(terms) > self._highest:
            return True
        if self._known is None:
            return settled(terms, 2, _ROUGH)
        last = max(KNOWN, int(_LAST_FRACTION * (self._spent + before + len(terms))))
        return len(terms) > last and settled([self._known, *terms], last, _EXACT)

    def _proximal_step(self, at: Iterate) -> FloatArray:
        return self.terms.proximal_step(at.u, at.gradient, _CAUTION * self.diagonal)

    def _gradient_step(self, at: Iterate) -> Iterate:
        """Return the end of a proximal gradient step that lowers the function, if there is one."""
        direction, length = self._proximal_step(at) - at.u, 1.0
        for _ in range(_MAX_HALVINGS if np.any(direction) else 0):
            following = self.moved(at, at.u + length * direction)
            if following.decrease > at.decrease:
                return following
            length /= 2
        return at

    def _as_step(self) -> Step:
        at = self._last.at
        return Step(at.u, at.decrease, self.released(at), self._last.bound)


def safe_diagonal(objective: Objective, diagonal: FloatArray) -> FloatArray:
    """Return a Hessian's diagonal, bounded below by a fraction of the one at zero coefficients."""
    return np.asarray(np.maximum(diagonal, _MIN_CURVATURE * objective.zero_diagonal()))
