"""Newton's method."""

from __future__ import annotations

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Budget, Point
from skneuron.solvers.newton._descent import Descent, Progress, descend
from skneuron.solvers.newton._model import Model, model_at

__all__ = ["ExactCurvature", "Newton"]


class ExactCurvature(Descent):
    """The Hessian at every point, in the same pass over the rows as the gradient."""

    def wants_hessian(self, progress: Progress) -> bool:
        """Return True."""
        return True

    def __init__(self, objective: ObjectiveProtocol) -> None:
        self._objective = objective

    def reach(self, step: FloatArray, params: FloatArray) -> float:
        """Return how far a step from ``params`` changes a pre-activation."""
        return self._objective.max_change(step, params)

    def model(self, point: Point) -> Model:
        """Return Newton's model."""
        return model_at(self._objective, point.params)

    def renewed(self, progress: Progress) -> Model | None:
        """Return None: there is no better model."""
        return None


class Newton(Solver):
    """Newton's method with exact Hessian and backtracking.

    Uses the observed Hessian where the loss is convex and Fisher weights (iteratively
    reweighted least squares) or Gauss-Newton otherwise. A nearly singular Hessian is
    decomposed as √h·X̃ = QR instead, and steps stay out of directions that have no
    curvature at all. With an L1 penalty or bounds each step minimizes the quadratic
    model with them exactly (proximal Newton; Lee, Sun & Saunders, SIAM J. Optim. 24,
    2014). One pass over X per iteration, n_params² memory.

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
    supports_nonsmooth = True

    def _solve(
        self, objective: ObjectiveProtocol, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        point = Point.at(objective, params, hessian=True)
        first = Progress(point, model_at(objective, params, point.hessian), 0.0, exact=True)
        end = descend(objective, first, budget, history, ExactCurvature(objective))
        return end.result(history)
