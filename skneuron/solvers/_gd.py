"""Full-batch gradient descent."""

from __future__ import annotations

from numbers import Real

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Budget, Solver
from skneuron.solvers._gap import GapMonitor, relative_gap, rounding

__all__ = ["GD"]

# A constant rate that lifts the objective to this multiple of its start has diverged.
_DIVERGED = 1e4

# Power iteration comes from below; this covers what twenty steps leave open.
_POWER_STEPS, _POWER_SLACK = 20, 1.1


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
        whenever a step shows it to be too small.
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
        self, objective: Objective, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        adaptive = self.learning_rate == "auto"
        curvature = _largest_curvature(objective, params) if adaptive else None
        rate = 1 / curvature if curvature is not None else float(self.learning_rate)
        monitor = GapMonitor(objective, budget.tol)
        momentum = _Momentum(self.momentum)
        point = look = params
        value, gradient = objective.value_gradient(look)
        first, best = value, (value, look, gradient)
        status = Status.MAX_ITER
        while len(history) < budget.max_iter:
            following = look - rate * gradient
            ahead = following + momentum.step(following - point, gradient)
            value_ahead, gradient_ahead = objective.value_gradient(ahead)
            move = ahead - look
            if adaptive:
                # A curvature of 1/rate bounds F between any two points; if it does not,
                # the rate is too large: shorten it and leave from here, without momentum.
                model = value + float(gradient @ move) + float(move @ move) / (2 * rate)
                if not value_ahead <= model + rounding(objective, value):
                    if rate < np.finfo(np.float64).tiny:
                        status = Status.STALLED
                        break
                    rate /= 2
                    point = look
                    momentum.restart()
                    continue
            elif not value_ahead <= _DIVERGED * max(first, objective.zero_value):
                status = Status.DIVERGED
                break
            point, look = following, ahead
            value, gradient = value_ahead, gradient_ahead
            if value < best[0]:
                best = (value, look, gradient)
            history.add(
                objective=value,
                gradient_norm=float(np.linalg.norm(gradient)),
                step=float(np.linalg.norm(move)),
            )
            if monitor.reached(look, gradient):
                return SolverResult(
                    look, value, monitor.gap, len(history), Status.CONVERGED, history.as_dict()
                )
        value, look, gradient = best
        gap = relative_gap(objective, look, gradient)
        if gap <= budget.tol and len(history):
            status = Status.CONVERGED
        return SolverResult(look, value, gap, len(history), status, history.as_dict())


class _Momentum:
    """How much of the last step goes on."""

    def __init__(self, momentum: float | str) -> None:
        self._fixed = None if momentum == "auto" else float(momentum)
        self._t = 1.0

    def restart(self) -> None:
        self._t = 1.0

    def step(self, last: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return what to add beyond the gradient step, given the last move."""
        if self._fixed is not None:
            return self._fixed * last
        if float(gradient @ last) > 0:
            self.restart()
            return np.zeros_like(last)
        t = self._t
        self._t = (1 + np.sqrt(1 + 4 * t * t)) / 2
        return np.asarray((t - 1) / self._t * last)


def _largest_curvature(objective: Objective, params: FloatArray) -> float:
    """Largest eigenvalue of the Hessian, or of its bound, by power iteration."""
    product = objective.bounding_operator(params)
    # A fixed, dense start: the answer must not depend on chance.
    vector = np.cos(np.arange(1.0, objective.n_params + 1))
    size = 0.0
    for _ in range(_POWER_STEPS):
        vector /= np.linalg.norm(vector)
        vector = product(vector)
        size = float(np.linalg.norm(vector))
        if not 0 < size < np.inf:
            return 1.0
    return _POWER_SLACK * size
