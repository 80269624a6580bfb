"""Iterates of a solver, the criteria to stop at, and the state for the next fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import blas

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol

__all__ = ["Iterate", "SolverState", "StoppingCriteria", "length_of"]

# Largest relative change of the gradient at which a state still belongs to an objective.
# Coefficients that were stored as float32 change the gradient by less, and other data by more.
_MAX_CHANGE = 1e-3


def length_of(vector: FloatArray) -> float:
    """Return the Euclidean length, even if squares of the entries overflow."""
    return float(blas.dnrm2(vector)) if len(vector) else 0.0


@dataclass(frozen=True)
class StoppingCriteria:
    """When a solver may stop and when it must.

    Attributes
    ----------
    tol : float
        Relative gap at which the fit has converged.
    max_iter : int
    seed : int
        Seed of the subsamples that a solver draws.
    state : object or None
        State that the previous fit returned, if this fit starts at its coefficients.
    """

    tol: float
    max_iter: int
    seed: int = 0
    state: object = None


@dataclass(frozen=True)
class Iterate:
    """Parameters with the objective and its derivatives there.

    Attributes
    ----------
    params : ndarray of shape (n_params,)
    value : float
    gradient : ndarray of shape (n_params,)
        Gradient of the smooth part.
    hessian : ndarray of shape (n_params, n_params) or None
    """

    params: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray | None = None

    @classmethod
    def at(
        cls, objective: ObjectiveProtocol, params: FloatArray, *, hessian: bool = False
    ) -> Iterate:
        """Evaluate the objective in one pass over the rows."""
        if hessian:
            return cls(params, *objective.value_gradient_hessian(params))
        return cls(params, *objective.value_gradient(params))

    @property
    def gradient_norm(self) -> float:
        """Euclidean length of the gradient."""
        return length_of(self.gradient)

    def record(
        self, history: History, objective: ObjectiveProtocol, step: float, **columns: float
    ) -> None:
        """Add this iterate to the history, with the length of the step that led to it."""
        history.add(
            self.params,
            objective=self.value,
            gradient_norm=self.gradient_norm,
            step=step,
            n_passes=objective.n_passes,
            **columns,
        )

    def result(
        self, gap: float, status: Status, history: History, state: object = None
    ) -> SolverResult:
        """Return this iterate as the result of a fit."""
        lines = history.as_dict()
        return SolverResult(self.params, self.value, gap, len(history), status, lines, state)


@dataclass(frozen=True)
class SolverState:
    """The state of a solver at the parameters that it has returned."""

    #: The solver with its parameters: only the same solver can use the state.
    solver: str
    #: Gradient of the objective at the parameters.
    gradient: FloatArray

    @classmethod
    def to_resume(cls, state: object, solver: object, gradient: FloatArray) -> Self | None:
        """Return the state of the last fit, None if it is of another solver or objective.

        ``gradient`` is the gradient at the start of the new fit.
        """
        if not isinstance(state, cls) or state.solver != repr(solver):
            return None
        if state.gradient.shape != gradient.shape:
            return None
        change = float(np.linalg.norm(state.gradient - gradient))
        return state if change <= _MAX_CHANGE * float(np.linalg.norm(state.gradient)) else None
