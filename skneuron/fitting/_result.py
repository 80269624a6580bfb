"""The result of a fit: coefficients, objective and gap of one neuron or of several."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.fitting._restart import mark_dead
from skneuron.fitting._stored import CONVERGED, stored_result
from skneuron.fitting._subproblems import Subproblem
from skneuron.results import SolverResult, Status
from skneuron.separation import Separation
from skneuron.solvers import PRECISION, rounding, solver_name, value_and_gap
from skneuron.validation import TrainingData

__all__ = ["FitResult", "NeuronResult", "as_stored", "combine"]

# Ends of a fit whose steps do not lower F any further. One of several neurons may have a gap that
# is too large for it alone, and the gap of all is at the precision of float64.
_ENDED = (*CONVERGED, Status.STALLED, Status.CANCELLED, Status.ROUNDED)

# Largest objective. Its gradient and curvature are below the largest float64.
_LARGEST_OBJECTIVE = 1e150

# Ends of a fit that need no warning about convergence.
_NO_FAILURE = (
    *CONVERGED,
    Status.STOPPED,
    Status.EARLY,
    Status.INTERRUPTED,
    Status.SEPARATED,
    Status.UNSEEN,
    Status.EPOCH,
)


@dataclass(frozen=True)
class FitResult:
    """The result for one neuron, or for one neuron per class.

    Attributes
    ----------
    coef : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept : ndarray of shape (1,) or (n_classes,)
    objective, gap : float
        Sums over the neurons. The gap is relative to the sum at zero coefficients.
    tol : float
        Relative gap that the fit should reach.
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
    tol: float
    n_iter: AnyArray
    statuses: list[Status]
    solver: str
    history: dict[str, FloatArray]
    separations: list[tuple[int | None, Separation]]
    excludes_absent: bool = True
    states: list[object] = field(default_factory=list)

    @property
    def failure(self) -> Status | None:
        """Return the status of a neuron that failed to converge, None if there is none."""
        if self.gap <= self.tol or self._is_at_precision():
            return None
        return next((status for status in self.statuses if status not in _NO_FAILURE), None)

    @property
    def converged(self) -> bool:
        """Whether every neuron reached ``tol`` or the precision of float64."""
        if Status.SEPARATED in self.statuses:
            return False
        if self.gap <= self.tol or self._is_at_precision():
            return True
        return all(status in CONVERGED for status in self.statuses)

    def _is_at_precision(self) -> bool:
        """Whether no step lowers F any further, and the gap of all neurons is rounding."""
        return self.gap <= PRECISION and all(status in _ENDED for status in self.statuses)


@dataclass(frozen=True)
class NeuronResult:
    """Coefficients on the original scale, the solver's result, and F at zero coefficients."""

    coef: AnyArray
    intercept: AnyArray
    result: SolverResult
    zero_value: float
    tol: float
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
        tol=max(neuron.tol for neuron in neurons),
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
    stored, result = stored_result(part, result, data)
    zero = objective.zero_value
    higher = result.n_iter > 0 and result.objective > zero + rounding(objective, zero)
    if part.solver.minimizes and objective.loss.differentiable and higher:
        # Rounding, or steps that were too long, may raise F above its value at zero coefficients.
        params = objective.at_zero()
        value, gap = value_and_gap(objective, params)
        if value < result.objective:
            lost = result.status in CONVERGED and gap > PRECISION
            status = Status.STALLED if lost else result.status
            result = replace(result, coef=params, objective=value, gap=gap, status=status)
            stored, result = stored_result(part, result, data)
    if not objective.penalty.is_smooth and np.abs(result.coef).max() > _LARGEST_OBJECTIVE:
        largest = int(np.abs(objective.coordinates.split(result.coef)[0]).max(axis=0).argmax())
        raise ValueError(
            f"The bounds of the coefficient of column {largest} make w·x + b overflow float64 in "
            f"derivatives. Expected w·x + b below {_LARGEST_OBJECTIVE:.0e}. Rescale X and the "
            "bounds, for example with sklearn.preprocessing.StandardScaler()."
        )
    if not result.objective < _LARGEST_OBJECTIVE or np.isnan(result.gap):
        raise ValueError(
            f"The objective is {result.objective:.1e}, and its derivatives overflow float64. "
            f"Expected less than {_LARGEST_OBJECTIVE:.0e}. Rescale X and the bounds, for "
            "example with sklearn.preprocessing.StandardScaler()."
        )
    result = mark_dead(objective, result)
    return NeuronResult(
        *stored, result, zero, part.criteria.tol, solver_name(part.solver), separation
    )


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
