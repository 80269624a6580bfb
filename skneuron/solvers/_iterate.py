"""What solvers hand around: when to stop, and a place with what the objective is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scipy.linalg import blas

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol

__all__ = ["Budget", "Point", "length_of"]


def length_of(vector: FloatArray) -> float:
    """Return the Euclidean length; squares of its entries may overflow."""
    return float(blas.dnrm2(vector))


@dataclass(frozen=True)
class Budget:
    """When a solver may stop and when it must.

    Attributes
    ----------
    tol : float
        Relative gap at which the fit has converged.
    max_iter : int
    seed : int
        Of the subsamples that a solver draws.
    state : object or None
        What the last fit has left of its solver, if this fit starts where that one ended.
    """

    tol: float
    max_iter: int
    seed: int = 0
    state: Any = None


@dataclass(frozen=True)
class Point:
    """Parameters at which the objective was evaluated, and what it was there.

    Attributes
    ----------
    params : ndarray of shape (n_params,)
    value : float
    gradient : ndarray of shape (n_params,)
        Of the smooth part.
    hessian : ndarray of shape (n_params, n_params) or None
        Where it was asked for.
    """

    params: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray | None = None

    @classmethod
    def at(
        cls, objective: ObjectiveProtocol, params: FloatArray, *, hessian: bool = False
    ) -> Point:
        """Evaluate the objective there, in one pass over the rows."""
        if hessian:
            return cls(params, *objective.value_gradient_hessian(params))
        return cls(params, *objective.value_gradient(params))

    @property
    def gradient_norm(self) -> float:
        """Euclidean length of the gradient."""
        return length_of(self.gradient)
