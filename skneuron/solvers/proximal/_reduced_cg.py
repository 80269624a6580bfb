"""The L1-penalised quadratic with box constraints, minimized by Hessian products."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate
from skneuron.solvers.newton._conjugate import GAP_TERMS, conjugate_gradients, settled
from skneuron.solvers.proximal._faces import Face, L1Box
from skneuron.solvers.proximal._quadratic import Quadratic, QuadraticIterate

__all__ = ["ReducedCG", "safe_diagonal"]

# Conjugate gradients end when their last two terms add less than this fraction of the decrease, and
# rounds of the active-set method when a further one would add less than this fraction.
_ROUGH = 0.1

# Maximum number of products of a rough solution.
_MAX_PRODUCTS = 200

# The same where a gap is reported.
_MAX_PRODUCTS_EXACT = 2000

# The same fraction where a gap is reported ...
_EXACT = 0.01
# ... if released variables add this fraction: each is looked at alone, a set of them adds more ...
_RELEASED = 1e-4
# ... and in the last products, as many as this fraction of all products on the same columns: terms
# of ill-conditioned columns are small long before the minimum.
_LAST_FRACTION = 0.25

# Smallest curvature of a variable, as a fraction of its curvature at zero coefficients.
_MIN_CURVATURE = 1e-3


class ReducedCG(Quadratic):
    """A proximal Newton subproblem with a Hessian that is known by products only.

    ``budget`` is the largest number of products on the same columns, of which earlier Hessians
    took ``spent``.
    """

    negligible, sufficient = _ROUGH, 1 - _ROUGH

    def __init__(
        self,
        objective: ObjectiveProtocol,
        point: Iterate,
        *,
        spent: int = 0,
        budget: float = np.inf,
    ) -> None:
        self._hessian = objective.curvature(point.params)
        diagonal = safe_diagonal(objective, self._hessian.diagonal())
        super().__init__(point.gradient, point.params, diagonal, L1Box.of(objective))
        self._spent, self._budget = spent, budget - spent
        self._limit = min(self._budget, _MAX_PRODUCTS)
        # No loss is negative: F cannot decrease by more than F.
        self._highest = np.inf if objective.has_summary else point.value
        self._is_exact, self.products = False, 0

    def refined(self) -> QuadraticIterate:
        """Return a step that is exact enough for a gap."""
        self._is_exact, self.negligible, self.sufficient = True, _RELEASED, 1 - _EXACT
        self._limit = min(self.products + _MAX_PRODUCTS_EXACT, self._budget)
        return self.step()

    def product(self, change: FloatArray) -> FloatArray:
        """Return H times a vector."""
        if not np.any(change):
            return np.zeros_like(change)
        self.products += 1
        return self._hessian(change)

    def newton_step(self, slope: FloatArray, face: Face) -> tuple[FloatArray, FloatArray] | None:
        """Return the Newton step of the free variables, and H times the step."""
        found = conjugate_gradients(
            self.product,
            slope,
            lambda v: np.where(face.free, v / self.diagonal, 0.0),
            self._is_enough,
            max_products=int(max(self._limit - self.products, 0)),
        )
        return None if found.products == 0 else (found.step, -found.residual - slope)

    def _is_enough(self, terms: list[float]) -> bool:
        """Return whether the last terms of conjugate gradients add little, or all more than F."""
        if sum(terms) > self._highest:
            return True
        decreases = [self._last.decrease, *terms]
        if not self._is_exact:
            return settled(decreases, 2, _ROUGH)
        last = max(GAP_TERMS, int(_LAST_FRACTION * (self._spent + self.products)))
        return len(terms) > last and settled(decreases, last, _EXACT)

    def _minimum_on(self, face: Face) -> QuadraticIterate:
        """Return a low point; a first gradient step predicts the active set."""
        step = -(self.gradient + self.terms.lasso * face.sign) / self.diagonal
        leaving = face.outside(self.start + step)
        if self._last.params is self.start and np.any(leaving):
            self._last, face = self._onto_boundary(face, np.where(leaving, step, 0.0))
        return super()._minimum_on(face)


def safe_diagonal(objective: ObjectiveProtocol, diagonal: FloatArray) -> FloatArray:
    """Return a Hessian's diagonal, bounded below by a fraction of the one at zero coefficients."""
    return np.asarray(np.maximum(diagonal, _MIN_CURVATURE * objective.zero_diagonal()))
