"""How far the objective is above its minimum, judged from the gradient."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._conjugate import KNOWN, conjugate_gradients, settled
from skneuron.solvers._curvature import DENSE_PARAMS, Curvature, observed_gap
from skneuron.solvers._model import Model, SmoothModel, model_at
from skneuron.solvers._point import Point
from skneuron.solvers._preconditioner import divisor

__all__ = [
    "DENSE_PARAMS",
    "INVISIBLE",
    "VISIBLE",
    "GapMonitor",
    "bounded",
    "relative",
    "relative_gap",
    "rounding",
    "value_and_gap",
]

# A gap this small is invisible in the objective; a fit that gets stuck there is done.
INVISIBLE = 1e-13

# Differences of F above this share of it have digits enough for a line search. Below,
# the rounding of z may be in them, large where weights of collinear columns cancel.
VISIBLE = 1e-8

# A walk to the minimum, and a step of it, take so many tries; it has arrived where the
# model promises less than this share of what F has fallen by. Both are far more exact
# than the factor of ten that a gap has to keep.
_WALK, _SETTLED = 30, 0.1

# A whole step that lowers F by what was promised, within this share, shows that F is as good as
# quadratic from there to its minimum: the same model then tells what is left. Not so while as
# much as _FAR is left of F(0): directions in which F is nearly flat hide from the first model.
_CAME_TRUE, _FAR = 0.1, 1e-5


def relative(gap: float, objective: Objective) -> float:
    """Return the gap as a share of the objective at zero weights."""
    return gap / objective.zero_value if objective.zero_value > 0 else gap


def bounded(gap: float, objective: Objective, value: float) -> float:
    """Return a relative gap at a point, or F's own share there if that is less.

    No loss is negative: the minimum is not below zero, but for the quadratic of a memory.
    """
    return gap if objective.memory is not None else min(gap, relative(value, objective))


def rounding(objective: Objective, value: float) -> float:
    """Return the difference below which two values of F cannot be told apart.

    Terms that cancel, as z_y - log Σ exp z in a softmax, keep the error of their size
    when F itself has become small: F at zero weights stands for that size.
    """
    return 16 * float(np.finfo(np.float64).eps) * max(abs(value), objective.zero_value)


def relative_gap(objective: Objective, params: FloatArray, gradient: FloatArray) -> float:
    """Estimate (F - min F) / F(0) by ½ gᵀH⁻¹g, and by going there where that can be seen.

    The Hessian is the observed one where it is positive definite, and Fisher's else.
    This sees gaps far below the rounding of F itself: they are second order in the
    gradient (Boyd & Vandenberghe, Convex Optimization, 2004, section 9.5.1). While the
    gap is large enough for values of F to show it, the quadratic model is not trusted:
    a few Newton steps, which change nothing for the caller, add up what F falls by.

    Parameters
    ----------
    objective : Objective
    params, gradient : ndarray of shape (n_params,)
    """
    if not objective.is_smooth:
        return relative(_walked_gap(objective, params, model_at(objective, params)), objective)
    if not np.any(gradient):
        return 0.0
    if objective.n_params > DENSE_PARAMS:
        return relative(_conjugate_gap(objective, params, gradient), objective)
    gap = None if objective.loss.convex else observed_gap(objective, params, gradient)
    curvature = None
    if gap is None:
        curvature = Curvature(objective, params)
        gap = curvature.gap(gradient)
    if objective.loss.smooth and relative(gap, objective) > VISIBLE:
        model = SmoothModel(curvature) if curvature else model_at(objective, params)
        gap = max(gap, _walked_gap(objective, params, model))
    return relative(gap, objective)


def value_and_gap(objective: Objective, params: FloatArray) -> tuple[float, float]:
    """Return F and the relative gap; all of F where mistakes are counted, not followed."""
    value, gradient = objective.value_gradient(params)
    if not objective.loss.differentiable:
        return value, relative(value, objective)
    return value, relative_gap(objective, params, gradient)


def _walked_gap(objective: Objective, params: FloatArray, model: Model) -> float:
    """Decrease of F along damped Newton steps, plus what the last model still promises.

    ``model`` is Newton's at ``params``.
    """
    point = Point.at(objective, params)
    fallen, promised = 0.0, np.inf
    for _ in range(_WALK):
        step, promised = model.step(point)
        if promised <= _SETTLED * fallen:
            break
        whole = step
        for _ in range(_WALK):
            trial = Point.at(objective, point.params + step)
            if trial.value < point.value:
                break
            step = step / 2
        else:
            break
        fell = point.value - trial.value
        fallen += fell
        point = trial
        near = relative(fallen, objective) <= _FAR
        if near and step is whole and abs(fell - promised) <= _CAME_TRUE * promised:
            return fallen + model.gap(point)
        model = model_at(objective, point.params)
    return fallen + promised


def _conjugate_gap(objective: Objective, params: FloatArray, gradient: FloatArray) -> float:
    """½ gᵀH⁻¹g by conjugate gradients."""
    found = conjugate_gradients(
        objective.hessian_operator(params),
        gradient,
        divisor(objective, params),
        lambda terms: settled(terms, KNOWN),
        most=objective.n_params,
    )
    return found.gap


class GapMonitor:
    """Tells a first-order solver when the gap is reached, without factoring each time.

    Between exact looks it scales the last one with ‖g‖². Each look that is refused
    corrects the scale, so there are few.

    Parameters
    ----------
    objective : Objective
    tol : float
        Relative gap to reach.
    """

    def __init__(self, objective: Objective, tol: float) -> None:
        self._objective = objective
        self._tol = tol
        # In scaled columns curvatures are of order one and below: start from there.
        self._per_square = 0.5 / max(objective.zero_value, np.finfo(np.float64).tiny)
        self.gap = np.inf

    def reached(self, params: FloatArray, gradient: FloatArray) -> bool:
        """Whether the gap at these parameters is at most ``tol``; sets ``gap`` if looked at."""
        square = float(gradient @ gradient)
        if self._per_square * square > self._tol:
            return False
        self.gap = relative_gap(self._objective, params, gradient)
        if self.gap <= self._tol:
            return True
        self._per_square = self.gap / square if square > 0 else np.inf
        return False

    def result(self, best: Point, status: Status, history: History) -> SolverResult:
        """Return where a solver has ended; ``best`` may be a point not looked at yet."""
        if status is not Status.CONVERGED:
            self.gap = relative_gap(self._objective, best.params, best.gradient)
            status = Status.CONVERGED if self.gap <= self._tol else status
        lines = history.as_dict()
        return SolverResult(best.params, best.value, self.gap, len(history), status, lines)
