"""Proximal Newton steps on one working set, by factored Hessians or by products with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import at_most_value, is_near, relative
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._tolerances import DENSE_PARAMS, MAX_HALVINGS, MEASURABLE, PRECISION
from skneuron.solvers.proximal._faces import L1Box
from skneuron.solvers.proximal._quadratic import DenseQuadratic, Quadratic, QuadraticIterate
from skneuron.solvers.proximal._reduced_cg import ReducedCG

__all__ = ["Outcome", "ProximalNewton", "WorkingSetProgress"]

# Cost of a Hessian, in products with it, up to which every step factors one. Conjugate
# gradients take about as many products for each step.
_CHEAP_HESSIAN = 60.0

# A gap is checked with a Hessian if products have cost more than this fraction of one.
_MAX_UNCHECKED = 0.25

# A working set is solved to this fraction of the gap at its start: other columns enter then.
_INNER = 0.3

# The line search stops where F falls by more than this fraction of the prediction.
_GOOD_DECREASE = 0.5


class Outcome(Enum):
    """What an iteration on a working set has led to."""

    #: A step lowered F.
    STEP = "step"
    #: A step lowered F so far that other columns should enter.
    LAST_STEP = "last step"
    #: The requested gap is reached.
    SOLVED = "solved"
    #: No step lowers F.
    STUCK = "stuck"


@dataclass
class WorkingSetProgress:
    """State of the iterations on a working set, in addition to the iterate."""

    #: Whether Hessians are factored.
    factored: bool = False
    #: Relative decrease that the first model predicted.
    begun: float = np.inf
    #: Relative decrease that the last step was predicted to bring.
    predicted: float = np.inf
    #: Number of Hessian products.
    products: int = 0


class ProximalNewton:
    """Iterations on one working set: subproblem, line search, gap.

    The subproblem is solved with a factored Hessian where that is cheap, and by reduced conjugate
    gradients where it is not. When the products have cost as much as a Hessian, and a Hessian
    can be formed, factored Hessians take over. ``progress`` changes.
    """

    def __init__(
        self, part: ObjectiveProtocol, point: Iterate, tol: float, progress: WorkingSetProgress
    ) -> None:
        self._part, self.point, self._tol, self.progress = part, point, tol, progress
        self._terms = L1Box.of(part)
        self._hessian_cost = np.inf
        if part.dims.n_params <= DENSE_PARAMS:
            self._hessian_cost = part.dims.n_params**2 / part.rows.row_elements
        progress.factored |= self._hessian_cost <= _CHEAP_HESSIAN
        #: Estimated relative gap at the iterate, infinite until the working set is solved.
        self.gap = np.inf

    def advance(self) -> Outcome:
        """Take the next step, or find that none is needed or that none is of use."""
        progress = self.progress
        while True:
            step = self._next_step()
            if self.gap <= PRECISION:
                # F does not show the step, but the parameters do: it gives digits.
                self.point = self._search(step)
            if np.isfinite(self.gap):
                return Outcome.SOLVED
            following = self._search(step)
            if following is not self.point:
                return self._take(step, following)
            if progress.factored or not np.isfinite(self._hessian_cost):
                return Outcome.STUCK
            progress.factored = True

    def _next_step(self) -> QuadraticIterate:
        """Return the step of the subproblem, and set the gap if it is reached."""
        progress, model = self.progress, self._model()
        step = model.step()
        is_last = self._relative(step.decrease) <= self._tol or progress.predicted <= MEASURABLE
        if is_last:
            step = model.refined()
            gap = self._relative(step.decrease + step.released)
            move = step.params - self.point.params
            # A quadratic model predicts the gap well only if the minimum is near.
            is_exact = step.is_reliable and is_near(self._part, self.point.params, move)
            self.gap = gap if gap <= self._tol and is_exact else np.inf
        progress.products += model.products
        is_costly = progress.products > _MAX_UNCHECKED * self._hessian_cost
        if np.isfinite(self.gap) and is_costly and not progress.factored:
            # Conjugate gradients may have missed flat directions: a Hessian shows them.
            progress.factored, self.gap = True, np.inf
        if np.isinf(progress.begun):
            progress.begun = self._relative(step.decrease + step.released)
        return step

    def _model(self) -> Quadratic:
        """Return the subproblem at the iterate."""
        part, point, progress = self._part, self.point, self.progress
        if progress.factored:
            hessian = (
                part.curvature(point.params).matrix() if point.hessian is None else point.hessian
            )
            return DenseQuadratic(hessian, point.gradient, point.params, self._terms)
        return ReducedCG(part, point, spent=progress.products, budget=self._hessian_cost)

    def _take(self, step: QuadraticIterate, following: Iterate) -> Outcome:
        """Go to the next iterate."""
        progress, aim = self.progress, _INNER * self.progress.begun
        predicted = self._relative(step.decrease + step.released)
        progress.predicted = self._relative(step.decrease)
        progress.factored |= progress.products >= self._hessian_cost
        self.point = following
        return Outcome.LAST_STEP if self._tol < aim >= predicted else Outcome.STEP

    def _relative(self, decrease: float) -> float:
        """Return a predicted decrease as a fraction of F(0). F cannot decrease by more than F."""
        return at_most_value(relative(decrease, self._part), self._part, self.point.value)

    def _search(self, step: QuadraticIterate) -> Iterate:
        """Halve the step until F falls by half of the prediction, or by less with a shorter step.

        The result is the iterate if F never falls. Where F is convex, it falls by as much as with
        the longest halved step that Armijo's condition would accept.
        """
        objective, point = self._part, self.point
        if step.decrease <= 0:
            return point
        direction = step.params - point.params
        rounding = MEASURABLE * max(abs(point.value), objective.zero_value)
        length = 1.0
        if step.decrease > point.value and not objective.has_summary:
            # No loss is negative: a model that predicts a decrease of more than F is wrong.
            length = point.value / step.decrease
        # The end itself, not start + direction, which rounds: zeros are exact.
        end = step.params if length == 1 else point.params + length * direction
        best = Iterate.at(objective, end, hessian=self.progress.factored)
        if step.decrease <= rounding and best.value <= point.value + rounding:
            return best
        for _ in range(MAX_HALVINGS):
            if point.value - best.value >= _GOOD_DECREASE * length * step.decrease:
                return best
            shorter = Iterate.at(objective, point.params + 0.5 * length * direction)
            if best.value < point.value and best.value <= shorter.value:
                return best
            best, length = shorter, length / 2
        return point
