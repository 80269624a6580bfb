"""Newton's method."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Budget, Point, Solver
from skneuron.solvers._curvature import Curvature
from skneuron.solvers._gap import INVISIBLE, VISIBLE, relative, relative_gap

__all__ = ["Newton"]

# Armijo's share of the promised decrease. Small, as a full step of a good model is
# wanted; positive, so that steps cannot creep (Nocedal & Wright, 2006, section 3.1).
_ARMIJO = 1e-4

# 2**-60 of a Newton step changes no digit.
_HALVINGS = 60

# A step of length t leaves (1 - t)² of the gap: one that leaves more than this share, or
# is shorter than 2**-4, has met rounding.
_FALLS, _GAP_HALVINGS = 0.9, 5

# After a step that left a hundredth of the gap the Hessian has hardly changed: it may
# judge the gap at the new point too. Otherwise it is computed again first.
_TRUSTED = 1e-2


class Newton(Solver):
    """Newton's method with exact Hessian and backtracking.

    Uses the observed Hessian where the loss is convex and Fisher weights (iteratively
    reweighted least squares) or Gauss-Newton otherwise. A nearly singular Hessian is
    decomposed as √h·X̃ = QR instead, and steps stay out of directions that have no
    curvature at all. One pass over X per iteration for value and gradient, one for
    the Hessian, n_params² memory.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = NeuronClassifier(solver="newton").fit(X, y)
    >>> neuron.converged_, neuron.n_iter_ < 15
    (True, True)
    """

    needs = ("gradient", "hessian")

    def _solve(
        self, objective: Objective, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        point = Point.at(objective, params)
        status, gap = Status.MAX_ITER, np.inf
        while len(history) < budget.max_iter:
            curvature = Curvature(objective, point.params)
            promised = relative(curvature.gap(point.gradient), objective)
            if promised <= budget.tol and len(history):
                gap = self._confirmed(objective, point, promised)
                if gap <= budget.tol:
                    status = Status.CONVERGED
                    break
            step = curvature.newton_step(point.gradient)
            following, length = _backtrack(objective, point, step, curvature)
            left = relative(curvature.gap(following.gradient), objective)
            history.add(
                objective=following.value,
                gradient_norm=following.gradient_norm,
                step=length * float(np.linalg.norm(step)),
            )
            point, gap = following, left
            if left <= budget.tol and left <= _TRUSTED * promised:
                gap = self._confirmed(objective, point, left)
                if gap <= budget.tol:
                    status = Status.CONVERGED
                    break
            if length == 0:
                gap = self._confirmed(objective, point, promised)
                status = _stuck(gap, budget.tol)
                break
        if status is Status.MAX_ITER:
            gap = relative_gap(objective, point.params, point.gradient)
            status = Status.CONVERGED if gap <= budget.tol else status
        return SolverResult(
            coef=point.params,
            objective=point.value,
            gap=gap,
            n_iter=len(history),
            status=status,
            history=history.as_dict(),
        )

    @staticmethod
    def _confirmed(objective: Objective, point: Point, gap: float) -> float:
        """Judge again where the steps used an expected Hessian, or a model may be poor."""
        if objective.loss.convex and gap <= VISIBLE:
            return gap
        return relative_gap(objective, point.params, point.gradient)


def _stuck(gap: float, tol: float) -> Status:
    if gap <= tol:
        return Status.CONVERGED
    return Status.PRECISION if gap <= INVISIBLE else Status.STALLED


def _backtrack(
    objective: Objective, point: Point, step: FloatArray, curvature: Curvature
) -> tuple[Point, float]:
    """Halve the step until the objective falls enough; length 0 if it never does.

    Where the promised decrease is too small to be read off the objective, whose terms
    carry the rounding of z, the gap decides, measured in the same curvature.
    """
    slope = float(point.gradient @ step)
    before = curvature.gap(point.gradient)
    scale = max(abs(point.value), objective.zero_value)
    by_gap = abs(slope) <= VISIBLE * scale
    length = 1.0
    for _ in range(_GAP_HALVINGS if by_gap else _HALVINGS):
        params = point.params + length * step
        trial = Point.at(objective, params)
        if by_gap:
            no_worse = trial.value <= point.value + VISIBLE * scale
            if no_worse and curvature.gap(trial.gradient) < _FALLS * before:
                return trial, length
        elif trial.value <= point.value + _ARMIJO * length * slope:
            return trial, length
        length /= 2
    return point, 0.0
