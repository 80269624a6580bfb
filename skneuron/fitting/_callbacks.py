"""scikit-learn's callbacks, where it has them: ``sklearn.callback``, experimental, since 1.9.

All that depends on that interface is here. Without it the package is the same minus
``set_callbacks``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skneuron.fitting._draft import Draft
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


#: Returns the attributes that change if the fit ends at some moment.
Fitted = Callable[[], dict[str, Any]]


class FitTasks:
    """Call the hooks of callbacks: one task for the fit, with one below it for each iteration.

    Where one neuron per class is trained there is a task per neuron between the two.

    Parameters
    ----------
    draft : Draft
        Of an estimator with or without callbacks.
    X, y, sample_weight, offset : object
        As ``fit`` got them; handed to callbacks that ask for them.
    """

    def __init__(
        self, draft: Draft, X: Any, y: Any, sample_weight: Any, offset: Any = None
    ) -> None:
        estimator = draft.estimator
        self.active = bool(getattr(estimator, "_skl_callbacks", []))
        if not self.active:
            return
        named = {"sample_weight": sample_weight, "offset": offset}
        metadata = {name: value for name, value in named.items() if value is not None} or None
        self._draft = draft
        self._given = {"X": X, "y": y, "metadata": metadata}
        self._neuron: tuple[int | None, Any] | None = None
        self._reached: Fitted | None = None
        self._root = estimator._init_callback_context(max_subtasks=None)
        self._root.call_on_fit_task_begin(estimator=estimator, **self._given)

    def iteration(self, neuron: int | None, line: Iteration, start: Fitted, fitted: Fitted) -> bool:
        """Begin and end the task of an iteration; return whether a callback asks for a stop.

        A solver reports an iteration after its last step, so that both hooks are called then.

        Parameters
        ----------
        neuron : int or None
            Which of K neurons; None if there is one only.
        line : Iteration
        start : callable
            Returns the attributes that change if the fit ends before the neuron's first
            iteration.
        fitted : callable
            Returns the attributes that change if the fit ends here.
        """
        if self._neuron is None or self._neuron[0] != neuron:
            self._end_neuron(start)
            self._neuron = neuron, self._begin_neuron(neuron, start)
            self._reached = start
        task = self._neuron[1].subcontext(task_name="iteration")
        self._begin(task, self._reached)
        stop = self._end(task, fitted)
        self._reached = fitted
        return stop

    def end(self) -> None:
        """End the tasks that are still open: of the last neuron, and of the fit."""
        if self.active:
            self._end_neuron(dict)
            self._end(self._root, dict)

    def _begin_neuron(self, neuron: int | None, start: Fitted) -> Any:
        if neuron is None:
            return self._root
        task = self._root.subcontext(task_name=f"neuron {neuron}", max_subtasks=None)
        self._begin(task, start)
        return task

    def _end_neuron(self, fitted: Fitted) -> None:
        if self._neuron is not None and self._neuron[1] is not self._root:
            self._end(self._neuron[1], fitted)

    def _begin(self, task: Any, reached: Fitted | None) -> None:
        task.call_on_fit_task_begin(
            estimator=self._draft.estimator,
            reconstruction_attributes=self._whole(reached),
            **self._given,
        )

    def _end(self, task: Any, fitted: Fitted) -> bool:
        return bool(
            task.call_on_fit_task_end(
                estimator=self._draft.estimator,
                reconstruction_attributes=self._whole(fitted),
                **self._given,
            )
        )

    def _whole(self, fitted: Fitted | None) -> Fitted | None:
        """Return all attributes of the estimator, as the value of ``__dict__``.

        scikit-learn sets what this returns on a copy of the estimator. With attributes one by
        one the copy would keep those of an earlier fit, such as the names of its columns.
        """
        return None if fitted is None else lambda: {"__dict__": self._draft.attributes(fitted())}
