"""Full-batch gradient descent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import GapMonitor, rounding
from skneuron.solvers._iterate import Iterate, StoppingCriteria, length_of
from skneuron.solvers._resume import SolverState
from skneuron.solvers._stopping import StoppingRule
from skneuron.solvers._tolerances import DIVERGED
from skneuron.solvers.newton._curvature import largest_curvature

__all__ = ["GD"]

# Iterations without progress that end a fit: momentum goes in waves of hundreds, and the last
# digits of an ill-conditioned fit take thousands.
_PATIENCE = 5000

# Power iteration comes from below; this covers what its steps leave open.
_POWER_SLACK = 1.1


class GD(Solver):
    """Gradient descent on all samples, accelerated by momentum.

    Works on standardized columns, on which one learning rate suits all weights. Each
    iteration takes one pass over X.

    Parameters
    ----------
    learning_rate : float or "auto", default="auto"
        Step per unit of gradient on standardized columns. ``"auto"`` is 1/L with L
        the largest curvature, found by power iteration from the loss's bound on its
        second derivative, or from the start where there is no bound; L is doubled
        whenever a step shows it to be too small, and halved where momentum restarts.
    momentum : float in [0, 1) or "auto", default="auto"
        Share of the last step that is added to the next (Nesterov's form; 0 is plain
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

    def __init__(self, learning_rate: float | str = "auto", momentum: float | str = "auto") -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        rate, momentum = self.learning_rate, self.momentum
        if rate != "auto" and not (isinstance(rate, Real) and 0 < float(rate) < np.inf):
            raise ValueError(
                f"GD: learning_rate={rate!r}: expected 'auto' or a positive, finite number"
            )
        if momentum != "auto" and not (isinstance(momentum, Real) and 0 <= float(momentum) < 1):
            raise ValueError(f"GD: momentum={momentum!r}: expected 'auto' or a number in [0, 1)")

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        point, look = params, Iterate.at(objective, params)
        first = best = look
        stopping = StoppingRule(objective, first.value, _PATIENCE)
        state = _State.to_resume(criteria.state, self, look.gradient)
        rate = _Rate(self.learning_rate, objective, params, state)
        monitor = GapMonitor(objective, criteria.tol)
        momentum = _Momentum(self.momentum, 1.0 if state is None else state.momentum)
        if state is not None:
            point = state.point
            look = look if state.look is None else Iterate.at(objective, state.look)
        status = Status.MAX_ITER
        while len(history) < criteria.max_iter:
            following = look.params - rate.value * look.gradient
            if momentum.points_uphill(following - point, look.gradient):
                rate.lengthen()
                continue
            ahead = following + momentum.extra(following - point)
            tried = Iterate.at(objective, ahead)
            if rate.is_too_long(look, tried):
                if not rate.shorten():
                    status = Status.STALLED
                    break
                point = look.params
                momentum.restart()
                continue
            if not tried.value <= DIVERGED * max(first.value, objective.zero_value):
                status = Status.DIVERGED
                break
            step = length_of(tried.params - look.params)
            point, look = following, tried
            best = look if look.value < best.value else best
            history.add(
                look.params,
                objective=look.value,
                gradient_norm=look.gradient_norm,
                step=step,
                n_passes=objective.n_passes,
            )
            if monitor.reached(look.params, look.gradient):
                best, status = look, Status.CONVERGED
                break
            if stopping.is_stuck(best.value, float(look.gradient @ look.gradient)):
                status = Status.STALLED
                break
        if not len(history):
            # The first step failed: an iteration that moved nothing.
            history.add(
                best.params,
                objective=best.value,
                gradient_norm=best.gradient_norm,
                step=0.0,
                n_passes=objective.n_passes,
            )
        ahead_of_best = None if look is best else look.params
        left = _State(repr(self), best.gradient, point, ahead_of_best, rate.value, momentum.t)
        return replace(monitor.result(best, status, history), state=left)


@dataclass(frozen=True)
class _State(SolverState):
    """Gradient descent between two steps.

    Attributes
    ----------
    point : ndarray of shape (n_params,)
        Where the last step without momentum has led.
    look : ndarray of shape (n_params,) or None
        Where the gradient is known, None if that is where the objective is lowest.
    rate, momentum : float
    """

    point: FloatArray
    look: FloatArray | None
    rate: float
    momentum: float


class _Rate:
    """The learning rate: a number as given, or one that follows the curvature."""

    def __init__(
        self,
        rate: float | str,
        objective: ObjectiveProtocol,
        start: FloatArray,
        state: _State | None,
    ) -> None:
        self._adaptive = rate == "auto"
        self._objective = objective
        if state is not None:
            self.value = state.rate
        elif self._adaptive:
            largest = largest_curvature(objective, start)
            self.value = 1 / (_POWER_SLACK * largest)
        else:
            self.value = float(rate)

    def lengthen(self) -> None:
        """Try a longer step; only where momentum starts anew, as a refusal ends it."""
        if self._adaptive:
            self.value *= 2

    def shorten(self) -> bool:
        """Halve the step; False if it has become nothing."""
        self.value /= 2
        return self.value > float(np.finfo(np.float64).tiny)

    def is_too_long(self, look: Iterate, tried: Iterate) -> bool:
        """Whether the curvature on the way was larger than 1/rate.

        Between any two points of a function whose curvature is at most L,
        F(b) <= F(a) + g(a)·(b-a) + L/2 |b-a|² and (g(b) - g(a))·(b-a) <= L |b-a|². The
        first also sees what lies between the points; the second keeps its digits where
        differences of F have lost theirs.
        """
        if not self._adaptive:
            return False
        move = tried.params - look.params
        square = float(move @ move)
        if not np.isfinite(tried.value) or not np.isfinite(square):
            return True
        bend = tried.value - look.value - float(look.gradient @ move)
        if bend > square / (2 * self.value) + rounding(self._objective, look.value):
            return True
        # Bends upwards by more than rounding may: the share is that of a dot product.
        return float((tried.gradient - look.gradient) @ move) > 1.0001 * square / self.value


class _Momentum:
    """How much of the last step goes on."""

    def __init__(self, momentum: float | str, t: float) -> None:
        self._fixed = None if momentum == "auto" else float(momentum)
        self.t = t

    def restart(self) -> None:
        """Forget what was gathered."""
        self.t = 1.0

    def points_uphill(self, last: FloatArray, gradient: FloatArray) -> bool:
        """Whether the last move, gone on with, would climb; then momentum starts anew."""
        if self._fixed is not None or self.t == 1 or float(gradient @ last) <= 0:
            return False
        self.restart()
        return True

    def extra(self, last: FloatArray) -> FloatArray:
        """Return what to add beyond the gradient step, given the last move."""
        if self._fixed is not None:
            return self._fixed * last
        t = self.t
        self.t = (1 + np.sqrt(1 + 4 * t * t)) / 2
        return np.asarray((t - 1) / self.t * last)
