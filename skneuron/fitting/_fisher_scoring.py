"""Fisher scoring for the root of the adjusted score, instead of a minimum of the objective."""

from __future__ import annotations

from collections import deque

import numpy as np

from skneuron._common import FloatArray
from skneuron.fitting._adjusted_score import AdjustedScore, ScorePoint
from skneuron.results import History, SolverResult, Status
from skneuron.solvers import ObjectiveProtocol, Solver, StoppingCriteria
from skneuron.solvers._stopping import StoppingRule, status_without_progress

__all__ = ["FisherScoring"]

# Number of past steps from which the next step is extrapolated.
_MEMORY = 5

# An extrapolated step has to reduce the gap to this fraction.
_MUCH = 0.5

# Maximum number of halvings of a step. brglm2 has 12, and one of the first is usually enough.
_HALVINGS = 7

# Number of iterations without a smaller gap that end a fit. In a valley without a root the gap
# grows for some iterations, before it falls again.
_PATIENCE = 50

# Relative rounding error of a merit.
_ROUNDING = 1e-14

# A singular value of past differences below this fraction of the largest one is a rounding error.
_SINGULAR = 1e-8


class FisherScoring(Solver):
    """Finds the root of an adjusted score by Fisher scoring with step halving.

    Each step is the inverse of Fisher's information times the adjusted score (Kosmidis & Firth,
    Biometrika 96, 2009, section 4). It converges linearly, so later steps are extrapolated from
    the last ones (Anderson, Journal of the ACM 12, 1965). The gap is half of score times step, in
    units of the loss at zero coefficients: half of the squared distance from the root, in
    standard errors, per row.

    Parameters
    ----------
    equation : AdjustedScore
    """

    minimizes = False

    def __init__(self, equation: AdjustedScore) -> None:
        self.equation = equation

    def value_and_gap(
        self, objective: ObjectiveProtocol, params: FloatArray
    ) -> tuple[float, float]:
        """Return the mean log loss and the gap of the adjusted score."""
        point = self.equation.at(self.equation.parameters(params))
        if point is None:
            return objective.value_gradient(params)[0], float(np.inf)
        return point.loss, point.gap

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        start = self.equation.at(self.equation.parameters(params))
        if start is None:
            value, infinite = objective.value_gradient(params)[0], float(np.inf)
            history.add(
                params,
                objective=value,
                gradient_norm=infinite,
                step=0.0,
                n_passes=objective.n_passes,
            )
            return SolverResult(params, value, infinite, 1, Status.STALLED, history.as_dict())
        best = now = start
        last: deque[ScorePoint] = deque(maxlen=_MEMORY + 1)
        rule = StoppingRule(objective, objective.zero_value, _PATIENCE)
        status = Status.MAX_ITER
        while len(history) < criteria.max_iter and status is Status.MAX_ITER:
            last.append(now)
            new = self._next(last)
            history.add(
                self.equation.basis @ new.parameters,
                objective=new.loss,
                gradient_norm=float(np.linalg.norm(new.score)),
                step=float(np.linalg.norm(new.parameters - now.parameters)),
                n_passes=objective.n_passes,
            )
            best = new if new.gap < best.gap else best
            is_stuck = new is now or rule.is_stuck(objective.zero_value, new.gap)
            now = new
            if best.gap <= criteria.tol:
                status = Status.CONVERGED
            elif is_stuck:
                status = status_without_progress(best.gap, criteria.tol)
        coef = self.equation.basis @ best.parameters
        return SolverResult(coef, best.loss, best.gap, len(history), status, history.as_dict())

    def _next(self, last: deque[ScorePoint]) -> ScorePoint:
        """Return the next point: extrapolated, or after the longest of the halved steps.

        If the link is not canonical, perhaps no halved step reduces the gap. The whole step then
        usually leaves this place.
        """
        now, whole = last[-1], None
        most = now.merit + _ROUNDING * abs(now.merit)
        if len(last) > 1:
            new = self.equation.at(now.parameters + _extrapolated(last))
            if new is not None and new.gap <= _MUCH * now.gap and new.merit <= most:
                return new
        for k in range(_HALVINGS + 1):
            new = self.equation.at(now.parameters + now.step / 2**k)
            if new is not None and new.merit < most:
                return new
            whole = whole or new
        last.clear()
        return now if whole is None else whole


def _extrapolated(last: deque[ScorePoint]) -> FloatArray:
    """Return the step to the root of an affine function through the last steps."""
    steps = np.array([point.step for point in last])
    places = np.array([point.parameters for point in last])
    changes = np.diff(steps, axis=0).T
    shares = np.linalg.lstsq(changes, steps[-1], rcond=_SINGULAR)[0]
    return np.asarray(steps[-1] - (np.diff(places, axis=0).T + changes) @ shares)
