"""The state of a solver, from which the next fit continues as if there had been one fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["SolverState"]

# Largest relative change of the gradient at which a state still belongs to an objective.
# Coefficients that were stored as float32 change the gradient by less, and other data by more.
_MAX_CHANGE = 1e-3


@dataclass(frozen=True)
class SolverState:
    """The state of a solver at the parameters that it has returned."""

    #: The solver with its parameters: only the same solver can use the state.
    solver: str
    #: Gradient of the objective at the parameters.
    gradient: FloatArray

    @classmethod
    def to_resume(cls, state: Any, solver: Any, gradient: FloatArray) -> Self | None:
        """Return the state of the last fit, None if it is of another solver or objective.

        ``gradient`` is the gradient at the start of the new fit.
        """
        if not isinstance(state, cls) or state.solver != repr(solver):
            return None
        if state.gradient.shape != gradient.shape:
            return None
        change = float(np.linalg.norm(state.gradient - gradient))
        return state if change <= _MAX_CHANGE * float(np.linalg.norm(state.gradient)) else None
