"""What every solver shares: declared needs, one refusal, one final ``solve``."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skneuron._typing import FloatArray
from skneuron.losses import Loss
from skneuron.objective import Objective
from skneuron.results import Callback, History, SolverResult

__all__ = ["Budget", "Point", "Solver"]


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
    """

    tol: float
    max_iter: int
    seed: int = 0


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
    def at(cls, objective: Objective, params: FloatArray, *, hessian: bool = False) -> Point:
        """Evaluate the objective there, in one pass over the rows."""
        if hessian:
            return cls(params, *objective.value_gradient_hessian(params))
        return cls(params, *objective.value_gradient(params))

    @property
    def gradient_norm(self) -> float:
        """Euclidean length of the gradient."""
        return float(np.linalg.norm(self.gradient))


class Solver(BaseEstimator):  # type: ignore[misc]
    """Minimizes an objective.

    A subclass declares ``needs``, which is checked before any work is done, and
    implements ``_solve``. Solvers are scikit-learn ``BaseEstimator`` objects: their
    parameters can be grid-searched as ``solver__<name>``.

    Attributes
    ----------
    needs : tuple of {"gradient", "hessian", "mistakes"}
        What the loss must offer: a slope that leads somewhere, second derivatives, or
        the perceptron rule.
    takes_kinks : bool
        Whether it can handle an L1 penalty and bounds.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    takes_kinks: ClassVar[bool] = False

    def refusal(self, loss: Loss, activation: str) -> str | None:
        """Return one sentence why the loss cannot be trained by this solver, or None.

        Parameters
        ----------
        loss : Loss
        activation : str
            Its name, for the sentence.
        """
        me = type(self).__name__
        if "mistakes" in self.needs and loss.differentiable:
            return (
                f"{me} needs the perceptron rule, which trains activation='step' only, and got "
                f"{activation}: use solver='auto'"
            )
        if "gradient" in self.needs and not loss.differentiable:
            return (
                f"{me} needs a slope, and {activation} has none: gradient descent cannot be "
                "applied to it. Use solver='perceptron' or 'auto'"
            )
        if "hessian" in self.needs and not loss.smooth:
            return (
                f"{me} needs second derivatives, and {activation} has a kink: "
                "use solver='gd', 'lbfgs' or 'auto'"
            )
        return None

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""

    def solve(
        self,
        objective: Objective,
        start: FloatArray,
        budget: Budget,
        callback: Callback | None = None,
    ) -> SolverResult:
        """Minimize the objective from ``start``.

        Parameters
        ----------
        objective : Objective
        start : ndarray of shape (n_params,)
        budget : Budget
        callback : callable, optional
            Called after each iteration with its :class:`skneuron.results.Iteration`.

        Returns
        -------
        SolverResult
        """
        return self._solve(objective, np.array(start), budget, History(callback))

    @abstractmethod
    def _solve(
        self, objective: Objective, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        """Do the work; ``params`` may be overwritten."""
