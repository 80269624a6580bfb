"""Full-batch gradient descent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import GapMonitor, rounding
from skneuron.solvers._iterate import Iterate, StoppingCriteria, length_of
from skneuron.solvers._parameters import FRACTION, POSITIVE, auto_or
from skneuron.solvers._resume import SolverState
from skneuron.solvers._stopping import GRADIENT_PATIENCE, StoppingRule
from skneuron.solvers._tolerances import DIVERGED
from skneuron.solvers.newton._curvature import largest_curvature

__all__ = ["GD"]

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
        state = _DescentState.to_resume(criteria.state, self, iterate.gradient)
        rate = _Rate(self.learning_rate, objective, params, state)
        monitor = GapMonitor(objective, criteria.tol)
        momentum = _Momentum(self.momentum, 1.0 if state is None else state.momentum)
        if state is not None:
            start = state.start
            if state.ahead is not None:
                iterate = Iterate.at(objective, state.ahead)
        status = Status.MAX_ITER
        while len(history) < criteria.max_iter:
            end = iterate.params - rate.value * iterate.gradient
            if momentum.points_uphill(end - start, iterate.gradient):
                rate.lengthen()
                continue
            trial = Iterate.at(objective, end + momentum.extra(end - start))
            if rate.is_too_long(iterate, trial):
                if not rate.shorten():
                    status = Status.STALLED
                    break
                start = iterate.params
                momentum.restart()
                continue
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
        state = _DescentState(repr(self), best.gradient, start, ahead, rate.value, momentum.t)
        return replace(monitor.result(best, status, history), state=state)


@dataclass(frozen=True)
class _DescentState(SolverState):
    """State between two steps."""

    #: End of the last gradient step, without momentum.
    start: FloatArray
    #: Parameters of the last gradient, None if F is lowest there.
    ahead: FloatArray | None
    rate: float
    momentum: float


class _Rate:
    """The learning rate: a fixed number, or one that follows the curvature."""

    def __init__(
        self,
        rate: float | str,
        objective: ObjectiveProtocol,
        start: FloatArray,
        state: _DescentState | None,
    ) -> None:
        self._adaptive = rate == "auto"
        self._objective = objective
        if state is not None:
            self.value = state.rate
        elif self._adaptive:
            self.value = 1 / (_CURVATURE_MARGIN * largest_curvature(objective, start))
        else:
            self.value = float(rate)

    def lengthen(self) -> None:
        """Double an adaptive rate, only if momentum restarts, because a step too long ends it."""
        if self._adaptive:
            self.value *= 2

    def shorten(self) -> bool:
        """Halve the rate, and return False if it underflows."""
        self.value /= 2
        return self.value > float(np.finfo(np.float64).tiny)

    def is_too_long(self, iterate: Iterate, trial: Iterate) -> bool:
        """Return whether the curvature along the step was larger than 1/rate.

        Between any two points of a function with curvature at most L,
        F(b) <= F(a) + g(a)·(b-a) + L/2 |b-a|² and (g(b) - g(a))·(b-a) <= L |b-a|². The
        first also sees what lies between the points. The second keeps its digits when
        differences of F have lost theirs.
        """
        if not self._adaptive:
            return False
        move = trial.params - iterate.params
        square = float(move @ move)
        if not np.isfinite(trial.value) or not np.isfinite(square):
            return True
        excess = trial.value - iterate.value - float(iterate.gradient @ move)
        if excess > square / (2 * self.value) + rounding(self._objective, iterate.value):
            return True
        # The relative tolerance is the rounding error of a dot product.
        return float((trial.gradient - iterate.gradient) @ move) > 1.0001 * square / self.value


class _Momentum:
    """The part of the last step that is added to the next."""

    def __init__(self, momentum: float | str, t: float) -> None:
        self._fixed = None if momentum == "auto" else float(momentum)
        self.t = t

    def restart(self) -> None:
        """Drop the momentum."""
        self.t = 1.0

    def points_uphill(self, last: FloatArray, gradient: FloatArray) -> bool:
        """Restart if a longer last move would raise F. Return whether momentum restarted."""
        if self._fixed is not None or self.t == 1 or float(gradient @ last) <= 0:
            return False
        self.restart()
        return True

    def extra(self, last: FloatArray) -> FloatArray:
        """Return the move beyond the gradient step, given the last move."""
        if self._fixed is not None:
            return self._fixed * last
        t = self.t
        self.t = (1 + np.sqrt(1 + 4 * t * t)) / 2
        return np.asarray((t - 1) / self.t * last)
