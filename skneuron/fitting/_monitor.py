"""What happens after each iteration of a neuron: look, tell, stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from skneuron._typing import FloatArray
from skneuron.activations import Activation
from skneuron.fitting._saturation import Saturation
from skneuron.fitting._separation_monitor import Runaway
from skneuron.objective import Objective
from skneuron.results import Callback, Halt, Iteration, SolverResult, Status
from skneuron.separation import Separation
from skneuron.solvers import value_and_gap

__all__ = ["Watch"]


class Watch:
    """Looks at the iterates of one neuron, and ends its fit when told to.

    Parameters
    ----------
    objective : Objective
    activation : Activation
    held_out : Objective or None
        The objective on the validation set.
    patience : int or None
        Iterations without a lower validation loss after which to stop; None for no early
        stopping.
    tell : callable or None
        Gets each iteration; true asks for a stop.
    runaway : Runaway or None
        Looks out for weights without end.
    """

    def __init__(
        self,
        objective: Objective,
        activation: Activation,
        held_out: Objective | None,
        patience: int | None,
        tell: Callable[[Iteration], bool] | None,
        runaway: Runaway | None,
    ) -> None:
        self._objective = objective
        slopes = objective.loss.differentiable
        self._saturation = Saturation(objective, activation) if slopes else None
        self._held_out = held_out
        self._patience = patience
        self._tell = tell
        self._runaway = runaway
        self._best: FloatArray | None = None
        self._lowest = np.inf
        self._since = 0

    @property
    def callback(self) -> Callback | None:
        """What decides about each iteration; None if nothing does."""
        silent = self._tell is None and self._patience is None and self._runaway is None
        return None if silent else self._decide

    @property
    def found(self) -> tuple[int | None, Separation] | None:
        """The class that a hyperplane separates from the others, None if there is none."""
        return None if self._runaway is None else self._runaway.found

    def observe(self, params: FloatArray) -> dict[str, float]:
        """Return more columns of the history."""
        out = {}
        if self._saturation is not None:
            out["saturation"] = self._saturation.share(params)
        if self._held_out is not None:
            out["validation_loss"] = self._held_out.mean_loss(params)
        return out

    def _decide(self, line: Iteration) -> None:
        """Tell of the iteration; raise ``Halt`` if it is to be the last."""
        if self._tell is not None and self._tell(line):
            self._keep(line)
            raise Halt(Status.STOPPED)
        if self._runaway is not None:
            self._runaway.look(line)
        if self._keep(line) and self._since >= (self._patience or np.inf):
            raise Halt(Status.EARLY)

    def _keep(self, line: Iteration) -> bool:
        """Remember the weights of the lowest validation loss, if that decides."""
        if self._patience is None:
            return False
        loss = line.more["validation_loss"]
        self._since += 1
        if self._best is None or loss < self._lowest:
            self._best, self._lowest, self._since = line.params.copy(), loss, 0
        return True

    def settle(self, result: SolverResult) -> SolverResult:
        """Return the result as it is to be kept, and what it is called."""
        result = self._lowest_validation(result)
        return result if self._runaway is None else self._runaway.settle(result)

    def _lowest_validation(self, result: SolverResult) -> SolverResult:
        """Return the result at the weights of the lowest validation loss, if that decides."""
        if self._best is None or np.array_equal(self._best, result.coef):
            return result
        value, gap = value_and_gap(self._objective, self._best)
        # Where the solver had come further it was early; all else that ended it did so.
        reached = result.status in (Status.CONVERGED, Status.PRECISION)
        status = Status.EARLY if reached else result.status
        return replace(result, coef=self._best, objective=value, gap=gap, status=status)
