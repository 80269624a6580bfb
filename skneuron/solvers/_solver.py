"""The base of every solver: declared needs, checks, and the final ``solve``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skneuron._common import FloatArray
from skneuron.losses import Loss
from skneuron.results import Callback, History, Observer, SolverResult, Status, StopRequest
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import value_and_gap
from skneuron.solvers._iterate import StoppingCriteria
from skneuron.solvers._parameter_values import Constraint, check
from skneuron.solvers._tolerances import DEFAULT_TOL

__all__ = ["Solver"]


class Solver(BaseEstimator):  # type: ignore[misc]
    """Minimizes an objective.

    A subclass declares ``needs``, which is checked before any work is done, and
    implements ``_solve``. Solvers are scikit-learn ``BaseEstimator`` objects: their
    parameters can be grid-searched as ``solver__<name>``.

    Attributes
    ----------
    needs : tuple of {"gradient", "hessian", "mistakes"}
        What the solver needs of the loss: a useful gradient, second derivatives, or
        the perceptron rule.
    supports_nonsmooth : bool
        Whether the solver supports an L1 penalty and bounds.
    streams : bool
        Whether the solver can learn from chunks, see :meth:`epoch`.
    minimizes : bool
        Whether the solver minimizes F. Otherwise the fit is a root of an estimating equation.
    default_tol : float
        Relative gap to reach by default.
    constraints : mapping of str to Constraint
        The values that each parameter may have.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    supports_nonsmooth: ClassVar[bool] = False
    streams: ClassVar[bool] = False
    minimizes: ClassVar[bool] = True
    default_tol: ClassVar[float] = DEFAULT_TOL
    constraints: ClassVar[Mapping[str, Constraint]] = {}

    def refusal(self, loss: Loss, activation: str) -> str | None:
        """Return one sentence why this solver cannot train the loss, or None.

        Parameters
        ----------
        loss : Loss
        activation : str
            Name of the activation.
        """
        name = type(self).__name__
        if "mistakes" in self.needs and loss.differentiable:
            return (
                f"{name} uses the perceptron rule and cannot train {activation}. Expected "
                "activation='step'. Use solver='auto' for other activations."
            )
        if "gradient" in self.needs and not loss.differentiable:
            return (
                f"{name} needs an activation with a slope, and {activation} has none. Expected a "
                "solver with the perceptron rule. Use solver='auto' or 'perceptron'."
            )
        if "hessian" in self.needs and not loss.smooth:
            return (
                f"{name} needs second derivatives, and {activation} is not smooth. Expected a "
                "solver that uses gradients only. Use solver='auto', 'gd' or 'lbfgs'."
            )
        return None

    def default_tol_for(self, n_params: int) -> float:
        """Return the relative gap to reach by default for this number of parameters."""
        return self.default_tol

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        check(self)

    def solve(
        self,
        objective: ObjectiveProtocol,
        start: FloatArray,
        criteria: StoppingCriteria,
        callback: Callback | None = None,
        observe: Observer | None = None,
    ) -> SolverResult:
        """Minimize the objective from ``start``.

        Parameters
        ----------
        objective : ObjectiveProtocol
        start : ndarray of shape (n_params,)
        criteria : StoppingCriteria
        callback : callable, optional
            Called after each iteration with its :class:`skneuron.results.Iteration`. If the
            callback raises :class:`skneuron.results.StopRequest`, the fit ends there.
        observe : callable, optional
            Gets the parameters of each iteration, returns more columns of the history.

        Returns
        -------
        SolverResult
            If the fit was halted, or interrupted after its first iteration, the result of its
            last iteration.
        """
        history = History(callback, observe)
        try:
            return self._solve(objective, np.array(start), criteria, history)
        except StopRequest as request:
            status = request.status
        except KeyboardInterrupt:
            if history.last is None:
                raise
            status = Status.INTERRUPTED
        try:
            return self._ended(objective, history, status)
        except KeyboardInterrupt:
            return self._ended(objective, history, Status.INTERRUPTED)

    def epoch(
        self, objective: ObjectiveProtocol, params: FloatArray, state: object, seed: int
    ) -> tuple[FloatArray, object]:
        """Learn from one chunk of a stream, in one pass over it.

        Parameters
        ----------
        objective : ObjectiveProtocol
            Objective of the chunk. All chunks have to be in the same coordinates.
        params : ndarray of shape (n_params,)
            Parameters that the last call returned, or the start.
        state : object or None
            State that the last call returned, None for the first. The state can be pickled, and
            the solver may change it in place.
        seed : int
            Seed of the order of the rows. The same seed gives the same bits.

        Returns
        -------
        params : ndarray of shape (n_params,)
        state : object
            State for the next chunk.

        Raises
        ------
        NotImplementedError
            If the solver does not have ``streams`` set.
        """
        raise NotImplementedError(
            f"{type(self).__name__} cannot learn from chunks. Expected a solver with streams=True. "
            "Use for example solver='sgd'."
        )

    def value_and_gap(
        self, objective: ObjectiveProtocol, params: FloatArray
    ) -> tuple[float, float]:
        """Return F and the relative gap at ``params``."""
        return value_and_gap(objective, params)

    def _ended(
        self, objective: ObjectiveProtocol, history: History, status: Status
    ) -> SolverResult:
        """Return the result at the last finished iteration."""
        params = history.last
        assert params is not None
        value, gap = self.value_and_gap(objective, params)
        return SolverResult(params, value, gap, len(history), status, history.as_dict())

    @abstractmethod
    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        """Do the work. The method may overwrite ``params``."""
