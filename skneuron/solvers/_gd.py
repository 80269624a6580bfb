"""Full-batch gradient descent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import GapMonitor
from skneuron.solvers._iterate import Iterate, SolverState, StoppingCriteria, length_of
from skneuron.solvers._parameter_values import FRACTION, POSITIVE, auto_or
from skneuron.solvers._solver import Solver
from skneuron.solvers._stopping import GRADIENT_PATIENCE, StoppingRule
from skneuron.solvers._tolerances import DIVERGED
from skneuron.solvers.newton._curvature import largest_curvature

__all__ = ["GD", "GDState"]

# Factor on the largest curvature: power iteration comes from below.
_CURVATURE_MARGIN = 1.1


class GD(Solver):
    """Gradient descent on all samples, accelerated by momentum.

    Works on standardized columns, on which one learning rate suits all coefficients. Each
    iteration takes one pass over X.

    Parameters
    ----------
    learning_rate : float or "auto", default="auto"
        Step per unit of gradient on standardized columns. ``"auto"`` is 1/L with L
        the largest curvature, found by power iteration from the loss's bound on its
        second derivative, or from the start if there is no bound. L is doubled
        whenever a step shows it to be too small, and halved when momentum restarts.
    momentum : float in [0, 1) or "auto", default="auto"
        Fraction of the last step that is added to the next (Nesterov's form; 0 is plain
        gradient descent). ``"auto"`` grows it by Nesterov's sequence and restarts when
        it points uphill (O'Donoghue & Candès, Found. Comput. Math. 15, 2015).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.solvers import GD
    >>> X, y = load_iris(return_X_y=True)
    >>> neuron = NeuronClassifier(solver=GD(learning_rate="auto")).fit(X[:100], y[:100])
    >>> bool(neuron.history_["objective"][-1] < neuron.history_["objective"][0])
    True
    """

    needs = ("gradient",)
    constraints: ClassVar = {"learning_rate": auto_or(POSITIVE), "momentum": auto_or(FRACTION)}

    def __init__(self, learning_rate: float | str = "auto", momentum: float | str = "auto") -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        start = params
        iterate = first = best = Iterate.at(objective, params)
        stopping = StoppingRule(objective, first.value, GRADIENT_PATIENCE)
        monitor = GapMonitor(objective, criteria.tol)
        state = GDState.to_resume(criteria.state, self, iterate.gradient)
        adapts, accelerates = self.learning_rate == "auto", self.momentum == "auto"
        if state is not None:
            start, rate, t = state.start, state.rate, state.momentum
            if state.ahead is not None:
                iterate = Iterate.at(objective, state.ahead)
        else:
            rate, t = self._first_rate(objective, params), 1.0
        status = Status.MAX_ITER
        while len(history) < criteria.max_iter:
            end = iterate.params - rate * iterate.gradient
            move = end - start
            if accelerates and t > 1 and float(iterate.gradient @ move) > 0:
                # A longer move would raise F. Only a restart lengthens the rate, because a step
                # that is too long ends the momentum.
                t, rate = 1.0, 2 * rate if adapts else rate
                continue
            before, t = t, (1 + np.sqrt(1 + 4 * t * t)) / 2
            momentum = (before - 1) / t if accelerates else float(self.momentum)
            trial = Iterate.at(objective, end + momentum * move)
            if adapts and _is_too_long(iterate, trial, rate):
                start, t, rate = iterate.params, 1.0, rate / 2
                if rate > float(np.finfo(np.float64).tiny):
                    continue
                status = Status.STALLED
                break
            if not trial.value <= DIVERGED * max(first.value, objective.zero_value):
                status = Status.DIVERGED
                break
            step = length_of(trial.params - iterate.params)
            start, iterate = end, trial
            best = iterate if iterate.value < best.value else best
            iterate.record(history, objective, step)
            if monitor.reached(iterate.params, iterate.gradient):
                best, status = iterate, Status.CONVERGED
                break
            if stopping.is_stuck(best.value, float(iterate.gradient @ iterate.gradient)):
                status = Status.STALLED
                break
        if not len(history):
            # The first step failed: an iteration that moved nothing.
            best.record(history, objective, 0.0)
        ahead = None if iterate is best else iterate.params
        state = GDState(repr(self), best.gradient, start, ahead, rate, t)
        return replace(monitor.result(best, status, history), state=state)

    def _first_rate(self, objective: ObjectiveProtocol, params: FloatArray) -> float:
        if self.learning_rate == "auto":
            return 1 / (_CURVATURE_MARGIN * largest_curvature(objective, params))
        return float(self.learning_rate)


@dataclass(frozen=True)
class GDState(SolverState):
    """State between two steps."""

    #: End of the last gradient step, without momentum.
    start: FloatArray
    #: Parameters of the last gradient, None if F is lowest there.
    ahead: FloatArray | None
    rate: float
    momentum: float


def _is_too_long(iterate: Iterate, trial: Iterate, rate: float) -> bool:
    """Return whether the curvature along a step was larger than 1/rate.

    Between any two points of a function with curvature at most L,
    (g(b) - g(a))·(b-a) <= L |b-a|². Differences of F would lose their digits near the minimum.
    """
    move = trial.params - iterate.params
    square = float(move @ move)
    if not np.isfinite(trial.value) or not np.isfinite(square):
        return True
    # The relative tolerance is the rounding error of a dot product.
    return float((trial.gradient - iterate.gradient) @ move) > 1.0001 * square / rate
