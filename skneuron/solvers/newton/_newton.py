"""Newton's method."""

from __future__ import annotations

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._solver import Solver
from skneuron.solvers.newton._descent import descend
from skneuron.solvers.newton._factored import FactoredHessian

__all__ = ["Newton"]


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
    >>> neuron.converged_, bool(neuron.n_iter_.max() < 15)
    (True, True)
    """

    needs = ("gradient", "hessian")
    supports_nonsmooth = True

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        start = Iterate.at(objective, params, hessian=True)
        strategy = FactoredHessian(objective, start, criteria.tol)
        return descend(objective, start, strategy, criteria, history).result(history)
