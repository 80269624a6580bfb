"""Newton's method on growing subsamples, then on all rows with a subsample's curvature."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Budget, Point
from skneuron.solvers.newton._descent import Descent, Progress, descend
from skneuron.solvers.newton._model import Model, model_at

__all__ = ["MANY_PARAMS", "OnFewRows", "SubsampledNewton", "pays_to_subsample"]

# A first subsample has ten rows a parameter, and some more than two where these are many,
# as the Hessian costs the square; but not fewer rows than this.
_FIRST_ROWS, _FIRST_MANY, _FIRST_LEAST = 10, 2, 1000

# The second one's curvature errs by √(parameters / rows), 1/22 here: then a step on all
# rows leaves 1/500 of the gap, and three of them, with L-BFGS pairs, reach 1e-18. With 200
# rows a parameter one fit in five of 100,000 × 20 needed a fourth, with 500 one in 200. More
# rows than that are worth it while they are a small part of all.
_SECOND_ROWS, _SECOND_SHARE = 500, 16

# All rows are many from this multiple of a first subsample on.
_MANY = 6

#: A Hessian of more parameters costs more than ten passes. Then it serves several steps,
#: even of few rows, of which no subsample is drawn.
MANY_PARAMS = 200

# Its copy takes so many elements at most, 16 MB.
_COPY_ELEMENTS = 2**21

# A subsample's minimum is that far from the minimum on all rows anyway: going nearer
# than this share of parameters / rows would be wasted.
_NEAR_ENOUGH = 0.1

# What a pass costs more when it takes the Hessian along, as parameters per unit of cost.
_HESSIAN_COST = 20.0

# Steps on a subsample; where these do not do, all rows will not be worse.
_STEPS = 30


def pays_to_subsample(objective: ObjectiveProtocol) -> bool:
    """Return whether steps without the Hessian of all rows are cheaper than Newton's.

    So it is where all rows are many more than a first subsample needs, and where a
    Hessian costs many passes.
    """
    many = objective.dims.n_samples >= _MANY * _first_rows(objective)
    return many or objective.dims.n_params > MANY_PARAMS


def _first_rows(objective: ObjectiveProtocol) -> int:
    p = objective.dims.n_params
    return max(_FIRST_LEAST, min(_FIRST_ROWS * p, 2 * _FIRST_LEAST + _FIRST_MANY * p))


class SubsampledNewton(Solver):
    """Newton's method for many rows: growing random subsamples first, then all rows.

    The minimum on a subsample is where all rows are begun, and its Hessian is the
    curvature that steps on all rows use, each a single pass for value and gradient.
    L-BFGS corrects it; where it proves poor it is taken anew at the present point, from
    more rows and in the end from all. The subsamples speed the way and do not decide
    where it ends: the gap on all rows does (Roosta-Khorasani & Mahoney, Math. Program.
    174, 2019; Bollapragada, Byrd & Nocedal, IMA J. Numer. Anal. 39, 2019). A warm start
    uses the coefficients only: each fit draws its subsamples anew.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron import NeuronClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100_000, 10))
    >>> y = X.sum(axis=1) + rng.logistic(size=100_000) > 0
    >>> neuron = NeuronClassifier(random_state=0).fit(X, y)
    >>> neuron.solver_, bool(neuron.history_["n_passes"][-1] < 6)
    ('subsampled-newton', True)
    """

    needs = ("gradient", "hessian")
    supports_nonsmooth = True

    def _solve(
        self, objective: ObjectiveProtocol, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        rng = np.random.default_rng(budget.seed)
        model: Model | None = None
        base = None
        rule = SubsampledCurvature(objective, rng, budget.tol)
        for part in _subsamples(objective, rng):
            rule.use(part)
            rows = part.dims.n_samples
            point = Point.at(part, params, hessian=True)
            tol = _NEAR_ENOUGH * objective.dims.n_params / rows
            inner = Progress(point, model_at(part, params, point.hessian), 0.0, exact=True)
            end = descend(
                part, inner, Budget(tol, _STEPS), History(), OnFewRows(part), certify=False
            )
            if np.isfinite(end.point.value):
                params, model = end.point.params, end.progress.model
                base = end.progress.base
        point = Point.at(objective, params)
        if model is None:
            model = rule.model(point)
        progress = Progress(point, model, 0.0, base=base)
        return descend(objective, progress, budget, history, rule).result(history)


def _subsamples(objective: ObjectiveProtocol, rng: np.random.Generator) -> list[ObjectiveProtocol]:
    """Return the subsamples, small ones first; those are drawn from the larger ones."""
    parts: list[ObjectiveProtocol] = []
    whole = objective
    for rows in reversed(_schedule(objective)):
        whole = whole.sample(rows, rng)
        parts.insert(0, whole)
    return parts


def _schedule(objective: ObjectiveProtocol) -> list[int]:
    """Return the numbers of rows of the subsamples."""
    n, p = objective.dims.n_samples, objective.dims.n_params
    first = _first_rows(objective)
    most = max(first, min(n // 3, int(_COPY_ELEMENTS / objective.rows.row_elements)))
    second = min(most, max(_SECOND_ROWS * p, n // _SECOND_SHARE))
    if 2 * first >= n:
        return []
    return [first, second] if second >= 3 * first else [second]


class OnFewRows(Descent):
    """The Hessian of the rows at hand: in every pass while it costs little, else where needed."""

    def __init__(self, part: ObjectiveProtocol) -> None:
        self._part = part

    def wants_hessian(self, progress: Progress) -> bool:
        """Return whether a Hessian costs about as much as the rest of the pass."""
        return self._part.dims.n_params <= 2 * _HESSIAN_COST

    def reach(self, step: FloatArray, params: FloatArray) -> float:
        """Return how far a step from ``params`` changes a pre-activation."""
        return self._part.max_change(step, params)

    def model(self, point: Point) -> Model:
        """Return Newton's model of these rows."""
        return model_at(self._part, point.params)

    def renewed(self, progress: Progress) -> Model | None:
        """Return Newton's model at the point."""
        return self.model(progress.point)


class SubsampledCurvature(Descent):
    """On all rows: the curvature of a subsample, of more rows each time it proves poor.

    Parameters
    ----------
    objective : ObjectiveProtocol
    rng : numpy.random.Generator
    tol : float
        Relative gap to reach.
    """

    def __init__(self, objective: ObjectiveProtocol, rng: np.random.Generator, tol: float) -> None:
        self._objective = objective
        self._rng = rng
        self._tol = tol
        self._part: ObjectiveProtocol | None = None
        self._renewed = False

    def use(self, part: ObjectiveProtocol) -> None:
        """Take the curvature from this subsample from now on."""
        self._part, self._renewed = part, False

    def model(self, point: Point) -> Model:
        """Return the model of the subsample's curvature at a point."""
        return model_at(self._part or self._objective, point.params)

    def wants_hessian(self, progress: Progress) -> bool:
        """Return whether steps with this curvature would need more passes than a Hessian costs."""
        objective = self._objective
        rows = objective.dims.n_samples if self._part is None else self._part.dims.n_samples
        rate = min(0.5, max(progress.contraction, 1e-4))
        if progress.contraction == 1.0:
            rate = min(0.5, objective.dims.n_params / rows)
        gap = progress.promised / objective.zero_value if objective.zero_value > 0 else 0.0
        left = gap * rate
        if left <= self._tol or left == 0.0:
            return False
        steps = np.log(left / max(self._tol, 1e-300)) / -np.log(rate)
        return bool(steps > 1 + objective.dims.n_params / _HESSIAN_COST)

    def reach(self, step: FloatArray, params: FloatArray) -> float:
        """Return how far a step changes a pre-activation, on the subsample if there is one."""
        return (self._part or self._objective).max_change(step, params)

    def renewed(self, progress: Progress) -> Model | None:
        """Return the curvature here: of the same rows, then of four times as many."""
        objective = self._objective
        if self._part is not None and self._renewed:
            rows = 4 * self._part.dims.n_samples
            if rows > objective.dims.n_samples // 2:
                self._part = None
            else:
                self._part = objective.sample(rows, self._rng)
        self._renewed = True
        return self.model(progress.point)
