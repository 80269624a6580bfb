"""The result of a fit without iterations: its start."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.objective import Objective
from skneuron.results import Callback, Observer, SolverResult, Status
from skneuron.solvers import Solver, StoppingCriteria

__all__ = ["no_iterations"]

# Columns that the history of every solver has.
_COLUMNS = ("objective", "gradient_norm", "step", "n_passes", "seconds")


def no_iterations(
    solver: Solver,
    objective: Objective,
    start: FloatArray,
    criteria: StoppingCriteria,
    callback: Callback | None = None,
    observe: Observer | None = None,
) -> SolverResult:
    """Return the start as the result of a fit with ``max_iter=0``. Call it as ``Solver.solve``."""
    value, gap = solver.value_and_gap(objective, start)
    status = Status.CONVERGED if gap <= criteria.tol else Status.MAX_ITER
    history = {name: np.empty(0) for name in _COLUMNS}
    return SolverResult(start, value, gap, 0, status, history)
