"""How far the objective is above its minimum, judged from the gradient."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Point
from skneuron.solvers.newton._conjugate import KNOWN, conjugate_gradients, settled
from skneuron.solvers.newton._curvature import DENSE_PARAMS, Curvature
from skneuron.solvers.newton._model import Model, SmoothModel, model_at
from skneuron.solvers.newton._preconditioner import divisor

__all__ = [
    "DENSE_PARAMS",
    "INVISIBLE",
    "REACH",
    "VISIBLE",
    "GapMonitor",
    "bounded",
    "is_near",
    "penalty_gap",
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

# Largest change of a linear predictor, over all samples, in the step to the model's minimum.
# A quadratic model of the log loss predicts the gap within a factor of two up to there, as the
# curvature is nearly constant along the step (Bach, Electron. J. Stat. 4, 2010, on the
# self-concordance of the logistic loss). Nearly separable, collinear data give gaps that are
# wrong by more than a factor of ten from 0.5 on.
REACH = 0.1

# Maximum number of Newton steps that estimate a gap.
_MAX_GAP_STEPS = 100

# Maximum number of halvings of such a step.
_MAX_HALVINGS = 30

# The steps end when the model predicts less than this fraction of the decrease so far.
_SETTLED = 0.1

# A decrease agrees with the predicted one if it is within this fraction of it.
_AGREES = 0.1

# While the decrease is above this fraction of F(0), directions in which F is nearly flat may
# hide from the model.
_FAR = 1e-5


def relative(gap: float, objective: ObjectiveProtocol) -> float:
    """Return the gap as a share of the objective at zero weights."""
    return gap / objective.zero_value if objective.zero_value > 0 else gap


def bounded(gap: float, objective: ObjectiveProtocol, value: float) -> float:
    """Return a relative gap at a point, or F's own share there if that is less.

    No loss is negative: the minimum is not below zero, but for the quadratic of a memory.
    """
    return gap if objective.has_summary else min(gap, relative(value, objective))


def rounding(objective: ObjectiveProtocol, value: float) -> float:
    """Return the difference below which two values of F cannot be told apart.

    Terms that cancel, as z_y - log Σ exp z in a softmax, keep the error of their size
    when F itself has become small: F at zero weights stands for that size.
    """
    return 16 * float(np.finfo(np.float64).eps) * max(abs(value), objective.zero_value)


def is_near(objective: ObjectiveProtocol, params: FloatArray, step: FloatArray) -> bool:
    """Return whether a step changes every linear predictor so little that a model holds."""
    return objective.max_change_bound(step) <= REACH or objective.max_change(step, params) <= REACH


def penalty_gap(objective: ObjectiveProtocol, value: float, gradient: FloatArray) -> float:
    """Return an upper bound of F - min F from the penalty alone, infinity if there is none.

    The ridge makes F strongly convex: with curvature r at least, F is at most g²/2r above its
    minimum (Boyd & Vandenberghe, Convex Optimization, 2004, section 9.1.2). The
    intercept has no penalty: its slope has to be zero up to rounding errors.

    Parameters
    ----------
    objective : ObjectiveProtocol
        Convex, without an L1 penalty or bounds.
    value : float
        F.
    gradient : ndarray of shape (n_params,)
    """
    full = gradient.reshape(objective.dims.n_outputs, -1)
    weights, slopes = full[:, : objective.dims.n_features], full[:, objective.dims.n_features :]
    ridge = objective.penalty.ridge[: objective.dims.n_features]
    is_flat = np.abs(slopes).max(initial=0.0) <= rounding(objective, value)
    if not is_flat or not np.all(ridge > 0):
        return float(np.inf)
    with np.errstate(all="ignore"):
        return 0.5 * float(np.sum(weights**2 / ridge))


def relative_gap(objective: ObjectiveProtocol, params: FloatArray, gradient: FloatArray) -> float:
    """Estimate (F - min F) / F(0) by ½ gᵀH⁻¹g, and by Newton steps if the minimum is far.

    The Hessian is the observed one if it is positive definite, and Fisher's otherwise.
    The quadratic form sees gaps far below the rounding error of F: they are second order in the
    gradient (Boyd & Vandenberghe, Convex Optimization, 2004, section 9.5.1). It is only valid
    if the step to the minimum changes no linear predictor by much. Otherwise, and while
    the gap is large enough for values of F to show it, Newton steps add up the decrease of F.
    They do not change ``params``.

    Parameters
    ----------
    objective : ObjectiveProtocol
    params, gradient : ndarray of shape (n_params,)

    Returns
    -------
    float
        Infinite if the steps do not arrive at a minimum.
    """
    if not objective.penalty.is_smooth:
        return relative(_walked_gap(objective, params, model_at(objective, params)), objective)
    if not np.any(gradient):
        return 0.0
    if objective.dims.n_params > DENSE_PARAMS:
        return relative(_conjugate_gap(objective, params, gradient), objective)
    curvature = None if objective.loss.convex else Curvature.observed(objective, params)
    model = SmoothModel(curvature or Curvature(objective, params))
    step, gap = model.newton_step(gradient)
    far = relative(gap, objective) > VISIBLE or not is_near(objective, params, step)
    if objective.loss.smooth and far:
        most = np.inf
        if objective.loss.convex:
            most = penalty_gap(objective, objective.value_gradient(params)[0], gradient)
        if relative(most, objective) > VISIBLE:
            most = min(most, max(gap, _walked_gap(objective, params, model)))
        gap = most
    return relative(gap, objective)


def value_and_gap(objective: ObjectiveProtocol, params: FloatArray) -> tuple[float, float]:
    """Return F and the relative gap; all of F where mistakes are counted, not followed."""
    value, gradient = objective.value_gradient(params)
    if not objective.loss.differentiable:
        return value, relative(value, objective)
    return value, bounded(relative_gap(objective, params, gradient), objective, value)


def _walked_gap(objective: ObjectiveProtocol, params: FloatArray, model: Model) -> float:
    """Return the decrease of F along Newton steps, plus the last model's predicted decrease.

    ``model`` is Newton's at ``params``. If the steps do not arrive, the result is infinite,
    unless F has lost half of its value: no minimum is below zero.
    """
    point = Point.at(objective, params)
    start, decrease, predicted = point.value, 0.0, np.inf
    for _ in range(_MAX_GAP_STEPS):
        step, predicted = model.step(point)
        near = is_near(objective, point.params, step)
        if near and predicted <= _SETTLED * decrease:
            break
        trial, length = _lower_point(objective, point, step)
        if length == 0:
            return decrease + predicted if near else float(np.inf)
        last = point.value - trial.value
        decrease += last
        point = trial
        close = relative(decrease, objective) <= _FAR
        if near and close and length == 1 and abs(last - predicted) <= _AGREES * predicted:
            return decrease + model.gap(point)
        model = model_at(objective, point.params)
    else:
        return start if not objective.has_summary and decrease >= start / 2 else float(np.inf)
    return decrease + predicted


def _lower_point(
    objective: ObjectiveProtocol, point: Point, step: FloatArray
) -> tuple[Point, float]:
    """Halve a step until F is lower; the length is 0 if it never is."""
    length = 1.0
    for _ in range(_MAX_HALVINGS):
        trial = Point.at(objective, point.params + length * step)
        if trial.value < point.value:
            return trial, length
        length /= 2
    return point, 0.0


def _conjugate_gap(objective: ObjectiveProtocol, params: FloatArray, gradient: FloatArray) -> float:
    """½ gᵀH⁻¹g by conjugate gradients."""
    found = conjugate_gradients(
        objective.curvature(params),
        gradient,
        divisor(objective, params),
        lambda terms: settled(terms, KNOWN),
        most=objective.dims.n_params,
    )
    return found.gap


class GapMonitor:
    """Tells a first-order solver when the gap is reached, without factoring each time.

    Between exact looks it scales the last one with ‖g‖². Each look that is refused
    corrects the scale, so there are few.

    Parameters
    ----------
    objective : ObjectiveProtocol
    tol : float
        Relative gap to reach.
    """

    def __init__(self, objective: ObjectiveProtocol, tol: float) -> None:
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
            if self.gap <= self._tol:
                status = Status.CONVERGED
            elif status is Status.STALLED and self.gap <= INVISIBLE:
                status = Status.PRECISION
        lines = history.as_dict()
        return SolverResult(best.params, best.value, self.gap, len(history), status, lines)
