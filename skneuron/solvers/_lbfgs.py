"""SciPy's L-BFGS, in rounds."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

import numpy as np
from scipy import optimize

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative, relative_gap, rounding
from skneuron.solvers._iterate import Iterate, StoppingCriteria, length_of
from skneuron.solvers._parameter_values import WHOLE
from skneuron.solvers._solver import Solver
from skneuron.solvers._stopping import LBFGS_PATIENCE, StoppingRule, status_without_progress
from skneuron.solvers._tolerances import DENSE_PARAMS, MARGIN, MEASURABLE, PRECISION
from skneuron.solvers.newton._curvature import Curvature

__all__ = ["LBFGS"]

# Number of iterations after which whitened coordinates are renewed.
_ROUND = 100


class _Stop(StopIteration):
    """Ends SciPy's loop from its callback."""


class LBFGS(Solver):
    """Limited-memory BFGS (SciPy's L-BFGS-B; Byrd, Lu, Nocedal & Zhu, 1995).

    Works in rounds. Up to 2,000 parameters a round whitens the coordinates by the curvature at
    its first iterate, which makes it indifferent to collinear columns. Above 2,000 parameters,
    scaled columns have to do. Once the gap is too small for differences of F to show
    it, the line search is given ½ (g + g₀)·(v - v₀) instead, F - F₀ up to third order
    without cancellation, so that the fit reaches the same digits as Newton.

    A warm start uses the coefficients only, because SciPy does not return its quadratic
    model. Two fits of one iteration therefore differ from one fit of two.

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
    constraints: ClassVar = {"memory": WHOLE}

    def __init__(self, memory: int = 20) -> None:
        self.memory = memory

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        iterate = best = Iterate.at(objective, params)
        stopping = StoppingRule(objective, iterate.value, LBFGS_PATIENCE)
        best_gap = np.inf
        status = Status.MAX_ITER
        aim = criteria.tol * (MARGIN if criteria.tol < PRECISION else 1.0)
        while True:
            search = _Round(objective, iterate, history)
            gap = search.gap
            noise = rounding(objective, best.value)
            lower = iterate.value < best.value - noise
            if lower or (gap < best_gap and iterate.value <= best.value + noise):
                best, best_gap = iterate, gap
            if best_gap <= aim and len(history):
                best_gap = relative_gap(objective, best.params, best.gradient)
                if best_gap <= aim:
                    return best.result(best_gap, Status.CONVERGED, history)
                gap = max(gap, best_gap)
            if len(history) >= criteria.max_iter:
                break
            if stopping.is_stuck(iterate.value, best_gap):
                status = Status.STALLED
                break
            before, origin = len(history), iterate
            if gap > aim:
                iterate = search.run(self.memory, gap, aim, criteria.max_iter - before)
            if len(history) == before:
                iterate.record(history, objective, 0.0)
            if gap > aim and iterate is origin:
                # The next round would be the same.
                status = Status.STALLED
                break
        gap = relative_gap(objective, best.params, best.gradient)
        if status is Status.STALLED or gap <= criteria.tol:
            status = status_without_progress(gap, criteria.tol)
        return best.result(gap, status, history)


class _Round:
    """One run of SciPy, in coordinates whitened by the curvature at its first iterate.

    The relative gap at this iterate decides how the objective is measured, and how much smaller
    the gradient has to become.
    """

    def __init__(self, objective: ObjectiveProtocol, origin: Iterate, history: History) -> None:
        self._objective, self._history = objective, history
        self._origin = self._evaluated = self._accepted = origin
        self._curvature: Curvature | None = None
        if objective.dims.n_params <= DENSE_PARAMS and objective.loss.smooth:
            curvature = Curvature(objective, origin.params)
            # Whitened coordinates leave out directions without curvature.
            self._curvature = None if curvature.is_unbounded(origin.gradient) else curvature
        #: Relative gap at the origin.
        self.gap = (
            relative(self._curvature.gap(origin.gradient), objective)
            if self._curvature is not None and objective.loss.convex
            else relative_gap(objective, origin.params, origin.gradient)
        )

    def run(self, memory: int, gap: float, tol: float, max_iter: int) -> Iterate:
        """Return the last iterate that SciPy accepted, the origin if it accepted none."""
        self._by_slopes = gap < MEASURABLE
        white = self._whiten_gradient(self._origin.gradient)
        # The quadratic model says gap = ½‖R⁻ᵀg‖².
        self._target = float(np.linalg.norm(white)) * float(np.sqrt(0.5 * tol / gap))
        self._last = np.zeros_like(white)
        most = max_iter if self._curvature is None else min(max_iter, _ROUND)
        # SciPy's own stopping rules are off: the gap alone decides.
        options = {"maxcor": memory, "maxiter": most, "maxfun": 10**9, "ftol": 0.0, "gtol": 0.0}
        # Some versions of SciPy do not catch StopIteration.
        with suppress(_Stop):
            optimize.minimize(
                self._function,
                np.zeros_like(white),
                jac=True,
                method="L-BFGS-B",
                callback=self._callback,
                options=options,
            )
        return self._accepted

    def _function(self, u: FloatArray) -> tuple[float, FloatArray]:
        """Return F - F₀ and its gradient in whitened coordinates."""
        origin = self._origin
        params = origin.params + self._unwhiten(u)
        self._evaluated = trial = Iterate.at(self._objective, params)
        if not np.all(np.isfinite(trial.gradient)):
            return np.inf, np.zeros_like(u)
        excess = trial.value - origin.value
        scale = max(self._objective.zero_value, origin.value)
        if self._by_slopes and abs(excess) <= MEASURABLE * scale:
            excess = 0.5 * float((trial.gradient + origin.gradient) @ (params - origin.params))
        return excess, self._whiten_gradient(trial.gradient)

    def _callback(self, u: FloatArray) -> None:
        """Record an iteration. SciPy calls at the iterate that it has evaluated last."""
        if not np.isfinite(self._evaluated.value):
            raise _Stop
        self._accepted = iterate = self._evaluated
        step = length_of(self._unwhiten(u - self._last))
        iterate.record(self._history, self._objective, step)
        self._last = u.copy()
        if float(np.linalg.norm(self._whiten_gradient(iterate.gradient))) <= self._target:
            raise _Stop

    def _whiten_gradient(self, gradient: FloatArray) -> FloatArray:
        return gradient if self._curvature is None else self._curvature.whiten_gradient(gradient)

    def _unwhiten(self, step: FloatArray) -> FloatArray:
        return step if self._curvature is None else self._curvature.unwhiten(step)
