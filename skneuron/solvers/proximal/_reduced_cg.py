"""The L1-penalised quadratic with box constraints, minimized by Hessian products."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate
from skneuron.solvers.newton._conjugate import GAP_TERMS, conjugate_gradients, settled
from skneuron.solvers.proximal._faces import Face, L1Box
from skneuron.solvers.proximal._quadratic import (
    SUFFICIENT,
    Quadratic,
    Step,
    minimize_on_face,
)

__all__ = ["ReducedCG", "safe_diagonal"]

# Conjugate gradients end when their last two terms add less than this fraction of all terms, and
# rounds of the active-set method when a further one would add less than this fraction.
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

# Smallest curvature of a variable, as a fraction of its curvature at zero coefficients.
_MIN_CURVATURE = 1e-3


class ReducedCG(Quadratic):
    """A proximal Newton subproblem whose Hessian is known by products only.

    Conjugate gradients in the space of the free variables solve Newton's equations.

    Parameters
    ----------
    objective : ObjectiveProtocol
    point : Iterate
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

    negligible = _ROUGH

    def __init__(
        self,
        objective: ObjectiveProtocol,
        point: Iterate,
        damping: float = 0.0,
        *,
        spent: int = 0,
        budget: float = np.inf,
    ) -> None:
        self._hessian = objective.curvature(point.params)
        diagonal = safe_diagonal(objective, self._hessian.diagonal())
        self._added, terms = damping * diagonal, L1Box.of(objective)
        super().__init__(point.gradient, point.params, diagonal + self._added, terms)
        self._spent, self._budget = spent, budget - spent
        self._limit = min(self._budget, _MAX_PRODUCTS)
        # No loss is negative: F cannot decrease by more than F.
        self._highest = np.inf if objective.has_summary else point.value
        #: The decrease that exact solutions start from, None for rough solutions.
        self._known: float | None = None
        self.products = 0

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
            max_products=int(max(self._limit - before, 0)),
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
        last = max(GAP_TERMS, int(_LAST_FRACTION * (self._spent + before + len(terms))))
        return len(terms) > last and settled([self._known, *terms], last, _EXACT)


def safe_diagonal(objective: ObjectiveProtocol, diagonal: FloatArray) -> FloatArray:
    """Return a Hessian's diagonal, bounded below by a fraction of the one at zero coefficients."""
    return np.asarray(np.maximum(diagonal, _MIN_CURVATURE * objective.zero_diagonal()))
