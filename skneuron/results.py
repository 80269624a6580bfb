"""What a solver hands back: weights, how it ended, and what happened on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["Callback", "History", "Iteration", "SolverResult", "Status"]


class Status(Enum):
    """How a fit ended; the value is the sentence that the user reads."""

    CONVERGED = "reached the gap that was asked for"
    PRECISION = "reached the precision of float64; no step improves the objective any more"
    MAX_ITER = "did not converge: max_iter ended the fit. Raise max_iter"
    STALLED = (
        "did not converge: no step improves the objective any more. Rescale or drop "
        "nearly collinear columns, or lower C"
    )
    DIVERGED = "diverged: the learning rate is too large. Lower it, or use learning_rate='auto'"
    ROUNDED = (
        "converged, but float32 cannot hold the weights. Pass X as float64, or subtract "
        "from each column a value near its mean"
    )
    MISTAKES = (
        "did not converge: samples stay on the wrong side. Perhaps no line separates the "
        "classes; a differentiable activation such as 'sigmoid' does not need one"
    )


@dataclass(frozen=True)
class Iteration:
    """One line of a history, as a callback sees it.

    ``reads`` counts how often all rows of X were read since the fit began; a sample of
    them counts as its share.
    """

    iteration: int
    objective: float
    gradient_norm: float
    step: float
    reads: float
    seconds: float


Callback = Callable[[Iteration], None]


class History:
    """Keeps what each iteration reached, and tells the callback.

    Parameters
    ----------
    callback : callable or None
        Called with an :class:`Iteration` after each one.

    Examples
    --------
    >>> from skneuron.results import History
    >>> history = History()
    >>> history.add(objective=0.5, gradient_norm=0.1, step=1.0, reads=2.0)
    >>> len(history), history.as_dict()["objective"].tolist()
    (1, [0.5])
    """

    def __init__(self, callback: Callback | None = None) -> None:
        self._callback = callback
        self._lines: list[Iteration] = []
        self._start = time.perf_counter()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, *, objective: float, gradient_norm: float, step: float, reads: float) -> None:
        """Add one iteration: objective, gradient norm, step length and reads after it."""
        seconds = time.perf_counter() - self._start
        line = Iteration(len(self) + 1, objective, gradient_norm, step, reads, seconds)
        self._lines.append(line)
        if self._callback is not None:
            self._callback(line)

    def as_dict(self) -> dict[str, FloatArray]:
        """Return equally long arrays, one per quantity."""
        return {
            name: np.array([getattr(line, name) for line in self._lines], dtype=np.float64)
            for name in ("objective", "gradient_norm", "step", "reads", "seconds")
        }


@dataclass(frozen=True)
class SolverResult:
    """Where a solver ended.

    Attributes
    ----------
    coef : ndarray of shape (n_params,)
        Weights in the objective's own coordinates, bias last per output.
    objective : float
        F at these weights.
    gap : float
        Estimated excess of F over its minimum, relative to F at zero weights.
    n_iter : int
    status : Status
    history : dict of str to ndarray of shape (n_iter,)
    """

    coef: FloatArray
    objective: float
    gap: float
    n_iter: int
    status: Status
    history: dict[str, FloatArray]
