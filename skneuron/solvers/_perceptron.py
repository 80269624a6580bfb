"""The batch perceptron."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._gap import relative
from skneuron.solvers._point import Budget

__all__ = ["Perceptron"]

# Two counts of weighted mistakes that differ by less are the same count.
_SAME = 1e-12


class Perceptron(Solver):
    """The perceptron rule on all samples at once.

    Every step adds the weighted sum of the samples that are misclassified now, each
    with the sign of its class (Duda, Hart & Stork, 2001, algorithm 4 of chapter 5). No
    learning rate: from zero weights it would only change their length. No chance and
    no order of samples either, and a weight of two is the same as a sample twice.

    If a line separates the classes it is found in finitely many steps. If none does,
    the weights with the fewest mistakes on the way are kept (Gallant's pocket, IEEE
    Trans. Neural Networks 1, 1990).

    Parameters
    ----------
    patience : int, default=1000
        Give up after so many steps without fewer mistakes.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> NeuronClassifier("step").fit(X, [0, 0, 0, 1]).predict(X).tolist()
    [0, 0, 0, 1]
    """

    needs = ("mistakes",)

    def __init__(self, patience: int = 1000) -> None:
        self.patience = patience

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if ``patience`` is not a positive integer."""
        if not isinstance(self.patience, Integral) or self.patience < 1:
            raise ValueError(f"Perceptron: patience={self.patience!r}: expected a positive integer")

    def _solve(
        self, objective: Objective, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        mistakes, direction = objective.value_gradient(params)
        pocket, pocket_mistakes, since = params, mistakes, 0
        while len(history) < budget.max_iter and since < self.patience:
            params = params - direction
            step = float(np.linalg.norm(direction))
            mistakes, direction = objective.value_gradient(params)
            history.add(
                params,
                objective=mistakes,
                gradient_norm=float(np.linalg.norm(direction)),
                step=step,
                reads=objective.reads,
            )
            since += 1
            if mistakes < pocket_mistakes - _SAME:
                pocket, pocket_mistakes, since = params, mistakes, 0
            if mistakes <= budget.tol:
                break
            if not np.any(direction):
                # The mistakes cancel, as those of XOR do: nothing will ever change.
                since = self.patience
        gap = relative(pocket_mistakes, objective)
        status = Status.MAX_ITER if since < self.patience else Status.MISTAKES
        status = Status.CONVERGED if gap <= budget.tol else status
        return SolverResult(pocket, pocket_mistakes, gap, len(history), status, history.as_dict())
