"""Newton's method on growing subsamples, then on all rows with a subsample's curvature."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._solver import Solver
from skneuron.solvers.newton._descent import descend
from skneuron.solvers.newton._factored import HESSIAN_COST, FactoredHessian
from skneuron.solvers.newton._model import Model, model_at

__all__ = ["MANY_PARAMS", "SubsampledNewton", "pays_to_subsample"]

# Number of rows per parameter of the first subsample.
_FIRST_ROWS = 10

# Number of rows of the first subsample at least.
_MIN_ROWS = 1000

# Number of rows per parameter of the second subsample. Its curvature errs by
# √(parameters / rows), 1/22 here: a step on all rows leaves 1/500 of the gap, and three of them,
# with L-BFGS, reach 1e-18. With 200 rows one fit in five of 100,000 × 20 needed a fourth step, with
# 500 one in 200.
_SECOND_ROWS = 500

# All rows are many from this multiple of the first subsample on.
_MANY = 6

#: A Hessian of more parameters costs more than ten passes. Then it serves several steps.
MANY_PARAMS = 200

# Number of elements that the copy of a subsample takes at most (16 MB).
_MAX_ELEMENTS = 2**21

# Relative gap to reach on a subsample, as a fraction of parameters / rows: the minimum on all rows
# is about one such unit away.
_NEAR_ENOUGH = 0.1


def pays_to_subsample(objective: ObjectiveProtocol) -> bool:
    """Return whether steps without the Hessian of all rows are cheaper than Newton's.

    That is the case if all rows are many more than a first subsample needs, or if a
    Hessian costs many passes.
    """
    many = objective.dims.n_samples >= _MANY * _first_rows(objective)
    return many or objective.dims.n_params > MANY_PARAMS


def _first_rows(objective: ObjectiveProtocol) -> int:
    return max(_MIN_ROWS, _FIRST_ROWS * objective.dims.n_params)


class SubsampledNewton(Solver):
    """Newton's method for many rows: growing random subsamples first, then all rows.

    The minimum on a subsample is the start on all rows, and its Hessian is the curvature of
    the steps there, each a single pass for value and gradient. L-BFGS corrects that curvature.
    If it proves poor, it is computed anew at the current iterate, from more rows and in the end
    from all. The subsamples decide the speed and not the end: the gap on all rows does
    (Roosta-Khorasani & Mahoney, Math. Program. 174, 2019; Bollapragada, Byrd & Nocedal, IMA J.
    Numer. Anal. 39, 2019). A warm start uses the coefficients only: each fit draws its
    subsamples anew.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron import NeuronClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100_000, 10))
    >>> y = X.sum(axis=1) + rng.logistic(size=100_000) > 0
    >>> neuron = NeuronClassifier(random_state=0).fit(X, y)
    >>> neuron.solver_, bool(neuron.history_["n_passes"][-1] < 7)
    ('subsampled-newton', True)
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
        rng = np.random.default_rng(criteria.seed)
        subsample, model, base = objective, None, None
        for subsample in _subsamples(objective, rng):
            iterate = Iterate.at(subsample, params, hessian=True)
            tol = _NEAR_ENOUGH * objective.dims.n_params / subsample.dims.n_samples
            cheap = objective.dims.n_params <= 2 * HESSIAN_COST
            inner = FactoredHessian(subsample, iterate, tol, in_every_pass=cheap, any_gap=True)
            end = descend(
                subsample, iterate, inner, StoppingCriteria(tol, criteria.max_iter), History()
            )
            if np.isfinite(end.iterate.value):
                params, model, base = end.iterate.params, inner.model, inner.base
        iterate = Iterate.at(objective, params)
        strategy = SubsampledHessian(objective, iterate, criteria.tol, rng, subsample, model, base)
        return descend(objective, iterate, strategy, criteria, history).result(history)


def _subsamples(objective: ObjectiveProtocol, rng: np.random.Generator) -> list[ObjectiveProtocol]:
    """Return the subsamples, small ones first. Each is drawn from the next larger one."""
    subsamples: list[ObjectiveProtocol] = []
    subsample = objective
    for n_rows in reversed(_sizes(objective)):
        subsample = subsample.sample(n_rows, rng)
        subsamples.insert(0, subsample)
    return subsamples


def _sizes(objective: ObjectiveProtocol) -> list[int]:
    """Return the numbers of rows of the subsamples."""
    n, first = objective.dims.n_samples, _first_rows(objective)
    most = max(first, min(n // 3, int(_MAX_ELEMENTS / objective.rows.row_elements)))
    second = min(most, _SECOND_ROWS * objective.dims.n_params)
    if 2 * first >= n:
        return []
    return [first, second] if second >= 3 * first else [second]


class SubsampledHessian(FactoredHessian):
    """On all rows: the Hessian of a subsample, of more rows each time it proves poor.

    Parameters
    ----------
    objective : ObjectiveProtocol
    iterate : Iterate
    tol : float
        Relative gap to reach.
    rng : numpy.random.Generator
    subsample : ObjectiveProtocol
        The subsample, or all rows.
    model : Model or None
        Model of the subsample, if it was minimized.
    base : ndarray of shape (n_params,) or None
        Parameters at which its curvature was computed.
    """

    def __init__(
        self,
        objective: ObjectiveProtocol,
        iterate: Iterate,
        tol: float,
        rng: np.random.Generator,
        subsample: ObjectiveProtocol,
        model: Model | None,
        base: FloatArray | None,
    ) -> None:
        if model is None:
            model, base = model_at(subsample, iterate.params), iterate.params
        super().__init__(objective, iterate, tol, model=model, base=base)
        self._rng, self.subsample = rng, subsample
        self._renewed = False

    @property
    def needs_hessian(self) -> bool:
        """Whether steps with this curvature would need more passes than a Hessian costs."""
        rate = min(0.5, max(self.contraction, 1e-4))
        if self.contraction == 1.0:
            rate = min(0.5, self.objective.dims.n_params / self.subsample.dims.n_samples)
        left = rate * relative(self.predicted, self.objective)
        if left <= self.tol or left == 0.0:
            return False
        steps = np.log(left / max(self.tol, 1e-300)) / -np.log(rate)
        return bool(steps > 1 + self.objective.dims.n_params / HESSIAN_COST)

    def _renewed_model(self, iterate: Iterate) -> Model:
        """Return a model of the same rows the first time, then of four times as many."""
        if self._renewed and self.subsample is not self.objective:
            n_rows = 4 * self.subsample.dims.n_samples
            is_small = n_rows <= self.objective.dims.n_samples // 2
            self.subsample = (
                self.objective.sample(n_rows, self._rng) if is_small else self.objective
            )
        self._renewed = True
        return super()._renewed_model(iterate)
