"""The line search of all Newton methods but the working set's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._tolerances import ARMIJO, MAX_HALVINGS, MEASURABLE

__all__ = ["line_search", "secant_length", "slope_of"]

# A longer step is accepted if at most this fraction of the slope is left at its end.
_FLAT = 0.05


def slope_of(objective: ObjectiveProtocol, iterate: Iterate, step: FloatArray) -> float:
    """Return the slope of F along a step. The L1 term counts with its change over the step."""
    return float(iterate.gradient @ step) + _l1_change(
        objective, iterate.params, iterate.params + step
    )


def line_search(
    objective: ObjectiveProtocol,
    iterate: Iterate,
    step: FloatArray,
    *,
    length: float = 1.0,
    hessian: bool = False,
) -> tuple[Iterate, float]:
    """Halve a step until F decreases enough (Armijo's rule). The length is 0 if F never does.

    Rounding errors hide a decrease that is a small fraction of F. The trapezoidal rule
    ½ (g + g₀)·step replaces such a difference: it is right up to third order in the step and
    does not cancel.

    Parameters
    ----------
    objective : ObjectiveProtocol
    iterate : Iterate
    step : ndarray of shape (n_params,)
    length : float
        First length to try, as a multiple of the step.
    hessian : bool
        Whether to evaluate the Hessian in the same pass.

    Returns
    -------
    iterate : Iterate
    length : float
    """
    slope = slope_of(objective, iterate, step)
    rounding = MEASURABLE * max(abs(iterate.value), objective.zero_value)
    for _ in range(MAX_HALVINGS if slope < 0 else 0):
        trial = Iterate.at(objective, iterate.params + length * step, hessian=hessian)
        change = trial.value - iterate.value
        if max(abs(change), -length * slope) <= rounding:
            change = 0.5 * length * float((trial.gradient + iterate.gradient) @ step)
            change += _l1_change(objective, iterate.params, trial.params)
        if change <= ARMIJO * length * slope:
            return trial, length
        length /= 2
    return iterate, 0.0


def _l1_change(objective: ObjectiveProtocol, before: FloatArray, after: FloatArray) -> float:
    """Return the change of the L1 term."""
    if objective.penalty.is_smooth:
        return 0.0
    change = (np.abs(after) - np.abs(before)).reshape(objective.dims.n_outputs, -1)
    return float(np.sum(change * objective.penalty.lasso))


def secant_length(
    objective: ObjectiveProtocol, iterate: Iterate, step: FloatArray, length: float
) -> float:
    """Return a length at which F is nearly flat along a step, or the given one if F is there.

    The secant method looks for the zero of the slope, which is monotone because F is convex. It
    needs the linear predictors only, so a trial costs no pass over X. While most of the slope
    is left, the length is doubled: losses with exponential tails need that. If F rises more
    steeply than it fell, the length is shortened. No coefficient leaves its bounds.
    """
    slope = slope_of(objective, iterate, step)
    along, most = _slope_along(objective, iterate.params, step)
    last, last_slope = 0.0, slope
    for _ in range(MAX_HALVINGS):
        here = along(length)
        is_short, is_long = here < _FLAT * slope, here > -slope
        if not (is_short or is_long) or (is_short and length >= most):
            return length
        if here == last_slope:
            break
        following = length - here * (length - last) / (here - last_slope)
        if is_long:
            length = max(following, (last + length) / 2)
        else:
            last, last_slope, length = length, here, min(following, most)
    for _ in range(MAX_HALVINGS):
        if 2 * length > most or not along(2 * length) < 0.5 * slope:
            break
        length *= 2
    return length


def _slope_along(
    objective: ObjectiveProtocol, params: FloatArray, step: FloatArray
) -> tuple[Callable[[float], float], float]:
    """Return t ↦ dF(params + t·step)/dt from the right, and the largest t within the bounds."""
    of_smooth, penalty = objective.slope_along(params, step), objective.penalty
    if penalty.is_smooth:
        return of_smooth, np.inf
    start, way = (part.reshape(objective.dims.n_outputs, -1) for part in (params, step))
    with np.errstate(all="ignore"):
        lengths = (np.where(way > 0, penalty.high, penalty.low) - start) / way
        most = float(np.min(lengths, initial=np.inf, where=way != 0))

    def slope(t: float) -> float:
        """Return the derivative at this step length."""
        signs = np.where(start + t * way == 0, np.sign(way), np.sign(start + t * way))
        return of_smooth(t) + float(np.sum(penalty.lasso * signs * way))

    return slope, most
