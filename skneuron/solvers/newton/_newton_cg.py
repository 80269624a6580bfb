"""Newton's method with conjugate gradients instead of a factored Hessian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import at_most_value, is_near, relative, relative_gap
from skneuron.solvers._iterate import Iterate, SolverState, StoppingCriteria
from skneuron.solvers._solver import Solver
from skneuron.solvers._tolerances import (
    AGREEMENT,
    DENSE_PARAMS,
    MARGIN,
    MEASURABLE,
    PRECISION,
    PRODUCTS_TOL,
    SETTLED,
)
from skneuron.solvers.newton._conjugate import conjugate_gradients, is_accurate
from skneuron.solvers.newton._descent import CurvatureStrategy, descend
from skneuron.solvers.newton._model import MAX_PAIRS, SmoothModel
from skneuron.solvers.newton._preconditioner import (
    DiagonalPreconditioner,
    has_bounded_condition,
    preconditioner,
    prefers_products,
)

__all__ = ["ConjugateGradients", "ConjugateState", "NewtonCG"]

# A product is of use if it adds more than this fraction of what a product has added on average. A
# new Hessian is worth more than a better solution with the old one (Nash & Sofer, Oper. Res. Lett.
# 9, 1990).
_MIN_GAIN = 0.5

# Number of pairs of L-BFGS: more of them save few passes, and with tens of thousands of
# coefficients cost as much as a pass.
_LBFGS_PAIRS = 6

# Number of steps that are compared to find slow convergence.
_WINDOW = 10

# Conjugate gradients replace L-BFGS, or the preconditioner is renewed, if these steps leave more
# than this fraction of the gap.
_SLOW = 0.1


class NewtonCG(Solver):
    """Truncated Newton method, for more coefficients than a Hessian can be factored for.

    Each step comes from a few conjugate gradients, one product with the Hessian each (Nocedal &
    Wright, Numerical Optimization, 2006, section 7.1). The preconditioner is the Hessian of each
    class's own coefficients, on a subsample of the rows, together 64 MB at most.

    For more than 2,000 coefficients per class, the preconditioner is the diagonal of the
    curvature. The first steps are then L-BFGS steps, one pass each (section 7.2), until they
    become slow. If the loss is not convex, L-BFGS corrects all steps, because Fisher's curvature
    is not the Hessian.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneuron import NeuronClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> neuron = NeuronClassifier(solver="newton-cg", tol=1e-9).fit(X, y)
    >>> bool(neuron.gap_ <= 1e-9)
    True
    """

    needs = ("gradient", "hessian")

    def default_tol_for(self, n_params: int) -> float:
        """Return the relative gap to reach by default, 1e-9 above 2,000 parameters."""
        return PRODUCTS_TOL if n_params > DENSE_PARAMS else super().default_tol_for(n_params)

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        start = Iterate.at(objective, params)
        state = ConjugateState.to_resume(criteria.state, self, start.gradient)
        strategy = ConjugateGradients(objective, start, criteria.tol, state)
        return descend(objective, start, strategy, criteria, history, self).result(history)


@dataclass(frozen=True)
class ConjugateState(SolverState):
    """State between two steps.

    Attributes
    ----------
    base : ndarray of shape (n_params,)
        Parameters at which the preconditioner was computed, before the next step.
    products : float
        Number of products since then.
    accepted : bool
        Whether the last decrease agreed with the predicted decrease.
    pairs : list of (ndarray, ndarray, float)
        Pairs of L-BFGS.
    by_lbfgs : bool
        Whether steps are L-BFGS steps.
    past : tuple of float
        Predicted decreases of the last steps.
    min_gain : float
        Smallest use of a product, as a fraction of the mean use.
    """

    base: FloatArray
    products: float
    accepted: bool
    pairs: list[tuple[FloatArray, FloatArray, float]]
    by_lbfgs: bool
    past: tuple[float, ...]
    min_gain: float


class ConjugateGradients(CurvatureStrategy):
    """Steps by a few conjugate gradients each.

    A step ends when a product adds less than half of what one has added on average, as
    Newton's equations need not be solved better than they are right. If the predicted decrease
    is below ``tol``, they are solved until the gap is accurate. Before, steps of L-BFGS are
    cheaper if the preconditioner is a diagonal.

    Parameters
    ----------
    objective : ObjectiveProtocol
    iterate : Iterate
    tol : float
        Relative gap to reach.
    state : ConjugateState or None
        State of the fit that ended at this iterate.
    """

    def __init__(
        self,
        objective: ObjectiveProtocol,
        iterate: Iterate,
        tol: float,
        state: ConjugateState | None = None,
    ) -> None:
        super().__init__(objective, tol)
        # A copy of a small table pays off: there are many products.
        objective.rows.keep_small_copy()
        self._preconditioner = preconditioner(objective)
        self._by_lbfgs = isinstance(self._preconditioner, DiagonalPreconditioner)
        if not self._by_lbfgs and tol < PRECISION:
            self.tol = MARGIN * tol
        self._model = SmoothModel(self, max_pairs=_LBFGS_PAIRS if self._by_lbfgs else MAX_PAIRS)
        self._base, self._products, self._accepted = iterate.params, 0.0, False
        self._min_gain = _MIN_GAIN
        # Long solutions follow flat directions, along which a gradient is a rounding error.
        self._is_bounded = has_bounded_condition(objective)
        self._past: tuple[float, ...] = ()
        if state is not None:
            self._base, self._products = state.base, state.products
            self._accepted, self._model.pairs = state.accepted, state.pairs
            self._by_lbfgs, self._past = state.by_lbfgs, state.past
            self._min_gain = state.min_gain
        self._preconditioner.at(self._base)
        self._propose(iterate, self.tol)

    def _propose(self, iterate: Iterate, tol: float) -> None:
        """Solve Newton's equations, accurately if the predicted decrease is at most ``tol``."""
        self._before = self._base, self._products
        if not self._by_lbfgs:
            if self._products >= self._preconditioner.cost:
                self._preconditioner.at(iterate.params)
                self._base, self._products = iterate.params, 0.0
            self._product = self.objective.curvature(iterate.params)
        self._aim = tol
        self.step, self.predicted = self._model.step(iterate)

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -H⁻¹g, as accurately as the fit needs it, or -M⁻¹g for L-BFGS."""
        self._is_unbounded = False
        if self._by_lbfgs:
            return -self._preconditioner.solve(gradient)

        def enough(terms: list[float]) -> bool:
            """Return whether the step is good enough, or the gap is accurate."""
            if relative(sum(terms), self.objective) <= self._aim:
                return is_accurate(terms)
            return len(terms) * terms[-1] < self._min_gain * sum(terms)

        solution = conjugate_gradients(
            self._product,
            gradient,
            self._preconditioner.solve,
            enough,
            max_products=self.objective.dims.n_params,
        )
        self._products += solution.products
        self._is_unbounded = solution.gap == np.inf
        return solution.step

    def is_unbounded(self, gradient: FloatArray) -> bool:
        """Return whether the gradient met no curvature."""
        return self._is_unbounded

    def state(self, solver: object, iterate: Iterate) -> ConjugateState:
        """Return the state from which another fit takes the same step next."""
        base, products = self._before
        return ConjugateState(
            repr(solver),
            iterate.gradient,
            base,
            products,
            self._accepted,
            self._model.pairs,
            self._by_lbfgs,
            self._past,
            self._min_gain,
        )

    def update(self, before: Iterate, after: Iterate, length: float) -> None:
        """Propose the step from the iterate after a step."""
        last, was_accurate = self.predicted, relative(self.predicted, self.objective) <= self.tol
        if self._by_lbfgs or not self.objective.loss.convex:
            self._model.update(before, after)
        elif self._is_bounded:
            # A new Hessian is of little use: a solution converges faster, the longer it goes on.
            if abs(before.value - after.value - last) <= SETTLED * last:
                self._min_gain /= 2
            elif relative(last, self.objective) > MEASURABLE:
                self._min_gain = _MIN_GAIN
        self._past = (*self._past[-_WINDOW + 1 :], last)
        self._propose(after, self.tol)
        if len(self._past) == _WINDOW and self.predicted > _SLOW * self._past[0]:
            self._past = ()
            self._products = float(np.inf)
            self.renew(after)
        if self._by_lbfgs:
            return
        decrease = before.value - after.value + self.predicted
        self._accepted = was_accurate and last / AGREEMENT <= decrease <= AGREEMENT * last

    def renew(self, iterate: Iterate) -> bool:
        """Replace L-BFGS by conjugate gradients, or return False if they took the step already."""
        if not self._by_lbfgs:
            return False
        self._by_lbfgs = False
        if self.objective.loss.convex:
            self._model.pairs = []
        self._propose(iterate, self.tol)
        return True

    def leaves_plateau(self, iterate: Iterate, is_exhausted: bool) -> bool:
        """Return whether conjugate gradients replaced L-BFGS, which may wander for long."""
        return self.renew(iterate)

    @property
    def _is_dense(self) -> bool:
        """Whether a factored Hessian estimates the gap, because products may not see all of it."""
        dims = self.objective.dims
        one = self.objective.coordinates.is_unequal or dims.n_outputs == 1
        return one and dims.n_params <= DENSE_PARAMS and not prefers_products(self.objective)

    def checked_gap(self, iterate: Iterate) -> float:
        """Return the relative gap if it is accurate, infinity if a step has to come first."""
        objective = self.objective
        self.renew(iterate)
        if self._is_dense:
            gap = relative_gap(objective, iterate.params, iterate.gradient)
            if gap > self.tol:
                # The estimate is expensive: wait until the predicted decrease is far smaller.
                self.tol = _SLOW * min(self.tol, relative(self.predicted, objective))
            return gap
        gap = relative(self.predicted, objective)
        accurate = gap <= MEASURABLE or self._accepted
        return gap if accurate or is_near(objective, iterate.params, self.step) else float(np.inf)

    def final_gap(self, iterate: Iterate) -> float:
        """Return the relative gap at the iterate that is returned."""
        self.renew(iterate)
        if self._is_dense:
            return super().final_gap(iterate)
        self._propose(iterate, float(np.inf))
        return at_most_value(
            relative(self.predicted, self.objective), self.objective, iterate.value
        )
