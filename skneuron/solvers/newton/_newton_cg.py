"""Without a Hessian: L-BFGS on scaled columns, with conjugate gradients where it is slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._backtrack import backtrack
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import DENSE_PARAMS, INVISIBLE, VISIBLE, bounded, relative, relative_gap
from skneuron.solvers._iterate import Budget, Point, length_of
from skneuron.solvers._resume import SolverState
from skneuron.solvers._search import Search
from skneuron.solvers.newton._conjugate import conjugate_gradients, settled
from skneuron.solvers.newton._descent import REACH
from skneuron.solvers.newton._model import SmoothModel
from skneuron.solvers.newton._preconditioner import DiagonalCurvature, has_small_blocks
from skneuron.solvers.newton._truncated import TruncatedSearch, TruncatedState

__all__ = ["NewtonCG"]

# Past steps that correct the diagonal. More of them save few passes, and with tens of
# thousands of weights cost as much as a pass.
_MEMORY = 6

# Where ten steps leave more than this share of the gap, the next direction is Newton's
# own, from conjugate gradients.
_WINDOW, _SLOW = 10, 0.1

# Conjugate gradients end when their last two terms add little, on the way and for the gap.
_LAST, _LONGEST = 2, 250


class NewtonCG(Solver):
    """Newton's method without a Hessian, for more weights than one can be factored for.

    For a layer of neurons each step comes from a few conjugate gradients, preconditioned by
    each class's own block of the Hessian, together 64 MB at most. Else steps are those of
    L-BFGS, one pass each, on columns brought to one scale and with the diagonal of the
    curvature as the first guess. Where they become slow, and whenever the gap is to be told,
    Newton's equations are solved by conjugate gradients, one pass per product,
    preconditioned by L-BFGS (Nocedal & Wright, Numerical Optimization, 2006, sections 7.1
    and 7.2).

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

    def _solve(
        self, objective: ObjectiveProtocol, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        start = Point.at(objective, params)
        search: TruncatedSearch | _Search
        if has_small_blocks(objective):
            truncated = TruncatedState.to_resume(budget.state, self, start.gradient)
            search = TruncatedSearch(objective, start, budget.tol, truncated)
        else:
            state = _State.to_resume(budget.state, self, start.gradient)
            search = _Search(objective, start, budget.tol, state)
        status = Status.MAX_ITER
        while len(history) < budget.max_iter:
            if search.may_be_done() and len(history):
                gap = search.certified_gap()
                if gap <= budget.tol:
                    status = Status.CONVERGED
                    break
            length = search.advance()
            history.add(
                search.point.params,
                objective=search.point.value,
                gradient_norm=search.point.gradient_norm,
                step=length,
                n_passes=objective.n_passes,
            )
            if search.is_stuck(length):
                status = Status.STALLED
                break
        # The last look at the gap may change the step that would come next.
        left = search.state(self)
        if status is not Status.CONVERGED:
            gap = bounded(search.newton_gap(), objective, search.point.value)
            if gap <= budget.tol:
                status = Status.CONVERGED
            elif status is Status.STALLED and gap <= INVISIBLE:
                status = Status.PRECISION
        point, lines = search.point, history.as_dict()
        return SolverResult(point.params, point.value, gap, len(history), status, lines, left)


@dataclass(frozen=True)
class _State(SolverState):
    """A search between two steps.

    Attributes
    ----------
    pairs : list of (ndarray, ndarray, float)
        Of L-BFGS.
    past : list of float
        What the last steps had promised.
    by_newton : bool
        Whether the next step is Newton's.
    """

    pairs: list[tuple[FloatArray, FloatArray, float]]
    past: list[float]
    by_newton: bool


class _Search(Search):
    """Steps of L-BFGS while they are fast."""

    # L-BFGS may wander for long between two better points.
    idle_steps = 40

    def __init__(
        self, objective: ObjectiveProtocol, point: Point, tol: float, state: _State | None = None
    ) -> None:
        super().__init__(objective, point, tol)
        self._aim = tol
        self._model = SmoothModel(DiagonalCurvature(objective), memory=_MEMORY)
        if state is not None:
            self._model.pairs = list(state.pairs)
        self._step, self._promised = self._model.step(point)
        self._past = [self._promised] if state is None else list(state.past)
        self._by_newton = state is not None and state.by_newton
        if self._by_newton:
            self._take_newton_step()

    def state(self, solver: Any) -> _State:
        """Return what another search at this point needs to take the same step next."""
        pairs, past = self._model.pairs, self._past
        return _State(repr(solver), self.point.gradient, pairs, past, self._by_newton)

    def may_be_done(self) -> bool:
        """Whether L-BFGS believes that the gap is reached."""
        return relative(self._promised, self._objective) <= self._aim

    def newton_gap(self) -> float:
        """Return the relative gap of Newton's model, whose step becomes the next one."""
        if self._objective.dims.n_params <= DENSE_PARAMS:
            # A Hessian can be had: no estimate is better.
            return relative_gap(self._objective, self.point.params, self.point.gradient)
        self._take_newton_step()
        return relative(self._promised, self._objective)

    def _take_newton_step(self) -> None:
        found = conjugate_gradients(
            self._objective.curvature(self.point.params),
            self.point.gradient,
            self._model.solve,
            lambda terms: settled(terms, _LAST),
            most=min(_LONGEST, self._objective.dims.n_params),
        )
        self._step, self._promised = found.step, found.gap

    def certified_gap(self) -> float:
        """Return that gap if the model can be believed, inf if a step has to come first.

        If it is refused, the model is asked again when it promises less than now.
        """
        gap = self._believed_gap()
        if gap > self._tol:
            promised = relative(self._model.gap(self.point), self._objective)
            self._aim = min(self._aim, promised) / 3
        return gap

    def _believed_gap(self) -> float:
        gap = self.newton_gap()
        if gap <= VISIBLE or self._objective.dims.n_params <= DENSE_PARAMS:
            return gap
        if gap > self._tol or self._objective.max_change(self._step) <= REACH:
            return gap
        return np.inf

    def advance(self) -> float:
        """Take the step, and look for the next one; return its length, 0 if it failed."""
        following, length = backtrack(self._objective, self.point, self._step)
        if length == 0:
            # Newton's direction is the last thing to try.
            self._take_newton_step()
            following, length = backtrack(self._objective, self.point, self._step)
            if length == 0:
                return 0.0
        moved = length * length_of(self._step)
        self._model.learn(self.point, following)
        self.point = following
        self._step, self._promised = self._model.step(following)
        self._past = [*self._past[-_WINDOW:], self._promised]
        self._by_newton = (
            len(self._past) > _WINDOW and self._promised > _SLOW * self._past[-1 - _WINDOW]
        )
        if self._by_newton:
            self._past = [self._promised]
            self._take_newton_step()
        return moved
