"""The base of solvers that count mistakes: which iterate to return, and when to end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import Iterate, SolverState, StoppingCriteria, length_of
from skneuron.solvers._parameter_values import WHOLE, Constraint
from skneuron.solvers._solver import Solver

__all__ = ["MistakeDriven", "PerceptronIterate", "PerceptronState"]

# Difference of two weighted fractions of mistakes that is rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class PerceptronIterate(Iterate):
    """Parameters with the mistakes that they make.

    The value is the weighted fraction of the samples that are misclassified. The gradient is
    minus the weighted sum of these samples, each with the sign of its class.
    """

    #: Number of misclassified samples.
    mistakes: int = 0
    #: Smallest signed distance of a sample from the hyperplane, on the original scale, or 0 while
    #: all coefficients are zero.
    margin: float = 0.0
    #: State from which the solver continues.
    rule: object = None

    @classmethod
    def of(
        cls, objective: ObjectiveProtocol, params: FloatArray, rule: object = None
    ) -> PerceptronIterate:
        """Evaluate all rows, in one pass."""
        margins = np.empty(objective.dims.n_samples)
        value, gradient = objective.value_gradient(params, margins=margins)
        length = float(np.linalg.norm(objective.coordinates.to_weights(params)[0]))
        margin = float(margins.min()) / length if length > 0 else 0.0
        mistakes = int(objective.loss.value(np.array(True), margins).sum())
        return cls(params, value, gradient, mistakes=mistakes, margin=margin, rule=rule)


class MistakeDriven(Solver):
    """Base of the solvers that learn from misclassified samples only.

    A subclass has the parameters ``patience`` and ``keep``, and defines an iteration.
    """

    needs = ("mistakes",)
    constraints: ClassVar = {
        "patience": WHOLE,
        "keep": Constraint(
            lambda keep: isinstance(keep, str) and keep in ("pocket", "average", "last"),
            "one of 'pocket', 'average', 'last'",
        ),
    }

    patience: int
    keep: str

    @abstractmethod
    def _iterates(
        self, objective: ObjectiveProtocol, params: FloatArray, seed: int, rule: object
    ) -> Iterator[PerceptronIterate]:
        """Yield the iterate to return after each iteration. End if nothing will change.

        ``rule`` is the state of the last iteration of an earlier fit, None if there is none.
        """

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        best = before = PerceptronIterate.of(objective, params)
        state = PerceptronState.to_resume(criteria.state, self, best.gradient)
        idle, rule = (0, None) if state is None else (state.idle, state.rule)
        fewest, status = best.value, Status.MISTAKES
        for new in self._iterates(objective, params, criteria.seed, rule):
            step = length_of(new.params - before.params)
            new.record(history, objective, step, mistakes=new.mistakes, margin=new.margin)
            idle += 1
            fewer = new.value < fewest - _ROUNDING
            if fewer:
                fewest, idle = new.value, 0
            if fewer or self.keep != "pocket":
                best = new
            before, rule = new, new.rule
            if new.value <= criteria.tol or idle >= self.patience:
                break
            if len(history) >= criteria.max_iter:
                status = Status.MAX_ITER
                break
        if not len(history):
            # The first iteration overflowed: it moved nothing.
            mistakes, margin = before.mistakes, before.margin
            before.record(history, objective, 0.0, mistakes=mistakes, margin=margin)
        gap = relative(best.value, objective)
        status = Status.CONVERGED if gap <= criteria.tol else status
        return best.result(
            gap, status, history, PerceptronState(repr(self), best.gradient, rule, idle)
        )


@dataclass(frozen=True)
class PerceptronState(SolverState):
    """The rule between two iterations, and the iterations without fewer mistakes."""

    rule: object
    idle: int
