"""Trained neurons, and the layer that they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.fitting._restart import judged
from skneuron.objective import Objective
from skneuron.results import SolverResult, Status
from skneuron.separation import Separation
from skneuron.solvers import PRECISION, Solver, relative, rounding, solver_name, value_and_gap

__all__ = ["Layer", "Neuron", "as_stored", "layer_of"]

_CONVERGED = (Status.CONVERGED, Status.PRECISION)

# A fit that ends as its user wanted it to has not failed.
_AS_ASKED = (
    *_CONVERGED,
    Status.STOPPED,
    Status.EARLY,
    Status.INTERRUPTED,
    Status.SEPARATED,
    Status.UNSEEN,
    Status.EPOCH,
)

# Smallest relative gap that is worth a warning when the rounding of float32 weights causes it.
# Columns whose mean is near zero have a gap of about 1e-14.
_FLOAT32_GAP = 1e-8

# Smallest rounding error of w·x + b for which F is computed again with the stored weights.
# Smaller errors change F by less than its last digits.
_VISIBLE_ROUNDING = 1e-11


@dataclass(frozen=True)
class Layer:
    """One trained neuron, or K of them.

    Attributes
    ----------
    coef : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept : ndarray of shape (1,) or (n_classes,)
    objective, gap : float
        Sums over the neurons, the gap relative to the sum at zero weights.
    n_iter : int
        Of the neuron that took longest.
    statuses : list of Status
    solver : str
    history : dict of str to ndarray of shape (n_iter,)
    separations : list of (int or None, Separation)
        Classes that are separated from the rest, so that weights run away.
    never : bool
        Whether classes without sample weight are never predicted.
    states : list
        What the solver of each neuron needs to go on from here, None where nothing.
    """

    coef: AnyArray
    intercept: AnyArray
    objective: float
    gap: float
    n_iter: int
    statuses: list[Status]
    solver: str
    history: dict[str, FloatArray]
    separations: list[tuple[int | None, Separation]]
    never: bool = True
    states: list[Any] = field(default_factory=list)

    def failure(self, tol: float) -> Status | None:
        """Return how a neuron failed to converge, None if the layer has reached ``tol``."""
        if self.gap <= tol:
            return None
        return next((status for status in self.statuses if status not in _AS_ASKED), None)

    def converged(self, tol: float) -> bool:
        """Whether every neuron reached ``tol``, or no float64 weights could do better."""
        if Status.SEPARATED in self.statuses:
            return False
        return self.gap <= tol or all(status in _CONVERGED for status in self.statuses)


@dataclass(frozen=True)
class Neuron:
    """What one objective led to: raw weights, the solver's result, F at zero weights."""

    coef: AnyArray
    intercept: AnyArray
    result: SolverResult
    zero_value: float
    solver: str
    separation: tuple[int | None, Separation] | None


def layer_of(neurons: list[Neuron]) -> Layer:
    """Return the layer that trained neurons are."""
    results = [neuron.result for neuron in neurons]
    zero = sum(neuron.zero_value for neuron in neurons)
    excess = sum(neuron.result.gap * neuron.zero_value for neuron in neurons)
    return Layer(
        coef=np.vstack([neuron.coef for neuron in neurons]),
        intercept=np.concatenate([neuron.intercept for neuron in neurons]),
        objective=sum(result.objective for result in results),
        gap=excess / zero if zero > 0 else sum(result.gap for result in results),
        n_iter=max(result.n_iter for result in results),
        statuses=[result.status for result in results],
        solver=neurons[0].solver,
        history=_side_by_side([result.history for result in results]),
        separations=[neuron.separation for neuron in neurons if neuron.separation],
        states=[result.state for result in results],
    )


def as_stored(
    objective: Objective,
    result: SolverResult,
    solver: Solver,
    dtype: Any,
    separation: tuple[int | None, Separation] | None = None,
) -> Neuron:
    """Return raw weights in the type of X, with objective and gap at just those weights."""
    stored, result = _stored(objective, result, dtype)
    zero = objective.zero_value
    if objective.loss.differentiable and result.objective > zero + rounding(objective, zero):
        # Rounding may raise F above its value at zero weights.
        params = objective.at_zero()
        value, gap = value_and_gap(objective, params)
        if value < result.objective:
            stored, result = _stored(
                objective, replace(result, coef=params, objective=value, gap=gap), dtype
            )
    result = judged(objective, result)
    return Neuron(*stored, result, objective.zero_value, solver_name(solver), separation)


def _stored(
    objective: Objective, result: SolverResult, dtype: Any
) -> tuple[tuple[AnyArray, AnyArray], SolverResult]:
    """Return coefficients and intercepts in the type of X, and the result with them."""
    coef, intercept = objective.to_weights(result.coef)
    stored = coef.astype(dtype), intercept.astype(dtype)
    if not all(np.all(np.isfinite(part)) for part in stored):
        column = int(np.flatnonzero(~np.isfinite(stored[0]).all(axis=0)).min(initial=0))
        raise ValueError(
            f"the weight of column {column} is beyond {np.dtype(dtype).name}: expected columns "
            "whose values are not that small or that far from zero; rescale X"
        )
    if dtype != np.float64:
        result = _rounded(objective, result, *(part.astype(np.float64) for part in stored))
    else:
        result = _as_predicted(objective, result, coef, intercept)
    return stored, result


def _rounded(
    objective: Objective, result: SolverResult, coef: FloatArray, intercept: FloatArray
) -> SolverResult:
    """Return the result with objective, gap and status of the weights after rounding."""
    params = objective.from_weights(coef, intercept)
    nearest, gap = value_and_gap(objective, params)
    # Rounding may have moved a weight beyond its bound.
    value = objective.value_at_weights(coef, intercept)
    if value > nearest + rounding(objective, nearest):
        gap += relative(value - nearest, objective)
    lost = result.status in _CONVERGED and gap > _FLOAT32_GAP
    status = Status.ROUNDED if lost else result.status
    return replace(result, coef=params, objective=value, gap=gap, status=status)


def _as_predicted(
    objective: Objective, result: SolverResult, coef: FloatArray, intercept: FloatArray
) -> SolverResult:
    """Return the result with F as predictions see it: their w·x + b is a rounded sum.

    Solvers subtract the center of each column first, and lose fewer digits. What a large offset
    has in common to all rows is left out: it only rounds the intercept.
    """
    eps = float(np.finfo(np.float64).eps)
    centered = bool(np.any(np.abs(objective.offset_center) * eps > _VISIBLE_ROUNDING))
    if centered:
        intercept = objective.split(result.coef)[1] - coef @ objective.center
    if objective.prediction_rounding(coef, intercept) <= _VISIBLE_ROUNDING:
        return result
    value = objective.value_at_weights(coef, intercept, centered=centered)
    excess = value - result.objective
    gap = result.gap
    if excess > rounding(objective, result.objective):
        gap += relative(excess, objective)
    status = result.status
    if status in _CONVERGED:
        status = Status.CANCELLED if gap > PRECISION else Status.PRECISION
    return replace(result, objective=value, gap=gap, status=status)


def _side_by_side(histories: list[dict[str, FloatArray]]) -> dict[str, FloatArray]:
    """Add up histories as if the neurons had learned side by side, early ones waiting."""
    if len(histories) == 1:
        return histories[0]
    length = max(len(history["objective"]) for history in histories)

    def padded(values: FloatArray, fill: float) -> FloatArray:
        """Return the values, and what fills the rest."""
        return np.concatenate([values, np.full(length - len(values), fill)])

    def column(name: str) -> FloatArray:
        """Return a column of every neuron, of shape (n_neurons, length)."""
        parts = [history[name] for history in histories]
        if name == "step":
            return np.array([padded(part, 0.0) for part in parts])
        return np.array([padded(part, part[-1]) for part in parts])

    out = {name: column(name) for name in histories[0]}
    for name, values in out.items():
        if name in ("gradient_norm", "step"):
            # Not the root of a sum of squares: the squares overflow above 1e154.
            out[name] = np.hypot.reduce(values, axis=0)
        elif name == "saturation":
            out[name] = values.mean(axis=0)
        elif name == "margin":
            out[name] = values.min(axis=0)
        else:
            out[name] = values.sum(axis=0)
    return out
