"""Callbacks of our own; scikit-learn's are in ``sklearn.callback`` (1.9 and later)."""

from __future__ import annotations

import time
from numbers import Integral, Real
from typing import Any

__all__ = ["StopAfter"]


class StopAfter:
    """Ends each fit of a neuron after so many iterations or seconds.

    Hand it to ``set_callbacks`` of a neuron, of a pipeline or of a grid search: every
    neuron below stops at that iteration, and is fitted with the weights it has there. It
    needs scikit-learn 1.9 or later, like all callbacks.

    Parameters
    ----------
    iterations : int or None, default=None
        Iteration after which to stop, from 1 on.
    seconds : float or None, default=None
        Time after which to stop, at the end of the iteration under way.

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

    #: Through pipelines and searches, however deep.
    max_propagation_depth = None

    def __init__(self, iterations: int | None = None, seconds: float | None = None) -> None:
        if iterations is None and seconds is None:
            raise ValueError("StopAfter(): expected iterations=, seconds= or both")
        if iterations is not None and (not isinstance(iterations, Integral) or iterations < 1):
            raise ValueError(f"StopAfter: iterations={iterations!r}: expected a positive integer")
        if seconds is not None and (not isinstance(seconds, Real) or not float(seconds) > 0):
            raise ValueError(f"StopAfter: seconds={seconds!r}: expected a positive number")
        self.iterations = iterations
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"StopAfter(iterations={self.iterations!r}, seconds={self.seconds!r})"

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing: each neuron counts on its own."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing: a task knows when it began."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Return whether the iteration that ends here is to be the last."""
        if context.task_name != "iteration":
            return False
        if self.iterations is not None and context.task_id + 1 >= self.iterations:
            return True
        if self.seconds is None:
            return False
        return time.time() - context.parent.init_time.timestamp() >= self.seconds
