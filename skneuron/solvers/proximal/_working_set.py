"""L1 penalty and bounds with more weights than a Hessian can be formed for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._gap import at_most_value, relative, relative_gap
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._resume import SolverState
from skneuron.solvers._tolerances import DENSE_PARAMS, MEASURABLE, PRECISION
from skneuron.solvers.newton._descent import descend
from skneuron.solvers.newton._factored import HESSIAN_COST, FactoredHessian
from skneuron.solvers.newton._newton import Newton
from skneuron.solvers.newton._newton_cg import NewtonCG
from skneuron.solvers.proximal._bounded import bounded_lbfgs
from skneuron.solvers.proximal._face_model import curvature_to_divide_by
from skneuron.solvers.proximal._face_newton import FaceEnd, descend_on_faces
from skneuron.solvers.proximal._faces import Faces

__all__ = ["WorkingSetNewton"]

# A first set has this many columns, as a product with few costs little less; each next one
# up to twice as many as have weights.
_FIRST = 500

# The set is solved to this share of the gap that it was begun with.
_INNER = 0.03

# Maximum number of inner iterations on a set. It does not depend on ``max_iter``, so that an
# iteration is the same however many of them are allowed.
_INNER_ITERATIONS = 10_000

# What columns outside of the set could do each alone may be this share of what is left
# inside: they are alike, and together could do several times as much.
_OUTSIDE = 0.1

# A mean of biases below this share of them is zero.
_ROUNDING = 1e-14


class WorkingSetNewton(Solver):
    """Newton's method on the columns that matter, for L1 penalties and bounds.

    All other weights are at zero or at a bound and want to stay there. A pass over all
    columns finds who wants to leave; the columns with weights and the strongest of these
    are solved for, until nobody wants to leave (Johnson & Guestrin, ICML 2015): by conjugate
    gradients on the face that is foreseen. Where its steps bring nothing more, proximal Newton
    with a factored Hessian does the work on few columns, and on many SciPy's L-BFGS-B, with
    positive and negative parts apart.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from skneuron import NeuronClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = sparse.random(200, 3000, density=0.02, format="csr", random_state=rng)
    >>> y = np.asarray(X[:, :5].sum(axis=1)).ravel() > 0.02
    >>> neuron = NeuronClassifier(C=10.0, l1_ratio=1.0).fit(X, y)
    >>> neuron.solver_, neuron.converged_, int(np.sum(neuron.coef_ != 0)) < 200
    ('working-set', True, True)
    """

    needs = ("gradient", "hessian")
    takes_kinks = True

    def _solve(
        self, objective: Objective, params: FloatArray, budget: StoppingCriteria, history: History
    ) -> SolverResult:
        if objective.is_smooth:
            # Nothing holds a weight: every column is in the set.
            solver = Newton() if objective.n_params <= DENSE_PARAMS else NewtonCG()
            return solver._solve(objective, params, budget, history)
        point = Iterate.at(objective, params)
        gap, last, status = np.inf, np.inf, Status.MAX_ITER
        state = _State.to_resume(budget.state, self, point.gradient)
        by_products = state is None or state.by_products
        while len(history) < budget.max_iter:
            columns, all_of_them = _columns(objective, point)
            if not by_products and len(columns) * objective.n_outputs > DENSE_PARAMS:
                return bounded_lbfgs(objective, point, budget, history)
            part = objective.restrict(columns)
            inside = _Inside(objective, columns)
            start = inside.take(point)
            if by_products:
                end = descend_on_faces(part, start, budget.tol)
            else:
                end = _solve_part(part, start, budget.tol)
            if all_of_them and end.trusted and (np.isfinite(end.left) or not by_products):
                # What the part has fallen by is no promise.
                gap = relative(max(end.begun, point.value - end.point.value), objective)
                if gap <= budget.tol and not by_products:
                    gap = max(gap, _walked(objective, point, part, start))
                if gap <= budget.tol and len(history):
                    status = Status.CONVERGED
                    break
                if not by_products and 0.5 * last <= gap <= PRECISION:
                    status = Status.PRECISION
                    break
                last = gap
            reached = np.inf
            if relative(end.left, objective) <= budget.tol:
                following = Iterate.at(objective, inside.put(end.point.params, point.params))
                reached = _gap_everywhere(objective, following, inside.index, end.left)
            if reached > budget.tol:
                following = Iterate.at(objective, inside.put(end.beyond.params, point.params))
            moved = float(np.linalg.norm(following.params - point.params))
            history.add(
                following.params,
                objective=following.value,
                gradient_norm=following.gradient_norm,
                step=moved,
                reads=objective.reads,
            )
            if reached <= budget.tol:
                point, gap = following, reached
                break
            if moved == 0 and all_of_them and end.trusted:
                status = Status.PRECISION if gap <= PRECISION else Status.STALLED
                break
            point = following
            by_products = by_products and end.trusted
        if status is Status.MAX_ITER and gap > budget.tol:
            gap = _gap_on_the_way(objective, point, budget.tol)
        gap = at_most_value(gap, objective, point.value)
        status = Status.CONVERGED if gap <= budget.tol else status
        lines, left = history.as_dict(), _State(repr(self), point.gradient, by_products)
        return SolverResult(point.params, point.value, gap, len(history), status, lines, left)


@dataclass(frozen=True)
class _State(SolverState):
    """Whether steps on faces have brought something so far."""

    by_products: bool


class _Inside:
    """Between the parameters of all columns and those of some."""

    def __init__(self, objective: Objective, columns: AnyArray) -> None:
        kept = columns
        if objective.fit_intercept:
            kept = np.append(columns, objective.n_features)
        outputs = np.arange(objective.n_outputs)[:, None] * objective.n_coordinates
        #: Where the part's parameters stand among all.
        self.index = (outputs + kept).ravel()
        self._shape = (objective.n_outputs, objective.n_coordinates)
        # A softmax does not see what all biases have in common; a memory does.
        shifts = objective.fit_intercept and objective.memory is None
        self._has_shift = objective.n_outputs > 1 and shifts

    def take(self, point: Iterate) -> Iterate:
        """Return the point as the part sees it; all else is where the part has it."""
        return Iterate(point.params[self.index], point.value, point.gradient[self.index])

    def put(self, params: FloatArray, into: FloatArray) -> FloatArray:
        """Return the parameters of all columns, the biases of a softmax layer of mean zero."""
        out = into.copy()
        out[self.index] = params
        if self._has_shift:
            biases = out.reshape(self._shape)[:, -1]
            shift = biases.mean()
            # Rounding must not look like a step.
            if abs(shift) > _ROUNDING * np.abs(biases).max():
                biases -= shift
        return out


def _solve_part(part: Objective, point: Iterate, tol: float) -> FaceEnd:
    """Solve the part by factored Hessians, where steps on faces have failed."""
    cheap = part.n_params <= 2 * HESSIAN_COST
    strategy = FactoredHessian(part, point, tol, in_every_pass=cheap, any_gap=True)
    begun = strategy.predicted
    strategy.tol = max(0.1 * tol, _INNER * relative(begun, part))
    criteria = StoppingCriteria(strategy.tol, _INNER_ITERATIONS)
    end = descend(part, point, strategy, criteria, History())
    return FaceEnd(end.iterate, begun, np.inf, end.iterate, trusted=True)


def _walked(objective: Objective, point: Iterate, part: Objective, start: Iterate) -> float:
    """Return the relative gap at a point by walking to the minimum, of the part if need be.

    One model's promise is no gap where faces have failed: columns that are not drawn yet may
    be so on the way.
    """
    if objective.n_params > DENSE_PARAMS:
        return relative_gap(part, start.params, start.gradient)
    return relative_gap(objective, point.params, point.gradient)


def _wants(objective: Objective, point: Iterate) -> FloatArray:
    """Return how strongly each parameter is drawn from where it is held, infinity if it is free."""
    faces = Faces.of(objective)
    face = faces.around(point.params)
    pull = faces.pull(point.params, point.gradient, face)
    return np.asarray(np.where(face.free, np.inf, pull))


def _columns_drawn(objective: Objective, point: Iterate) -> tuple[FloatArray, AnyArray]:
    """Return the strongest pull of each column, and whether it has a weight or a free one.

    One whose weights are held at a bound other than zero is among these: what is left out of
    a set has to be zero.
    """
    pull = _per_column(objective, _wants(objective, point)).max(axis=0)
    held = np.any(_per_column(objective, point.params) != 0, axis=0)
    return pull, np.isinf(pull) | held


def _per_column(objective: Objective, params: FloatArray) -> FloatArray:
    """Return what belongs to weights, a row for each output."""
    return params.reshape(objective.n_outputs, -1)[:, : objective.n_features]


def _columns(objective: Objective, point: Iterate) -> tuple[AnyArray, bool]:
    """Return the columns to solve for, and whether they are all that want to move."""
    pull, needed = _columns_drawn(objective, point)
    drawn = np.flatnonzero((pull > 0) & ~needed)
    most = max(_FIRST, int(needed.sum()))
    strongest = drawn[np.argsort(-pull[drawn])[:most]]
    return np.sort(np.append(np.flatnonzero(needed), strongest)), len(drawn) <= most


def _gap_everywhere(objective: Objective, point: Iterate, inside: AnyArray, known: float) -> float:
    """Return the relative gap where some parameters, those inside, have a ``known`` one.

    Infinite where the others, each alone, could do too much to be overlooked.
    """
    pull = _wants(objective, point)
    pull[inside] = 0.0
    drawn = np.flatnonzero(pull)
    outside = 0.0
    if len(drawn) > 0:
        diagonal = objective.hessian_operator(point.params).diagonal()
        curvature = curvature_to_divide_by(objective, diagonal)[drawn]
        outside = 0.5 * float(pull[drawn] @ (pull[drawn] / curvature))
    return relative(known + outside, objective) if outside <= _OUTSIDE * known else np.inf


def _gap_on_the_way(objective: Objective, point: Iterate, tol: float) -> float:
    """Return the relative gap of a fit that was ended.

    A walk to the minimum of all columns that are drawn, which changes nothing for the
    caller, shows what F falls by.
    """
    pull, needed = _columns_drawn(objective, point)
    columns = np.flatnonzero((pull > 0) | needed)
    start = _Inside(objective, columns).take(point)
    end = descend_on_faces(objective.restrict(columns), start, tol)
    fallen = start.value - end.beyond.value
    if relative(fallen, objective) <= MEASURABLE:
        # Rounding: the first model has promised what cannot be seen any more.
        fallen = max(fallen, end.begun)
    return relative(fallen, objective)
