"""What solvers that count mistakes share: how weights stand, which of them to keep, when to end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import StoppingCriteria, length_of
from skneuron.solvers._resume import SolverState

__all__ = ["MistakeDriven", "Standing"]

# Two counts of weighted mistakes that differ by less are the same count.
_SAME = 1e-12

_KEEP = ("pocket", "average", "last")


@dataclass(frozen=True)
class Standing:
    """Weights, and what they do to the samples.

    Attributes
    ----------
    params : ndarray of shape (n_params,)
    value : float
        Weighted share of the samples that are misclassified.
    direction : ndarray of shape (n_params,)
        Minus their weighted sum, each with the sign of its class.
    mistakes : int
        How many they are.
    margin : float
        Distance of the sample that is worst off from the line, negative on the wrong side, on
        the columns as given; 0 while all weights are zero.
    left : object
        What the solver needs to go on from here.
    """

    params: FloatArray
    value: float
    direction: FloatArray
    mistakes: int
    margin: float
    left: Any = None

    @classmethod
    def at(cls, objective: ObjectiveProtocol, params: FloatArray, left: Any = None) -> Standing:
        """Look at all rows, in one pass."""
        margins = np.empty(objective.dims.n_samples)
        value, direction = objective.value_gradient(params, margins=margins)
        length = float(np.linalg.norm(objective.coordinates.to_weights(params)[0]))
        margin = float(margins.min()) / length if length > 0 else 0.0
        mistakes = int(objective.loss.value(np.array(True), margins).sum())
        return cls(params, value, direction, mistakes, margin, left)


class MistakeDriven(Solver):
    """Base of the solvers that learn from misclassified samples only.

    A subclass has the parameters ``patience`` and ``keep``, and says what an iteration is.
    """

    needs = ("mistakes",)

    patience: int
    keep: str

    @abstractmethod
    def _standings(
        self, objective: ObjectiveProtocol, params: FloatArray, seed: int, left: Any
    ) -> Iterator[Standing]:
        """Yield what could be handed out after each iteration; end if nothing will change.

        ``left`` is that of the last iteration of an earlier fit, None if there is none.
        """

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        me, patience = type(self).__name__, self.patience
        if not isinstance(patience, Integral) or isinstance(patience, bool) or patience < 1:
            raise ValueError(f"{me}: patience={patience!r}: expected a positive integer")
        if not isinstance(self.keep, str) or self.keep not in _KEEP:
            raise ValueError(
                f"{me}: keep={self.keep!r}: expected one of {', '.join(map(repr, _KEEP))}"
            )

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        best = before = Standing.at(objective, params)
        state = _State.to_resume(criteria.state, self, best.direction)
        since, left = (0, None) if state is None else (state.since, state.left)
        fewest, status = best.value, Status.MISTAKES
        for now in self._standings(objective, params, criteria.seed, left):
            self._add(history, objective, before, now)
            since += 1
            fewer = now.value < fewest - _SAME
            if fewer:
                fewest, since = now.value, 0
            if fewer or self.keep != "pocket":
                best = now
            before, left = now, now.left
            if now.value <= criteria.tol or since >= self.patience:
                break
            if len(history) >= criteria.max_iter:
                status = Status.MAX_ITER
                break
        if not len(history):
            # The first iteration went beyond float64: it moved nothing.
            self._add(history, objective, before, before)
        gap = relative(best.value, objective)
        status = Status.CONVERGED if gap <= criteria.tol else status
        lines, after = history.as_dict(), _State(repr(self), best.direction, left, since)
        return SolverResult(best.params, best.value, gap, len(history), status, lines, after)

    @staticmethod
    def _add(
        history: History, objective: ObjectiveProtocol, before: Standing, now: Standing
    ) -> None:
        """Add an iteration to the history."""
        history.add(
            now.params,
            objective=now.value,
            gradient_norm=length_of(now.direction),
            step=length_of(now.params - before.params),
            n_passes=objective.n_passes,
            mistakes=now.mistakes,
            margin=now.margin,
        )


@dataclass(frozen=True)
class _State(SolverState):
    """The rule between two iterations, and how many of them had no fewer mistakes."""

    left: Any
    since: int
