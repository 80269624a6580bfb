"""Results of a solver: coefficients, status and history."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from skneuron._common import FloatArray

__all__ = [
    "Callback",
    "History",
    "Iteration",
    "Observer",
    "SolverResult",
    "Status",
    "StopRequest",
]


class Status(Enum):
    """End of a fit. The value continues "The solver", and has a remedy if the fit failed."""

    CONVERGED = "reached the gap that was asked for"
    PRECISION = "reached the precision of float64; no step improves the objective any more"
    MAX_ITER = (
        "did not converge: max_iter ended the fit. Raise max_iter, or use solver='auto' with the "
        "default max_iter"
    )
    STALLED = (
        "did not converge: steps hardly improve the objective any more. Rescale X with "
        "StandardScaler(), drop nearly collinear columns, or lower C"
    )
    DIVERGED = (
        "diverged: the learning rate is too large. Use learning_rate='auto', or divide it by 10"
    )
    ROUNDED = (
        "converged, but float32 cannot hold the coefficients. Pass X.astype('float64'), or "
        "subtract from each column a value near its mean"
    )
    CANCELLED = (
        "converged, but the terms of w·x + b cancel, and rounding errors raise the objective. "
        "Subtract from each column a value near its mean, or drop nearly collinear columns"
    )
    STOPPED = "was stopped by a callback"
    EARLY = "was stopped early: the validation loss did not fall any more"
    UNSEEN = "waits for the classes that it has not seen yet"
    EPOCH = "has gone over the chunk once"
    INTERRUPTED = "was interrupted"
    SEPARATED = (
        "was stopped: a hyperplane separates the classes, so the best coefficients are infinite"
    )
    DEAD = (
        "did not converge: the neuron is dead, because no sample has z > 0. Lower the learning "
        "rate, use restart=3 to try new coefficients, or activation='leaky_relu'"
    )
    MISTAKES = (
        "did not converge: samples stay on the wrong side, perhaps because no hyperplane "
        "separates the classes. Check with skneuron.separation.detect_separation(X, y), and use "
        "activation='sigmoid' for classes that overlap"
    )


@dataclass(frozen=True)
class Iteration:
    """One line of a history, the argument of a callback.

    Attributes
    ----------
    iteration : int
        Number of the iteration, from 1.
    params : ndarray of shape (n_params,)
        In the coordinates of the solver, see :class:`skneuron.objective.Objective`.
    objective, gradient_norm, step : float
    n_passes : float
        Number of passes over X since the fit began. A pass over a fraction of the rows counts as
        this fraction.
    seconds : float
    more : dict of str to float
        Further columns, of the solver and of the observer.
    """

    iteration: int
    params: FloatArray
    objective: float
    gradient_norm: float
    step: float
    n_passes: float
    seconds: float
    more: dict[str, float] = field(default_factory=dict)


#: Gets each iteration, and raises :class:`StopRequest` to end the fit.
Callback = Callable[[Iteration], None]

#: From a solver's parameters to more columns of the history.
Observer = Callable[[FloatArray], dict[str, float]]


class StopRequest(Exception):  # noqa: N818 - no error: a request
    """Raised by a callback to end a fit after the current iteration."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.value)
        self.status = status


class History:
    """Stores the line of each iteration, and calls the callback.

    Parameters
    ----------
    callback : callable or None
        Called with an :class:`Iteration` after each one.
    observe : callable or None
        Called with the parameters of each iteration. Returns more columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.results import History
    >>> history = History()
    >>> history.add(np.zeros(2), objective=0.5, gradient_norm=0.1, step=1.0, n_passes=2.0)
    >>> len(history), history.as_dict()["objective"].tolist()
    (1, [0.5])
    """

    def __init__(self, callback: Callback | None = None, observe: Observer | None = None) -> None:
        self._callback = callback
        self._observe = observe
        self._lines: list[dict[str, float]] = []
        self._start = time.perf_counter()
        # A single assignment changes both, so that an interrupt finds a consistent state.
        self._finished: tuple[int, FloatArray | None] = 0, None

    def __len__(self) -> int:
        return self._finished[0]

    @property
    def last(self) -> FloatArray | None:
        """Parameters of the last finished iteration, None before the first."""
        return self._finished[1]

    def add(
        self,
        params: FloatArray,
        *,
        objective: float,
        gradient_norm: float,
        step: float,
        n_passes: float,
        **more: float,
    ) -> None:
        """Add the line of one iteration.

        Raises
        ------
        StopRequest
            If the callback ends the fit. ``Solver.solve`` catches the exception.
        """
        if self._observe is not None:
            more = more | self._observe(params)
        line = {
            "objective": objective,
            "gradient_norm": gradient_norm,
            "step": step,
            "n_passes": n_passes,
            "seconds": time.perf_counter() - self._start,
        }
        self._lines.append(line | more)
        self._finished = len(self._lines), params.copy()
        if self._callback is not None:
            self._callback(Iteration(iteration=len(self), params=params, more=more, **line))

    def as_dict(self) -> dict[str, FloatArray]:
        """Return equally long arrays, one per quantity."""
        lines = self._lines[: len(self)]
        names = lines[0] if lines else ()
        return {name: np.array([line[name] for line in lines], float) for name in names}


@dataclass(frozen=True)
class SolverResult:
    """Result of a solver.

    Attributes
    ----------
    coef : ndarray of shape (n_params,)
        Parameters in the objective's coordinates, with the intercept last for each output.
    objective : float
        F at these parameters.
    gap : float
        Estimated excess of F over its minimum, relative to F at zero coefficients.
    n_iter : int
    status : Status
    history : dict of str to ndarray of shape (n_iter,)
    state : object or None
        State of the solver, with which the next fit continues as if this one had not ended.
    """

    coef: FloatArray
    objective: float
    gap: float
    n_iter: int
    status: Status
    history: dict[str, FloatArray]
    state: Any = None
