"""Observe the iterations of one neuron: history columns, callbacks, early stopping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from skneuron._common import FloatArray
from skneuron.activations import Activation
from skneuron.fitting._saturation import Saturation
from skneuron.fitting._separation_monitor import SeparationMonitor
from skneuron.objective import Objective
from skneuron.results import Callback, Iteration, SolverResult, Status, StopRequest
from skneuron.separation import Separation
from skneuron.solvers import value_and_gap

__all__ = ["FitMonitor"]


class FitMonitor:
    """Observes the iterations of one neuron, and may stop its fit.

    Parameters
    ----------
    objective : Objective
    activation : Activation or None
        None if the history does not need the fraction of saturated samples.
    validation : Objective or None
        The objective on the validation set.
    patience : int or None
        Iterations without a lower validation loss after which the fit stops. None for no early
        stopping.
    on_iteration : callable or None
        Gets each iteration, and returns True to stop the fit.
    separation_monitor : SeparationMonitor or None
    """

    def __init__(
        self,
        objective: Objective,
        activation: Activation | None,
        validation: Objective | None,
        patience: int | None,
        on_iteration: Callable[[Iteration], bool] | None,
        separation_monitor: SeparationMonitor | None,
    ) -> None:
        self._objective = objective
        self._saturation: Saturation | None = None
        if activation is not None and objective.loss.differentiable:
            self._saturation = Saturation(objective, activation)
        self._validation = validation
        self._patience = patience
        self._on_iteration = on_iteration
        self._separation_monitor = separation_monitor
        self._best: FloatArray | None = None
        self._lowest = np.inf
        self._since = 0

    @property
    def callback(self) -> Callback | None:
        """The function that may stop the fit after an iteration, or None if nothing can stop it."""
        parts = self._on_iteration, self._patience, self._separation_monitor
        return None if all(part is None for part in parts) else self._after_iteration

    @property
    def separation(self) -> tuple[int | None, Separation] | None:
        """The class that a hyperplane separates from the others, None if there is none."""
        return None if self._separation_monitor is None else self._separation_monitor.found

    def observe(self, params: FloatArray) -> dict[str, float]:
        """Return more columns of the history."""
        out = {}
        if self._saturation is not None:
            out["saturation"] = self._saturation.share(params)
        if self._validation is not None:
            out["validation_loss"] = self._validation.mean_loss(params)
        return out

    def _after_iteration(self, line: Iteration) -> None:
        """Report the iteration, and raise ``StopRequest`` if it is the last one."""
        if self._on_iteration is not None and self._on_iteration(line):
            self._keep_if_best(line)
            raise StopRequest(Status.STOPPED)
        if self._separation_monitor is not None:
            self._separation_monitor.check(line)
        if self._patience is not None:
            self._keep_if_best(line)
            if self._since >= self._patience:
                raise StopRequest(Status.EARLY)

    def _keep_if_best(self, line: Iteration) -> None:
        """With early stopping, keep the parameters of the lowest validation loss."""
        if self._patience is None:
            return
        loss = line.more["validation_loss"]
        self._since += 1
        if self._best is None or loss < self._lowest:
            self._best, self._lowest, self._since = line.params.copy(), loss, 0

    def final_result(self, result: SolverResult) -> SolverResult:
        """Return the result of the fit: parameters of the best iteration, and its status."""
        result = self._at_lowest_validation_loss(result)
        monitor = self._separation_monitor
        return result if monitor is None else monitor.final_result(result)

    def _at_lowest_validation_loss(self, result: SolverResult) -> SolverResult:
        """With early stopping, return the result at the lowest validation loss."""
        if self._best is None or np.array_equal(self._best, result.coef):
            return result
        value, gap = value_and_gap(self._objective, self._best)
        # A solver that converged at later parameters was stopped early. Every other end stays.
        converged = result.status in (Status.CONVERGED, Status.PRECISION)
        status = Status.EARLY if converged else result.status
        return replace(result, coef=self._best, objective=value, gap=gap, status=status)
