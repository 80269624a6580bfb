"""Callbacks of scikit-learn: ``sklearn.callback``, experimental, since version 1.9.

Only this module depends on that interface. An older scikit-learn has no ``set_callbacks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from skneuron.fitting._draft import Draft
from skneuron.results import Iteration

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    _FRAMES = 1
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """An empty class, because this scikit-learn has no callbacks."""

    def with_callbacks(method: object) -> object:  # type: ignore[no-redef]
        """Return the method unchanged."""
        return method

    _FRAMES = 0

#: Number of stack frames that ``with_callbacks`` puts between a method and its caller.
FRAMES: int = _FRAMES


__all__ = [
    "FRAMES",
    "CallbackSupportMixin",
    "FitTasks",
    "FoldTasks",
    "SearchTasks",
    "with_callbacks",
]


#: Returns the attributes that change if the fit ends at some iteration.
Attributes = Callable[[], dict[str, object]]


class _Task(Protocol):
    """The part of scikit-learn's ``CallbackContext`` that this module uses."""

    def subcontext(self, *, task_name: str, max_subtasks: int | None = 0) -> _Task:
        """Return the context of a subtask."""
        ...

    def propagate_callback_context(self, sub_estimator: object) -> AbstractContextManager[None]:
        """Pass callbacks on to an estimator while the context is entered."""
        ...

    def call_on_fit_task_begin(self, **arguments: object) -> None:
        """Call the hooks at the start of the task."""
        ...

    def call_on_fit_task_end(self, **arguments: object) -> object:
        """Call the hooks at the end of the task, and return whether one requests a stop."""
        ...


class _Supporting(Protocol):
    """The part of scikit-learn's ``CallbackSupportMixin`` that this module uses."""

    def _init_callback_context(self, *, max_subtasks: int | None) -> _Task: ...


class FitTasks:
    """Call the hooks of callbacks: one task for the fit, and a subtask for each iteration.

    With one neuron per class, a task per neuron is between the two.

    Parameters
    ----------
    draft : Draft
        Draft of an estimator with or without callbacks.
    X, y, sample_weight, offset : object
        The arguments of ``fit``, for callbacks that ask for them.
    """

    def __init__(
        self,
        draft: Draft[_Supporting],
        X: object,
        y: object,
        sample_weight: object,
        offset: object = None,
    ) -> None:
        estimator = draft.estimator
        self.active = bool(getattr(estimator, "_skl_callbacks", []))
        if not self.active:
            return
        named = {"sample_weight": sample_weight, "offset": offset}
        metadata = {name: value for name, value in named.items() if value is not None} or None
        self._draft = draft
        self._given = {"X": X, "y": y, "metadata": metadata}
        self._neuron: tuple[int | None, _Task] | None = None
        self._reached: Attributes | None = None
        self._root = estimator._init_callback_context(max_subtasks=None)
        self._root.call_on_fit_task_begin(estimator=estimator, **self._given)

    def iteration(
        self, neuron: int | None, line: Iteration, start: Attributes, fitted: Attributes
    ) -> bool:
        """Begin and end the task of an iteration, and return whether a callback asks for a stop.

        A solver reports an iteration after its last step, so this method calls both hooks.

        Parameters
        ----------
        neuron : int or None
            Index of the neuron, or None for a single subproblem.
        line : Iteration
        start : callable
            Returns the attributes that change if the fit ends before the neuron's first
            iteration.
        fitted : callable
            Returns the attributes that change if the fit ends at this iteration.
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
        """End the open tasks: of the last neuron, and of the fit."""
        if self.active:
            self._end_neuron(dict)
            self._end(self._root, dict)

    def _begin_neuron(self, neuron: int | None, start: Attributes) -> _Task:
        if neuron is None:
            return self._root
        task = self._root.subcontext(task_name=f"neuron {neuron}", max_subtasks=None)
        self._begin(task, start)
        return task

    def _end_neuron(self, fitted: Attributes) -> None:
        if self._neuron is not None and self._neuron[1] is not self._root:
            self._end(self._neuron[1], fitted)

    def _begin(self, task: _Task, reached: Attributes | None) -> None:
        task.call_on_fit_task_begin(
            estimator=self._draft.estimator,
            reconstruction_attributes=self._whole(reached),
            **self._given,
        )

    def _end(self, task: _Task, fitted: Attributes) -> bool:
        return bool(
            task.call_on_fit_task_end(
                estimator=self._draft.estimator,
                reconstruction_attributes=self._whole(fitted),
                **self._given,
            )
        )

    def _whole(self, fitted: Attributes | None) -> Attributes | None:
        """Return a function that returns all attributes of the estimator as ``__dict__``.

        scikit-learn sets the returned attributes on a copy of the estimator. Attributes one by
        one would leave attributes of an earlier fit on the copy, such as the column names.
        """
        return None if fitted is None else lambda: {"__dict__": self._draft.attributes(fitted())}


@dataclass(frozen=True)
class FoldTasks:
    """Call the hooks of callbacks for one fold of a search, also in another process.

    Attributes
    ----------
    estimator : object
        The search.
    task : CallbackContext or None
        Task of the fold. None without callbacks.
    """

    estimator: object
    task: _Task | None = None

    def begin(self) -> None:
        """Begin the fold."""
        if self.task is not None:
            self.task.call_on_fit_task_begin(estimator=self.estimator)

    def fit_ended(self, name: str) -> None:
        """Begin and end the task of a fit, which has ended."""
        if self.task is not None:
            task = self.task.subcontext(task_name=name)
            task.call_on_fit_task_begin(estimator=self.estimator)
            task.call_on_fit_task_end(estimator=self.estimator)

    def end(self) -> None:
        """End the fold."""
        if self.task is not None:
            self.task.call_on_fit_task_end(estimator=self.estimator)


class SearchTasks:
    """Call the hooks of callbacks for a search: a task per fold, and one for the final fit.

    Parameters
    ----------
    estimator : object
        A search with or without callbacks.
    n_folds, n_fits : int
        Number of folds, and of fits of each fold.
    refit : bool
        Whether a final fit follows.
    X, y : object
        The arguments of ``fit``, for callbacks that ask for them.
    """

    def __init__(
        self, estimator: _Supporting, n_folds: int, n_fits: int, refit: bool, X: object, y: object
    ) -> None:
        self._estimator, self._given = estimator, {"X": X, "y": y}
        self._root: _Task | None = None
        #: One per fold.
        self.folds = [FoldTasks(estimator) for _ in range(n_folds)]
        if not getattr(estimator, "_skl_callbacks", []):
            return
        self._root = root = estimator._init_callback_context(max_subtasks=n_folds + refit)
        root.call_on_fit_task_begin(estimator=estimator, **self._given)
        # Before any process starts, because scikit-learn adds each task to its parent.
        self.folds = [
            FoldTasks(estimator, root.subcontext(task_name=f"fold {k}", max_subtasks=n_fits))
            for k in range(n_folds)
        ]

    @contextmanager
    def refit(self, neuron: object) -> Iterator[None]:
        """Pass callbacks on to the neuron of the final fit."""
        if self._root is None:
            yield
            return
        task = self._root.subcontext(task_name="refit")
        with task.propagate_callback_context(neuron):
            task.call_on_fit_task_begin(estimator=self._estimator, **self._given)
            yield
        task.call_on_fit_task_end(estimator=self._estimator, **self._given)

    def end(self) -> None:
        """End the search."""
        if self._root is not None:
            self._root.call_on_fit_task_end(estimator=self._estimator, **self._given)
