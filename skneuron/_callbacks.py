"""scikit-learn's callbacks, where it has them: ``sklearn.callback``, experimental, since 1.9.

All that depends on that interface is here. Without it the package is the same minus
``set_callbacks``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skneuron.results import Iteration

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    _FRAMES = 1
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this scikit-learn has no callbacks."""

    def with_callbacks(method: Any) -> Any:  # type: ignore[no-redef]
        """Return the method as it is."""
        return method

    _FRAMES = 0

#: How many calls ``with_callbacks`` puts between a method and its user.
FRAMES: int = _FRAMES


__all__ = ["FRAMES", "CallbackSupportMixin", "FitTasks", "with_callbacks"]


class FitTasks:
    """A fit as callbacks see it: one task, with one below it for each iteration.

    Where one neuron per class is trained there is a task per neuron between the two.

    Parameters
    ----------
    estimator : object
        With or without callbacks.
    X, y, sample_weight, offset : object
        As ``fit`` got them; handed to callbacks that ask for them.
    """

    def __init__(
        self, estimator: Any, X: Any, y: Any, sample_weight: Any, offset: Any = None
    ) -> None:
        self.active = bool(getattr(estimator, "_skl_callbacks", []))
        if not self.active:
            return
        named = {"sample_weight": sample_weight, "offset": offset}
        metadata = {name: value for name, value in named.items() if value is not None} or None
        self._estimator = estimator
        self._given = {"X": X, "y": y, "metadata": metadata}
        self._root = estimator._init_callback_context(max_subtasks=None)
        self._neurons: dict[int, Any] = {}
        self._root.call_on_fit_task_begin(estimator=estimator, **self._given)

    def iteration(
        self, neuron: int | None, line: Iteration, fitted: Callable[[], dict[str, Any]]
    ) -> bool:
        """Tell callbacks of an iteration; return whether one of them asks for a stop.

        Parameters
        ----------
        neuron : int or None
            Which of K neurons; None if there is one only.
        line : Iteration
        fitted : callable
            Returns the attributes of the estimator as if the fit had ended here.
        """
        task = self._task(neuron).subcontext(task_name="iteration")
        task.call_on_fit_task_begin(estimator=self._estimator, **self._given)
        stop = task.call_on_fit_task_end(
            estimator=self._estimator, reconstruction_attributes=fitted, **self._given
        )
        return bool(stop)

    def end(self, fitted: Callable[[], dict[str, Any]]) -> None:
        """Tell callbacks that the fit is over."""
        if not self.active:
            return
        for task in self._neurons.values():
            task.call_on_fit_task_end(estimator=self._estimator, **self._given)
        self._root.call_on_fit_task_end(
            estimator=self._estimator, reconstruction_attributes=fitted, **self._given
        )

    def _task(self, neuron: int | None) -> Any:
        if neuron is None:
            return self._root
        if neuron not in self._neurons:
            task = self._root.subcontext(task_name=f"neuron {neuron}", max_subtasks=None)
            task.call_on_fit_task_begin(estimator=self._estimator, **self._given)
            self._neurons[neuron] = task
        return self._neurons[neuron]
