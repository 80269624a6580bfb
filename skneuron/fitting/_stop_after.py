"""Callbacks of skneuron. Scikit-learn has its own in ``sklearn.callback`` (1.9 and later)."""

from __future__ import annotations

import time
from datetime import datetime
from numbers import Integral, Real
from typing import Protocol

from skneuron._common import wrong_value

__all__ = ["StopAfter"]


class Task(Protocol):
    """The part of scikit-learn's ``CallbackContext`` that a stop reads."""

    task_name: str
    task_id: int
    parent: Task
    init_time: datetime


class StopAfter:
    """Stop each fit of a neuron after a number of iterations or seconds.

    Pass it to ``set_callbacks`` of a neuron, of a pipeline or of a grid search. Every neuron inside
    stops at that iteration, and is fitted with the coefficients of that iteration. Callbacks need
    scikit-learn 1.9 or later.

    Parameters
    ----------
    iterations : int or None, default=None
        Iteration after which to stop, from 1 on.
    seconds : float or None, default=None
        Time after which to stop, at the end of the current iteration.

    Raises
    ------
    ValueError
        If neither is given, or one is not positive.

    Examples
    --------
    >>> from skneuron.fitting import StopAfter
    >>> StopAfter(iterations=3)
    StopAfter(iterations=3, seconds=None)
    """

    #: No limit on the depth of nested pipelines and searches.
    max_propagation_depth = None

    def __init__(self, iterations: int | None = None, seconds: float | None = None) -> None:
        if iterations is None and seconds is None:
            raise ValueError(
                "StopAfter() got no limit. Expected iterations, seconds or both. Use for example "
                "StopAfter(seconds=60)."
            )
        if iterations is not None and (not isinstance(iterations, Integral) or iterations < 1):
            raise ValueError(
                wrong_value(
                    "iterations",
                    iterations,
                    "a positive integer",
                    "StopAfter(iterations=100)",
                    "StopAfter",
                )
            )
        if seconds is not None and (not isinstance(seconds, Real) or not float(seconds) > 0):
            raise ValueError(
                wrong_value(
                    "seconds", seconds, "a positive number", "StopAfter(seconds=60)", "StopAfter"
                )
            )
        self.iterations = iterations
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"StopAfter(iterations={self.iterations!r}, seconds={self.seconds!r})"

    def setup(self, estimator: object, context: Task) -> None:
        """Do nothing: each neuron has a count of its own."""

    def teardown(self, estimator: object, context: Task) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: object, context: Task) -> None:
        """Do nothing: a task stores the time of its begin."""

    def on_fit_task_end(self, estimator: object, context: Task) -> bool:
        """Return whether the iteration that ends here is the last."""
        if context.task_name != "iteration":
            return False
        if self.iterations is not None and context.task_id + 1 >= self.iterations:
            return True
        if self.seconds is None:
            return False
        return time.time() - context.parent.init_time.timestamp() >= self.seconds
