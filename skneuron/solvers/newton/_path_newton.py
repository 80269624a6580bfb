"""Newton's method for the fits of a path, which share one Hessian of the loss."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._solver import Solver
from skneuron.solvers.newton._descent import descend
from skneuron.solvers.newton._factored import FactoredHessian
from skneuron.solvers.newton._model import Model, model_at

__all__ = ["PathNewton"]


class PathNewton(Solver):
    """Newton's method with the Hessian of the last fit, whose ridge it exchanges.

    Two fits of a path differ in the strength of the ridge only, and their minima are close. So
    the Hessian of the loss serves several fits. L-BFGS corrects it, and where it proves poor, it
    is computed anew at the current iterate.
    """

    needs = ("gradient", "hessian")

    def __init__(self) -> None:
        #: Hessian of the loss without the ridge, the parameters at which it was computed, and the
        #: scale of both.
        self._last: tuple[FloatArray, FloatArray, FloatArray] | None = None

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        iterate = Iterate.at(objective, params, hessian=self._last is None)
        if self._last is None:
            self.keep(objective, iterate.params, iterate.hessian)
        strategy = SharedHessian(objective, iterate, criteria.tol, self)
        return descend(objective, iterate, strategy, criteria, history).result(history)

    def keep(
        self, objective: ObjectiveProtocol, params: FloatArray, hessian: FloatArray | None
    ) -> None:
        """Keep the Hessian at these parameters for the following fits."""
        assert hessian is not None
        self._last = hessian - np.diag(_ridge(objective)), params, _scale(objective)

    def hessian(self, objective: ObjectiveProtocol) -> tuple[FloatArray, FloatArray]:
        """Return the Hessian of this objective, and the parameters at which it was computed."""
        assert self._last is not None
        hessian, params, scale = self._last
        # The scale of the coordinates grows with the ridge.
        ratio = _scale(objective) / scale
        return hessian / np.outer(ratio, ratio) + np.diag(_ridge(objective)), params * ratio


class SharedHessian(FactoredHessian):
    """The Hessian of another fit of the path, until it proves poor."""

    def __init__(
        self, objective: ObjectiveProtocol, iterate: Iterate, tol: float, shared: PathNewton
    ) -> None:
        hessian, base = shared.hessian(objective)
        model = model_at(objective, base, hessian)
        super().__init__(objective, iterate, tol, in_every_pass=False, model=model, base=base)
        self._shared = shared

    def _renewed_model(self, iterate: Iterate) -> Model:
        """Return a model with the curvature at the iterate, which the next fits begin with."""
        hessian = self.objective.curvature(iterate.params).matrix()
        self._shared.keep(self.objective, iterate.params, hessian)
        return model_at(self.objective, iterate.params, hessian)


def _ridge(objective: ObjectiveProtocol) -> FloatArray:
    return np.tile(objective.penalty.ridge, objective.dims.n_outputs)


def _scale(objective: ObjectiveProtocol) -> FloatArray:
    """Return the parameters of a solver at coefficients of 1, and 1 for a constant column."""
    scale, dims = objective.coordinates.scale, objective.dims
    scale = np.append(np.where(np.isfinite(scale), scale, 1.0), [1.0] * dims.fit_intercept)
    return np.tile(scale, dims.n_outputs)
