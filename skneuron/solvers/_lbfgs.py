"""SciPy's L-BFGS, in rounds."""

from __future__ import annotations

from contextlib import suppress
from numbers import Integral

import numpy as np
from scipy import optimize

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative, relative_gap, rounding
from skneuron.solvers._iterate import Iterate, StoppingCriteria, length_of
from skneuron.solvers._stopping import StoppingRule, status_without_progress
from skneuron.solvers._tolerances import DENSE_PARAMS, MEASURABLE, PRECISION
from skneuron.solvers.newton._curvature import Curvature

__all__ = ["LBFGS"]

# So many iterations in one set of coordinates; then they are renewed.
_ROUND = 100

# Rounds without progress that end a fit.
_PATIENCE = 4


# Newton's last step leaves far less of the gap than it was asked to. Where all digits are
# wanted this solver aims as far below, or two fits of it would agree in nine of them only.
_MARGIN = 1e-2


class _Stop(StopIteration):
    """Ends SciPy's loop from its callback."""


class LBFGS(Solver):
    """Limited-memory BFGS (SciPy's L-BFGS-B; Byrd, Lu, Nocedal & Zhu, 1995).

    Works in rounds. Up to 1,000 parameters a round takes the curvature at its first
    point as its unit of length, which makes it indifferent to collinear columns; above,
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

    def __init__(self, memory: int = 20) -> None:
        self.memory = memory

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if ``memory`` is not a positive integer."""
        if not isinstance(self.memory, Integral) or self.memory < 1:
            raise ValueError(f"LBFGS: memory={self.memory!r}: expected a positive integer")

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        point = best = Iterate.at(objective, params)
        stopping = StoppingRule(objective, point.value, _PATIENCE)
        best_gap = np.inf
        status = Status.MAX_ITER
        aim = criteria.tol * (_MARGIN if criteria.tol < PRECISION else 1.0)
        while True:
            frame = _Frame(objective, point)
            gap = _gap(objective, point, frame)
            noise = rounding(objective, best.value)
            lower = point.value < best.value - noise
            if lower or (gap < best_gap and point.value <= best.value + noise):
                best, best_gap = point, gap
            if best_gap <= aim and len(history):
                best_gap = relative_gap(objective, best.params, best.gradient)
                if best_gap <= aim:
                    status = Status.CONVERGED
                    break
                gap = max(gap, best_gap)
            if len(history) >= criteria.max_iter:
                break
            if stopping.is_stuck(point.value, best_gap):
                status = Status.STALLED
                break
            before = len(history)
            if gap > aim:
                step = _Round(objective, frame, point, gap, aim, history)
                point = step.run(self.memory, frame.limit(criteria.max_iter - before))
            if len(history) == before:
                history.add(
                    point.params,
                    objective=point.value,
                    gradient_norm=point.gradient_norm,
                    step=0.0,
                    n_passes=objective.n_passes,
                )
        if status is not Status.CONVERGED:
            best_gap = relative_gap(objective, best.params, best.gradient)
            stuck = status is Status.STALLED or best_gap <= criteria.tol
            status = status_without_progress(best_gap, criteria.tol) if stuck else status
        return SolverResult(
            best.params, best.value, best_gap, len(history), status, history.as_dict()
        )


class _Round:
    """One run of SciPy from the origin of a frame.

    Parameters
    ----------
    objective : ObjectiveProtocol
    frame : _Frame
    origin : Iterate
    gap : float
        Relative gap at the origin; it decides how the objective is measured, and how
        much smaller the gradient has to become.
    tol : float
    history : History
    """

    def __init__(
        self,
        objective: ObjectiveProtocol,
        frame: _Frame,
        origin: Iterate,
        gap: float,
        tol: float,
        history: History,
    ) -> None:
        self._objective = objective
        self._frame = frame
        self._origin = self._seen = self._accepted = origin
        self._history = history
        self._by_slopes = gap < MEASURABLE
        white = frame.whiten_gradient(origin.gradient)
        # The model of the frame says gap = ½‖R⁻ᵀg‖²; aim below the mark.
        self._target = float(np.linalg.norm(white)) * float(np.sqrt(0.5 * tol / gap))
        self._last = np.zeros_like(white)

    def run(self, memory: int, max_iter: int) -> Iterate:
        """Return the last point that SciPy accepted, the origin if it accepted none."""
        options = {
            "maxcor": memory,
            "maxiter": max_iter,
            # SciPy's own stopping rules are off: the gap alone decides.
            "maxfun": 10**9,
            "ftol": 0.0,
            "gtol": 0.0,
        }
        # Versions of SciPy that do not take StopIteration for an answer pass it on.
        with suppress(_Stop):
            optimize.minimize(
                self._function,
                np.zeros_like(self._last),
                jac=True,
                method="L-BFGS-B",
                callback=self._callback,
                options=options,
            )
        return self._accepted

    def _function(self, u: FloatArray) -> tuple[float, FloatArray]:
        """Return F - F₀ and its gradient in the frame's coordinates."""
        origin = self._origin
        params = origin.params + self._frame.unwhiten(u)
        self._seen = point = Iterate.at(self._objective, params)
        if not np.all(np.isfinite(point.gradient)):
            return np.inf, np.zeros_like(u)
        excess = point.value - origin.value
        scale = max(self._objective.zero_value, origin.value)
        if self._by_slopes and abs(excess) <= MEASURABLE * scale:
            excess = 0.5 * float((point.gradient + origin.gradient) @ (params - origin.params))
        return excess, self._frame.whiten_gradient(point.gradient)

    def _callback(self, u: FloatArray) -> None:
        """Note an iteration; SciPy calls at the point that it has evaluated last."""
        if not np.isfinite(self._seen.value):
            raise _Stop
        self._accepted = point = self._seen
        self._history.add(
            point.params,
            objective=point.value,
            gradient_norm=point.gradient_norm,
            step=length_of(self._frame.unwhiten(u - self._last)),
            n_passes=self._objective.n_passes,
        )
        self._last = u.copy()
        if float(np.linalg.norm(self._frame.whiten_gradient(point.gradient))) <= self._target:
            raise _Stop


class _Frame:
    """Coordinates of one round: whitened by the curvature where that can be factored."""

    def __init__(self, objective: ObjectiveProtocol, origin: Iterate) -> None:
        self.curvature: Curvature | None = None
        if objective.dims.n_params <= DENSE_PARAMS and objective.loss.smooth:
            curvature = Curvature(objective, origin.params)
            # Coordinates without a direction in which there is a slope lead nowhere.
            self.curvature = None if curvature.is_unbounded(origin.gradient) else curvature

    def whiten_gradient(self, gradient: FloatArray) -> FloatArray:
        """Return the gradient in these coordinates."""
        return gradient if self.curvature is None else self.curvature.whiten_gradient(gradient)

    def unwhiten(self, step: FloatArray) -> FloatArray:
        """Return a step of these coordinates in the parameters."""
        return step if self.curvature is None else self.curvature.unwhiten(step)

    def limit(self, iterations: int) -> int:
        """Return after how many of these iterations the coordinates are to be renewed."""
        return iterations if self.curvature is None else min(iterations, _ROUND)


def _gap(objective: ObjectiveProtocol, point: Iterate, frame: _Frame) -> float:
    if frame.curvature is not None and objective.loss.convex:
        return relative(frame.curvature.gap(point.gradient), objective)
    return relative_gap(objective, point.params, point.gradient)
