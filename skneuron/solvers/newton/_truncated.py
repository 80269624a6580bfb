"""Truncated Newton: each step from few conjugate gradients, divided by blocks of the Hessian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.solvers._backtrack import backtrack
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import DENSE_PARAMS, INVISIBLE, VISIBLE, relative, relative_gap
from skneuron.solvers._iterate import Point, length_of
from skneuron.solvers._resume import SolverState
from skneuron.solvers._search import Search
from skneuron.solvers.newton._conjugate import KNOWN, conjugate_gradients, pays_no_more, settled
from skneuron.solvers.newton._descent import REACH
from skneuron.solvers.newton._preconditioner import LayerBlocks

__all__ = ["TruncatedSearch", "TruncatedState"]

# Who asks for a gap below rounding wants digits of the weights. Conjugate gradients leave the
# error where curvature is least, and there weights of such a gap have too few digits.
_FURTHER = 1e-3

# A model is believed where the last one's gap came true but for this factor.
_AGREES = 2.0

# A step in between; at the end the residual is rounding long before.
_LONGEST = 250


@dataclass(frozen=True)
class TruncatedState(SolverState):
    """A search between two steps.

    Attributes
    ----------
    blocks_at : ndarray of shape (n_params,)
        Where the blocks of the Hessian were taken, before the next step was looked for.
    products : float
        Products since then.
    believed : bool
    """

    blocks_at: FloatArray
    products: float
    believed: bool


class TruncatedSearch(Search):
    """Steps by a few conjugate gradients each.

    A step ends where a product adds less than half of what one has added on average, as
    Newton's equations need not be solved better than they are right; one that promises
    less than ``tol`` is solved until the gap is known.

    Parameters
    ----------
    objective : ObjectiveProtocol
    point : Point
    tol : float
        Relative gap to reach.
    state : TruncatedState or None
        Of the search that ended at this point.
    """

    # What is left when five steps gain nothing is rounding.
    idle_steps = 5

    def __init__(
        self,
        objective: ObjectiveProtocol,
        point: Point,
        tol: float,
        state: TruncatedState | None = None,
    ) -> None:
        super().__init__(objective, point, _FURTHER * tol if tol < INVISIBLE else tol)
        # Of many products a copy is soon paid for.
        objective.rows.keep_small_copy()
        self._blocks = LayerBlocks(objective)
        self._blocks_at = point.params
        self._products = np.inf
        self._believed = False
        if state is not None:
            self._blocks.at(state.blocks_at)
            self._blocks_at, self._products = state.blocks_at, state.products
            self._believed = state.believed
        self._look(self._tol)

    def _look(self, tol: float) -> None:
        """Solve for the next step; what it promises is exact where it is at most ``tol``."""
        self._before = self._blocks_at, self._products
        if self._products >= self._blocks.cost:
            self._blocks.at(self.point.params)
            self._blocks_at, self._products = self.point.params, 0

        def enough(terms: list[float]) -> bool:
            """Whether the step is good enough, or the gap is known."""
            on_the_way = relative(sum(terms), self._objective) > tol
            return pays_no_more(terms) if on_the_way else settled(terms, KNOWN)

        found = conjugate_gradients(
            self._objective.curvature(self.point.params),
            self.point.gradient,
            self._blocks.divide,
            enough,
            most=_LONGEST,
        )
        self._step, self._promised = found.step, found.gap
        self._products += found.products

    def state(self, solver: Any) -> TruncatedState:
        """Return what another search at this point needs to take the same step next."""
        blocks_at, products = self._before
        return TruncatedState(
            repr(solver), self.point.gradient, blocks_at, products, self._believed
        )

    def may_be_done(self) -> bool:
        """Whether the step promises no more than ``tol``."""
        return relative(self._promised, self._objective) <= self._tol

    def certified_gap(self) -> float:
        """Return the relative gap if the step can be believed, inf if it has to come first."""
        if self._objective.coordinates.is_unequal and self._objective.dims.n_params <= DENSE_PARAMS:
            return relative_gap(self._objective, self.point.params, self.point.gradient)
        gap = relative(self._promised, self._objective)
        if gap <= VISIBLE or self._believed or self._objective.max_change(self._step) <= REACH:
            return gap
        return np.inf

    def newton_gap(self) -> float:
        """Return the relative gap of Newton's model."""
        self._look(np.inf)
        return relative(self._promised, self._objective)

    def advance(self) -> float:
        """Take the step, and look for the next one; return its length, 0 if it failed."""
        following, length = backtrack(self._objective, self.point, self._step)
        if length == 0:
            return 0.0
        moved = length * length_of(self._step)
        fallen, promised = self.point.value - following.value, self._promised
        known = self.may_be_done()
        self.point = following
        self._look(self._tol)
        real = fallen + self._promised
        self._believed = known and promised / _AGREES <= real <= _AGREES * promised
        return moved
