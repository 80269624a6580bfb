"""SciPy's L-BFGS, in rounds."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

import numpy as np
from scipy import optimize

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Budget, Solver
from skneuron.solvers._curvature import Curvature
from skneuron.solvers._gap import DENSE_PARAMS, INVISIBLE, VISIBLE, relative, relative_gap

__all__ = ["LBFGS"]

# So many iterations in one set of coordinates; then they are renewed.
_ROUND = 100


#: Parameters, value and gradient.
_Point = tuple[FloatArray, float, FloatArray]


class _Stop(StopIteration):
    """Ends SciPy's loop from its callback."""


class LBFGS(Solver):
    """Limited-memory BFGS (SciPy's L-BFGS-B; Byrd, Lu, Nocedal & Zhu, 1995).

    Works in rounds. Up to 1,000 parameters a round takes the curvature at its first
    point as its unit of length, which makes it indifferent to collinear columns; above,
    scaled columns have to do. Once the gap is too small for differences of F to show
    it, the line search is given ½ (g + g₀)·(v - v₀) instead, F - F₀ up to third order
    without cancellation, so that the fit reaches the same digits as Newton.

    Parameters
    ----------
    memory : int, default=20
        Number of past steps that model the curvature.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> NeuronClassifier(solver="lbfgs").fit(X, y).converged_
    True
    """

    needs = ("gradient",)

    def __init__(self, memory: int = 20) -> None:
        self.memory = memory

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if ``memory`` is not a positive integer."""
        if not isinstance(self.memory, Integral) or self.memory < 1:
            raise ValueError(f"LBFGS: memory={self.memory!r}: expected a positive integer")

    def _solve(
        self, objective: Objective, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        value, gradient = objective.value_gradient(params)
        gap, best = np.inf, (np.inf, params, value)
        status, idle = Status.MAX_ITER, 0
        while True:
            frame = _Frame(objective, params)
            gap = _gap(objective, params, gradient, frame)
            idle = 0 if gap < 0.5 * best[0] else idle + 1
            if gap < best[0] or value < best[2]:
                best = (gap, params, value)
            if gap <= budget.tol and len(history):
                status = Status.CONVERGED
                break
            if len(history) >= budget.max_iter:
                break
            if idle > 3:
                status = Status.PRECISION if best[0] <= INVISIBLE else Status.STALLED
                break
            before = len(history)
            if gap > budget.tol:
                params, value, gradient = self._round(
                    objective, frame, (params, value, gradient), gap, budget, history
                )
            if len(history) == before:
                history.add(
                    objective=value, gradient_norm=float(np.linalg.norm(gradient)), step=0.0
                )
        gap, params, value = best
        return SolverResult(params, value, gap, len(history), status, history.as_dict())

    def _round(
        self,
        objective: Objective,
        frame: _Frame,
        start: _Point,
        gap: float,
        budget: Budget,
        history: History,
    ) -> _Point:
        """Run SciPy once, from the frame's origin."""
        origin, value0, gradient0 = start
        seen = accepted = start
        by_slopes = gap < VISIBLE
        visible = VISIBLE * max(objective.zero_value, value0)
        # The model of the frame says gap = ½‖R⁻ᵀg‖²; aim a little below the mark.
        norm0 = float(np.linalg.norm(frame.whiten_gradient(gradient0)))
        target = norm0 * np.sqrt(0.5 * budget.tol / gap) if np.isfinite(gap) and gap > 0 else 0.0
        last = np.zeros_like(frame.whiten_gradient(gradient0))

        def function(u: FloatArray) -> tuple[float, FloatArray]:
            nonlocal seen
            params = origin + frame.unwhiten(u)
            value, gradient = objective.value_gradient(params)
            seen = params, value, gradient
            if not np.all(np.isfinite(gradient)):
                return np.inf, np.zeros_like(u)
            excess = value - value0 if np.isfinite(value) else np.inf
            if by_slopes and abs(excess) <= visible:
                excess = 0.5 * float((gradient + gradient0) @ (params - origin))
            return excess, frame.whiten_gradient(gradient)

        def callback(u: FloatArray) -> None:
            nonlocal accepted, last
            # SciPy calls back at the point that it has evaluated last.
            if not np.isfinite(seen[1]):
                raise _Stop
            accepted = seen
            _, value, gradient = accepted
            history.add(
                objective=value,
                gradient_norm=float(np.linalg.norm(gradient)),
                step=float(np.linalg.norm(frame.unwhiten(u - last))),
            )
            last = u.copy()
            if float(np.linalg.norm(frame.whiten_gradient(gradient))) <= target:
                raise _Stop

        limit = budget.max_iter - len(history)
        _minimize(function, np.zeros_like(last), callback, self.memory, frame.limit(limit))
        return accepted


class _Frame:
    """Coordinates of one round: whitened by the curvature where that can be factored."""

    def __init__(self, objective: Objective, origin: FloatArray) -> None:
        self.curvature = (
            Curvature(objective, origin)
            if objective.n_params <= DENSE_PARAMS and objective.loss.smooth
            else None
        )

    def whiten_gradient(self, gradient: FloatArray) -> FloatArray:
        return gradient if self.curvature is None else self.curvature.whiten_gradient(gradient)

    def unwhiten(self, step: FloatArray) -> FloatArray:
        return step if self.curvature is None else self.curvature.unwhiten(step)

    def limit(self, iterations: int) -> int:
        return iterations if self.curvature is None else min(iterations, _ROUND)


def _gap(objective: Objective, params: FloatArray, gradient: FloatArray, frame: _Frame) -> float:
    if frame.curvature is not None and objective.loss.convex:
        return relative(frame.curvature.gap(gradient), objective)
    return relative_gap(objective, params, gradient)


def _minimize(
    function: Callable[[FloatArray], tuple[float, FloatArray]],
    start: FloatArray,
    callback: Callable[[FloatArray], None],
    memory: int,
    max_iter: int,
) -> None:
    """Run SciPy with its own stopping rules off: the gap alone decides."""
    options = {"maxcor": memory, "maxiter": max_iter, "maxfun": 10**9, "ftol": 0.0, "gtol": 0.0}
    try:
        optimize.minimize(
            function, start, jac=True, method="L-BFGS-B", callback=callback, options=options
        )
    except _Stop:
        # Versions of SciPy that do not take StopIteration for an answer pass it on.
        return
