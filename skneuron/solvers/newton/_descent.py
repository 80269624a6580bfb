"""The loop of every Newton method: check the gap, search along the step, propose the next step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import at_most_value, relative, relative_gap
from skneuron.solvers._iterate import Iterate, SolverState, StoppingCriteria, length_of
from skneuron.solvers._line_search import line_search
from skneuron.solvers._stopping import NEWTON_PATIENCE, StoppingRule, status_without_progress
from skneuron.solvers._tolerances import MEASURABLE, MUCH_OF_GAP
from skneuron.solvers.newton._curvature import Curvature

__all__ = ["CurvatureStrategy", "End", "descend"]


class CurvatureStrategy(ABC):
    """Proposes the steps of a descent: a member of the family says where curvature comes from.

    Parameters
    ----------
    objective : ObjectiveProtocol
    tol : float
        Relative gap to reach.

    Attributes
    ----------
    step : ndarray of shape (n_params,)
        Step to the minimum of the quadratic model at the current iterate.
    predicted : float
        Predicted decrease of F, at the end of the step.
    """

    #: Number of iterations without progress that end a fit.
    patience = NEWTON_PATIENCE

    step: FloatArray
    predicted: float

    def __init__(self, objective: ObjectiveProtocol, tol: float) -> None:
        self.objective = objective
        self.tol = tol

    @property
    def needs_hessian(self) -> bool:
        """Whether the next pass over the rows should evaluate the Hessian."""
        return False

    @abstractmethod
    def update(self, before: Iterate, after: Iterate, length: float) -> None:
        """Propose the step from the iterate after a step."""

    @abstractmethod
    def renew(self, iterate: Iterate) -> bool:
        """Propose a better step from an iterate, or return False if there is none."""

    @abstractmethod
    def checked_gap(self, iterate: Iterate) -> float:
        """Return the relative gap if it is accurate, infinity if a step has to come first."""

    def final_gap(self, iterate: Iterate) -> float:
        """Return the relative gap at the iterate that is returned."""
        curvature = self.curvature_at(iterate)
        gap = relative_gap(self.objective, iterate.params, iterate.gradient, curvature)
        return at_most_value(gap, self.objective, iterate.value)

    def curvature_at(self, iterate: Iterate) -> Curvature | None:
        """Return the curvature of all rows at an iterate, None if it is not known."""
        return None

    def first_length(self, iterate: Iterate) -> float:
        """Return the length of the step to try first."""
        return 1.0

    def leaves_plateau(self, iterate: Iterate, is_exhausted: bool) -> bool:
        """Return whether further steps without progress may still be of use."""
        return False

    def state(self, solver: object, iterate: Iterate) -> SolverState | None:
        """Return the state from which another fit takes the same step next."""
        return None


@dataclass(frozen=True)
class End:
    """How a descent ended."""

    iterate: Iterate
    gap: float
    status: Status
    state: SolverState | None = None

    def result(self, history: History) -> SolverResult:
        """Return the result of the fit."""
        return self.iterate.result(self.gap, self.status, history, self.state)


def descend(
    objective: ObjectiveProtocol,
    iterate: Iterate,
    strategy: CurvatureStrategy,
    criteria: StoppingCriteria,
    history: History,
    solver: object = None,
) -> End:
    """Minimize the objective from an iterate.

    Parameters
    ----------
    objective : ObjectiveProtocol
    iterate : Iterate
    strategy : CurvatureStrategy
        Its step is the first one.
    criteria : StoppingCriteria
    history : History
    solver : Solver, optional
        The solver that the state belongs to.
    """
    stopping = StoppingRule(objective, iterate.value, strategy.patience)
    best, best_predicted = iterate, strategy.predicted
    status = Status.MAX_ITER
    trail = deque([(iterate.value, strategy.predicted)], strategy.patience)
    while len(history) < criteria.max_iter:
        if relative(strategy.predicted, objective) <= strategy.tol and len(history):
            gap = strategy.checked_gap(iterate)
            if gap <= criteria.tol:
                state = strategy.state(solver, iterate)
                return End(iterate, gap, Status.CONVERGED, state)
        step = strategy.step
        following, length = line_search(
            objective,
            iterate,
            step,
            length=strategy.first_length(iterate),
            hessian=strategy.needs_hessian,
        )
        if length == 0 and strategy.renew(iterate):
            continue
        following.record(history, objective, length * length_of(step) if length > 0 else 0.0)
        if length == 0:
            status = Status.STALLED
            break
        strategy.update(iterate, following, length)
        iterate = following
        trail.append((iterate.value, strategy.predicted))
        if _is_better(objective, iterate, strategy.predicted, best, best_predicted):
            best, best_predicted = iterate, strategy.predicted
        if stopping.is_stuck(iterate.value, strategy.predicted) and not strategy.leaves_plateau(
            iterate, stopping.is_exhausted
        ):
            status = Status.STALLED
            break
    state = strategy.state(solver, iterate)
    gap = strategy.final_gap(best)
    if status is Status.STALLED:
        gap = max(gap, relative(_creeping_decrease(trail), objective))
        gap = at_most_value(gap, objective, best.value)
    if status is Status.STALLED or gap <= criteria.tol:
        status = status_without_progress(gap, criteria.tol)
    return End(best, gap, status, state)


def _creeping_decrease(trail: deque[tuple[float, float]]) -> float:
    """Return the decrease of F over the last iterations, if predictions hardly shrank over them.

    Each step then attains its prediction, and the next model predicts as much again. So the
    prediction is not the gap. The cause is a loss that is far from quadratic along flat directions.
    """
    (before, first), (after, last) = trail[0], trail[-1]
    is_creeping = len(trail) == trail.maxlen and last > (1 - MUCH_OF_GAP) * first
    return before - after if is_creeping else 0.0


def _is_better(
    objective: ObjectiveProtocol,
    new: Iterate,
    predicted: float,
    best: Iterate,
    best_predicted: float,
) -> bool:
    """Return whether F is lower, or equal up to rounding errors and the gap is smaller.

    Rounding errors of z are in F, too, if the terms of collinear columns cancel.
    """
    noise = MEASURABLE * max(abs(best.value), objective.zero_value)
    equal = new.value <= best.value + noise
    return new.value < best.value - noise or (equal and predicted < best_predicted)
