"""The result of a fit: coefficients, objective and gap of one neuron or of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from skneuron._typing import AnyArray, FloatArray, ForwardPass
from skneuron.design import forward
from skneuron.fitting._restart import mark_dead
from skneuron.fitting._subproblems import Subproblem
from skneuron.objective import Objective
from skneuron.results import SolverResult, Status
from skneuron.separation import Separation
from skneuron.solvers import PRECISION, relative, rounding, solver_name, value_and_gap
from skneuron.validation import TrainingData

__all__ = ["FitResult", "NeuronResult", "as_stored", "combine"]

_CONVERGED = (Status.CONVERGED, Status.PRECISION)

# Ends of a fit that need no warning about convergence.
_NO_FAILURE = (
    *_CONVERGED,
    Status.STOPPED,
    Status.EARLY,
    Status.INTERRUPTED,
    Status.SEPARATED,
    Status.UNSEEN,
    Status.EPOCH,
)

# Smallest relative gap that needs a warning if the rounding of float32 coefficients causes it.
# For columns with a mean near zero, the rounding causes a gap of about 1e-14.
_FLOAT32_GAP = 1e-8

# Smallest rounding error of w·x + b for which F is computed again with the stored coefficients.
# Smaller errors change only the last digits of F.
_VISIBLE_ROUNDING = 1e-11


@dataclass(frozen=True)
class FitResult:
    """The result for one neuron, or for one neuron per class.

    Attributes
    ----------
    coef : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept : ndarray of shape (1,) or (n_classes,)
    objective, gap : float
        Sums over the neurons. The gap is relative to the sum at zero coefficients.
    n_iter : ndarray of int32 of shape (1,) or (n_classes,)
        Of each subproblem: a softmax is a single one.
    statuses : list of Status
    solver : str
    history : dict of str to ndarray of shape (n_iter,)
    separations : list of (int or None, Separation)
        Classes that a hyperplane separates from the rest, so that coefficients diverge.
    excludes_absent : bool
        Whether the model never predicts classes without sample weight.
    states : list
        State of the solver of each subproblem, with which the next fit continues, or None.
    """

    coef: AnyArray
    intercept: AnyArray
    objective: float
    gap: float
    n_iter: AnyArray
    statuses: list[Status]
    solver: str
    history: dict[str, FloatArray]
    separations: list[tuple[int | None, Separation]]
    excludes_absent: bool = True
    states: list[object] = field(default_factory=list)

    def failure(self, tol: float) -> Status | None:
        """Return the status of a neuron that failed to converge, None if there is none."""
        if self.gap <= tol:
            return None
        return next((status for status in self.statuses if status not in _NO_FAILURE), None)

    def converged(self, tol: float) -> bool:
        """Whether every neuron reached ``tol`` or the precision of float64."""
        if Status.SEPARATED in self.statuses:
            return False
        return self.gap <= tol or all(status in _CONVERGED for status in self.statuses)


@dataclass(frozen=True)
class NeuronResult:
    """Coefficients on the original scale, the solver's result, and F at zero coefficients."""

    coef: AnyArray
    intercept: AnyArray
    result: SolverResult
    zero_value: float
    solver: str
    separation: tuple[int | None, Separation] | None


def combine(neurons: list[NeuronResult]) -> FitResult:
    """Return the result of a fit from the results of its subproblems."""
    results = [neuron.result for neuron in neurons]
    zero = sum(neuron.zero_value for neuron in neurons)
    excess = sum(neuron.result.gap * neuron.zero_value for neuron in neurons)
    return FitResult(
        coef=np.vstack([neuron.coef for neuron in neurons]),
        intercept=np.concatenate([neuron.intercept for neuron in neurons]),
        objective=sum(result.objective for result in results),
        gap=excess / zero if zero > 0 else sum(result.gap for result in results),
        n_iter=np.array([result.n_iter for result in results], np.int32),
        statuses=[result.status for result in results],
        solver=neurons[0].solver,
        history=_combined_history([result.history for result in results]),
        separations=[neuron.separation for neuron in neurons if neuron.separation],
        states=[result.state for result in results],
    )


def as_stored(
    part: Subproblem,
    result: SolverResult,
    data: TrainingData,
    separation: tuple[int | None, Separation] | None = None,
) -> NeuronResult:
    """Return coefficients in the dtype of X, with objective and gap at these coefficients."""
    objective = part.objective
    stored, result = _stored(part, result, data)
    zero = objective.zero_value
    higher = result.n_iter > 0 and result.objective > zero + rounding(objective, zero)
    if objective.loss.differentiable and higher:
        # Rounding may raise F above its value at zero coefficients.
        params = objective.at_zero()
        value, gap = value_and_gap(objective, params)
        if value < result.objective:
            stored, result = _stored(
                part, replace(result, coef=params, objective=value, gap=gap), data
            )
    result = mark_dead(objective, result)
    return NeuronResult(*stored, result, zero, solver_name(part.solver), separation)


def _stored(
    part: Subproblem, result: SolverResult, data: TrainingData
) -> tuple[tuple[AnyArray, AnyArray], SolverResult]:
    """Return coefficients and intercepts in the dtype of X, and the result at them."""
    objective, dtype = part.objective, data.X.dtype
    coef, intercept = objective.coordinates.to_weights(result.coef)
    stored = coef.astype(dtype), intercept.astype(dtype)
    if not all(np.all(np.isfinite(part)) for part in stored):
        column = int(np.flatnonzero(~np.isfinite(stored[0]).all(axis=0)).min(initial=0))
        raise ValueError(
            f"The coefficient of column {column} overflows {np.dtype(dtype).name}. Expected "
            "columns with values that are neither tiny nor far from zero. Rescale X, for example "
            "with sklearn.preprocessing.StandardScaler()."
        )
    predict = partial(_predict, part, data)
    if dtype != np.float64:
        weights, biases = (part.astype(np.float64) for part in stored)
        result = _rounded(objective, result, weights, biases, predict)
    else:
        result = _as_predicted(objective, result, coef, intercept, predict)
    return stored, result


def _predict(
    part: Subproblem,
    data: TrainingData,
    coef: AnyArray,
    intercept: AnyArray,
    use: Callable[[slice, AnyArray], None],
) -> None:
    """Pass w·x + b of the rows in use to a function, with the bits that a prediction has.

    A BLAS adds up in an order that depends on the number of rows and of neurons. So the product
    has all rows that ``fit`` got, and the coefficients of all neurons.
    """
    own = slice(part.index, part.index + 1) if part.count > 1 else slice(None)
    n_neurons = max(part.count, len(coef))
    all_coef = np.zeros((n_neurons, coef.shape[1]), coef.dtype)
    all_intercepts = np.zeros(n_neurons, intercept.dtype)
    all_coef[own], all_intercepts[own] = coef, intercept
    X, used = data.given or (data.X, None)
    before = None if used is None else np.append(0, np.cumsum(used))

    def use_own(rows: slice, z: AnyArray) -> None:
        """Leave out the rows and the neurons that the function does not know."""
        z = z[:, own]
        if used is not None and before is not None:
            z, rows = z[used[rows]], slice(before[rows.start], before[rows.stop])
        use(rows, z)

    forward(X, all_coef, all_intercepts, use_own)


def _rounded(
    objective: Objective,
    result: SolverResult,
    coef: FloatArray,
    intercept: FloatArray,
    predict: ForwardPass,
) -> SolverResult:
    """Return the result with objective, gap and status at the rounded coefficients."""
    params = objective.coordinates.from_weights(coef, intercept)
    nearest, gap = value_and_gap(objective, params)
    # Rounding may have moved a coefficient beyond its bound.
    value = objective.value_at_weights(coef, intercept, predict)
    if value > nearest + rounding(objective, nearest):
        gap += relative(value - nearest, objective)
    lost = result.status in _CONVERGED and gap > _FLOAT32_GAP
    status = Status.ROUNDED if lost else result.status
    return replace(result, coef=params, objective=value, gap=gap, status=status)


def _as_predicted(
    objective: Objective,
    result: SolverResult,
    coef: FloatArray,
    intercept: FloatArray,
    predict: ForwardPass,
) -> SolverResult:
    """Return the result with F from the rounded sums w·x + b of predictions.

    Solvers subtract the center of each column first, and lose fewer digits. F leaves out the mean
    of a large offset, which only rounds the intercept.
    """
    eps = float(np.finfo(np.float64).eps)
    centered = bool(np.any(np.abs(objective.coordinates.offset_center) * eps > _VISIBLE_ROUNDING))
    if centered:
        intercept = (
            objective.coordinates.split(result.coef)[1] - coef @ objective.coordinates.center
        )
    if objective.coordinates.prediction_rounding(coef, intercept) <= _VISIBLE_ROUNDING:
        return result
    value = objective.value_at_weights(coef, intercept, predict, centered=centered)
    excess = value - result.objective
    gap = result.gap
    if excess > rounding(objective, result.objective):
        gap += relative(excess, objective)
    status = result.status
    if status in _CONVERGED:
        status = Status.CANCELLED if gap > PRECISION else Status.PRECISION
    return replace(result, objective=value, gap=gap, status=status)


def _combined_history(histories: list[dict[str, FloatArray]]) -> dict[str, FloatArray]:
    """Combine the histories of the neurons. A converged neuron keeps its last values."""
    if len(histories) == 1:
        return histories[0]
    length = max(len(history["objective"]) for history in histories)

    def padded(values: FloatArray, fill: float) -> FloatArray:
        """Return the values, and ``fill`` up to the common length."""
        return np.concatenate([values, np.full(length - len(values), fill)])

    def column(name: str) -> FloatArray:
        """Return a column of every neuron, of shape (n_neurons, length)."""
        parts = [history[name] for history in histories]
        if name == "step":
            return np.array([padded(part, 0.0) for part in parts])
        return np.array([padded(part, part[-1] if length else 0.0) for part in parts])

    common = [name for name in histories[0] if all(name in history for history in histories)]
    out = {name: column(name) for name in common}
    for name, values in out.items():
        if name in ("gradient_norm", "step"):
            # hypot does not overflow. The square of a number above 1e154 does.
            out[name] = np.hypot.reduce(values, axis=0)
        elif name == "saturation":
            out[name] = values.mean(axis=0)
        elif name == "margin":
            out[name] = values.min(axis=0)
        else:
            out[name] = values.sum(axis=0)
    return out
