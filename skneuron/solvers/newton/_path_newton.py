"""Newton's method for the fits of a path, which share one Hessian of the loss."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Iterate, StoppingCriteria
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
        #: Hessian of the loss without the ridge, and the parameters at which it was computed.
        self._last: tuple[FloatArray, FloatArray] | None = None

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
        self._last = hessian - np.diag(_ridge(objective)), params

    def hessian(self, objective: ObjectiveProtocol) -> tuple[FloatArray, FloatArray]:
        """Return the Hessian of this objective, and the parameters at which it was computed."""
        assert self._last is not None
        return self._last[0] + np.diag(_ridge(objective)), self._last[1]


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
