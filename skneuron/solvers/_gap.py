"""The relative gap: how far F is above its minimum, estimated from the gradient."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._line_search import line_search
from skneuron.solvers._stopping import status_without_progress
from skneuron.solvers._tolerances import (
    DENSE_PARAMS,
    MAX_DELTA_Z,
    MEASURABLE,
    SETTLED,
    SLOPE_ROUNDING,
)
from skneuron.solvers.newton._conjugate import conjugate_gradients, is_accurate
from skneuron.solvers.newton._curvature import Curvature
from skneuron.solvers.newton._model import Model, SmoothModel, model_at
from skneuron.solvers.newton._preconditioner import preconditioner

__all__ = [
    "GapMonitor",
    "at_most_value",
    "is_near",
    "penalty_gap",
    "relative",
    "relative_gap",
    "rounding",
    "value_and_gap",
]

# Maximum number of Newton steps that estimate a gap.
_MAX_STEPS = 30


def relative(gap: float, objective: ObjectiveProtocol) -> float:
    """Return the gap as a fraction of the objective at zero weights. Rounding is no gap."""
    gap = 0.0 if gap < 0 else gap
    return gap / objective.zero_value if objective.zero_value > 0 else gap


def at_most_value(gap: float, objective: ObjectiveProtocol, value: float) -> float:
    """Return a relative gap, or F as a fraction if that is less, because no loss is negative.

    The quadratic summary of past chunks may be: with it, the gap stays as it is.
    """
    return gap if objective.has_summary else min(gap, relative(value, objective))


def rounding(objective: ObjectiveProtocol, value: float) -> float:
    """Return the rounding error of F: two values that differ by less are equal.

    Terms that cancel, as z_y - log Σ exp z in a softmax, keep the error of their size
    when F itself has become small: F at zero weights stands for that size.
    """
    return 16 * float(np.finfo(np.float64).eps) * max(abs(value), objective.zero_value)


def is_near(
    objective: ObjectiveProtocol,
    params: FloatArray,
    step: FloatArray,
    subsample: ObjectiveProtocol | None = None,
) -> bool:
    """Return whether a step changes every linear predictor so little that a model is valid.

    If a bound for all rows is not enough, the rows of a ``subsample`` are checked instead of all.
    """
    bound = objective.max_change_bound(step)
    return bound <= MAX_DELTA_Z or (subsample or objective).max_change(step, params) <= MAX_DELTA_Z


def penalty_gap(objective: ObjectiveProtocol, value: float, gradient: FloatArray) -> float:
    """Return an upper bound of F - min F from the penalty alone, infinity if there is none.

    The ridge makes F strongly convex: with curvature r at least, F is at most g²/2r above its
    minimum (Boyd & Vandenberghe, Convex Optimization, 2004, section 9.1.2). The
    intercept has no penalty: its slope has to be zero up to rounding errors. F has to be convex,
    without an L1 penalty or bounds.
    """
    full = gradient.reshape(objective.dims.n_outputs, -1)
    weights, slopes = full[:, : objective.dims.n_features], full[:, objective.dims.n_features :]
    ridge = objective.penalty.ridge[: objective.dims.n_features]
    # A large offset makes F and its rounding error large, but no slope.
    unit = min(max(value, objective.zero_value), max(1.0, float(np.abs(weights).max(initial=0.0))))
    is_flat = np.abs(slopes).max(initial=0.0) <= SLOPE_ROUNDING * unit
    if not is_flat or not np.all(ridge > 0):
        return float(np.inf)
    with np.errstate(all="ignore"):
        return 0.5 * float(np.sum(weights**2 / ridge))


def relative_gap(
    objective: ObjectiveProtocol,
    params: FloatArray,
    gradient: FloatArray,
    curvature: Curvature | None = None,
) -> float:
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
    curvature : Curvature, optional
        ``Curvature.best`` at these parameters, if it is already computed.

    Returns
    -------
    float
        Infinite if the steps do not arrive at a minimum.
    """
    if not objective.penalty.is_smooth:
        return relative(_gap_by_steps(objective, params, model_at(objective, params)), objective)
    if not np.any(gradient):
        return 0.0
    if objective.dims.n_params > DENSE_PARAMS:
        return relative(_conjugate_gap(objective, params, gradient), objective)
    curvature = curvature or Curvature.best(objective, params)
    model = SmoothModel(curvature)
    step, gap = model.newton_step(gradient)
    hidden = curvature.hidden_decrease(gradient)
    far = relative(gap, objective) > MEASURABLE or not is_near(objective, params, step)
    if objective.loss.smooth and far:
        most = np.inf
        if objective.loss.convex:
            most = penalty_gap(objective, objective.value_gradient(params)[0], gradient)
        if relative(most, objective) > MEASURABLE:
            most = min(most, max(gap, _gap_by_steps(objective, params, model)))
        gap = most
    return relative(gap + hidden, objective)


def value_and_gap(objective: ObjectiveProtocol, params: FloatArray) -> tuple[float, float]:
    """Return F and the relative gap. For a loss without a gradient, all of F is the gap."""
    value, gradient = objective.value_gradient(params)
    if not objective.loss.differentiable:
        return value, relative(value, objective)
    return value, at_most_value(relative_gap(objective, params, gradient), objective, value)


def _gap_by_steps(objective: ObjectiveProtocol, params: FloatArray, model: Model) -> float:
    """Return the decrease of F along Newton steps, plus the last model's predicted decrease.

    ``model`` is Newton's at ``params``. When F has lost half of its value, the result is that
    value: no minimum is below zero. If the steps do not arrive, the result is infinite.
    """
    iterate = Iterate.at(objective, params)
    start = iterate.value
    for _ in range(_MAX_STEPS):
        step, predicted = model.step(iterate)
        decrease = start - iterate.value
        near = is_near(objective, iterate.params, step)
        settled = predicted <= max(SETTLED * decrease, MEASURABLE * objective.zero_value)
        if near and settled:
            return decrease + predicted
        following, _ = line_search(objective, iterate, step, hessian=True)
        if following.value >= iterate.value:
            return decrease + predicted if near else float(np.inf)
        if not objective.has_summary and following.value <= start / 2:
            return start
        iterate, model = following, model_at(objective, following.params, following.hessian)
    return float(np.inf)


def _conjugate_gap(objective: ObjectiveProtocol, params: FloatArray, gradient: FloatArray) -> float:
    """Return ½ gᵀH⁻¹g by conjugate gradients."""
    solution = conjugate_gradients(
        objective.curvature(params),
        gradient,
        preconditioner(objective).at(params).solve,
        is_accurate,
        max_products=objective.dims.n_params,
    )
    return solution.gap


class GapMonitor:
    """Finds when a first-order solver has reached the gap, without factoring each time.

    Between two estimates of the gap the monitor scales the last one with ‖g‖². Each estimate
    above ``tol`` corrects the scale, so there are few.
    """

    def __init__(self, objective: ObjectiveProtocol, tol: float) -> None:
        self._objective = objective
        self._tol = tol
        # In scaled columns curvatures are of order one and below: start from there.
        self._per_square = 0.5 / max(objective.zero_value, np.finfo(np.float64).tiny)
        self._gap = np.inf

    def reached(self, params: FloatArray, gradient: FloatArray) -> bool:
        """Return whether the gap at these parameters is at most ``tol``."""
        square = float(gradient @ gradient)
        if self._per_square * square > self._tol:
            return False
        self._gap = relative_gap(self._objective, params, gradient)
        self._per_square = self._gap / square if square > 0 else np.inf
        return self._gap <= self._tol

    def result(self, best: Iterate, status: Status, history: History) -> SolverResult:
        """Return where a solver has ended, and estimate the gap of ``best`` if need be."""
        if status is not Status.CONVERGED:
            self._gap = relative_gap(self._objective, best.params, best.gradient)
            if status is Status.STALLED or self._gap <= self._tol:
                status = status_without_progress(self._gap, self._tol)
        return best.result(self._gap, status, history)
