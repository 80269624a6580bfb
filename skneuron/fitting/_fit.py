"""What learning does to an estimator: from checked parameters and data to attributes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneuron._typing import AnyArray
from skneuron.fitting._absent_classes import explain_absent, learn_present, train_present
from skneuron.fitting._callbacks import FitTasks
from skneuron.fitting._result import Layer
from skneuron.fitting._stream import Stream
from skneuron.fitting._train import Reached, Tell, Weights
from skneuron.fitting._warnings import AbsentClassWarning, EarlyStoppingWarning
from skneuron.results import Iteration, Status
from skneuron.separation import SeparationWarning, explain
from skneuron.validation import (
    TrainingData,
    check_chunk,
    check_classes,
    check_held_out,
    check_parameters,
    check_training_data,
    explain_no_split,
    split_off,
    with_bounds,
)

__all__ = ["Learned", "LearningMixin"]


class LastFit(NamedTuple):
    """What the last fit has left for the next one to start from."""

    coef: AnyArray
    intercept: AnyArray
    classes: AnyArray
    absent: tuple[int, ...]
    states: list[Any]

    def start(self, data: TrainingData) -> tuple[AnyArray, AnyArray] | None:
        """Return coefficients and intercepts to start from, None to start anew.

        Raises
        ------
        ValueError
            If the data have other features or classes.
        """
        d, classes = data.X.shape[1], data.classes
        if self.coef.shape[1] != d or not np.array_equal(self.classes, classes):
            raise ValueError(
                f"warm_start=True with {d} features and classes {classes.tolist()!r}: expected "
                f"the {self.coef.shape[1]} features and classes {self.classes.tolist()!r} of the "
                "last fit"
            )
        # No solver comes back from the intercept of a class without weight.
        if not set(self.absent) <= set(data.absent):
            return None
        return self.coef, self.intercept


class Learned(NamedTuple):
    """What a fit has come to: the layer, the gap that was asked for, and warnings of the data."""

    layer: Layer
    tol: float
    notes: list[Warning]


def _named(weights: Weights) -> Callable[[], dict[str, AnyArray]]:
    """Return what makes attributes of weights."""
    return lambda: dict(zip(("coef_", "intercept_"), weights(), strict=True))


def _notes_on_absent(data: TrainingData, layer: Layer) -> list[Warning]:
    """Return a warning of the classes that have no weight, if there are any."""
    if not data.absent:
        return []
    return [AbsentClassWarning(explain_absent(data.classes, data.absent, never=layer.never))]


_Params = ParamSpec("_Params")
_Out = TypeVar("_Out")


def _keeps_numpy_errors(
    method: Callable[Concatenate[LearningMixin, _Params], _Out],
) -> Callable[Concatenate[LearningMixin, _Params], _Out]:
    """Restore NumPy's error handling after an exception.

    An interrupt can end ``np.errstate`` before it restores the error handling.
    """

    @wraps(method)
    def kept(mixin: LearningMixin, /, *args: _Params.args, **params: _Params.kwargs) -> _Out:
        errors: Any = np.geterr()
        try:
            return method(mixin, *args, **params)
        except BaseException:
            np.seterr(**errors)
            raise

    return kept


class LearningMixin:
    """Sets fitted attributes; always on a copy that the estimator takes over at the end."""

    C: Any
    bounds: Any
    class_weight: Any
    fit_intercept: Any
    verbose: Any
    warm_start: Any
    classes_: AnyArray
    n_features_in_: int

    @_keeps_numpy_errors
    def _learn_all(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        offset: Any,
        validation: tuple[Any, Any, Any, Any],
        tasks: FitTasks,
    ) -> Learned:
        plan = check_parameters(vars(self))
        previous = self._last_fit() if self.warm_start else None
        self._forget()
        data = check_training_data(self, X, y, sample_weight, self.class_weight, offset)
        data = with_bounds(data, self.bounds, getattr(self, "feature_names_in_", None))
        notes: list[Warning] = []
        held_out = check_held_out(self, data.classes, *validation, with_offset=offset is not None)
        if plan.patience is not None and held_out is None:
            split = split_off(data, plan.validation_fraction, plan.budget.seed)
            if split is None:
                notes.append(EarlyStoppingWarning(explain_no_split(data)))
                plan = replace(plan, patience=None)
            else:
                data, held_out = split
        self.classes_ = data.classes
        self.activation_, self.loss_ = copy.deepcopy(plan.activation), plan.loss
        start = None if previous is None else previous.start(data)
        tell = self._teller(tasks) if self.verbose or tasks.active else None
        reached: Reached = {}

        def learn() -> Learned:
            """Learn all, or only what an interrupt has left of the first call."""
            layer = train_present(
                data,
                plan,
                C=float(self.C),
                fit_intercept=bool(self.fit_intercept),
                start=start,
                held_out=held_out,
                tell=tell,
                states=previous.states if previous else None,
                reached=reached,
            )
            if self.warm_start:
                self._states = layer.states
            self._take_over(layer, plan.budget.tol, data)
            return Learned(layer, plan.budget.tol, notes + _notes_on_absent(data, layer))

        try:
            return learn()
        except KeyboardInterrupt:
            if not reached:
                raise
        return learn()

    @_keeps_numpy_errors
    def _learn_chunk(
        self, X: Any, y: Any, classes: Any, sample_weight: Any, offset: Any
    ) -> Learned:
        plan = check_parameters(vars(self))
        if plan.patience is not None:
            raise ValueError(
                "early_stopping=True is not possible with partial_fit, which sees one chunk at a "
                "time: expected False. Stop calling it when a score of your own says so"
            )
        previous = self._last_fit()
        classes = check_classes(classes, None if previous is None else previous.classes)
        stream: Stream | None = getattr(self, "_stream", None)
        first = previous is None
        data = check_chunk(
            self, X, y, sample_weight, self.class_weight, classes, offset, first=first
        )
        data = with_bounds(data, self.bounds, getattr(self, "feature_names_in_", None))
        layer, self._stream = learn_present(
            data,
            plan,
            stream,
            C=float(self.C),
            fit_intercept=bool(self.fit_intercept),
            start=None if previous is None else previous.start(data),
        )
        self.__dict__.pop("_states", None)
        self.classes_, self.n_samples_seen_ = classes, self._stream.n_samples
        self.activation_, self.loss_ = copy.deepcopy(plan.activation), plan.loss
        self._take_over(layer, plan.budget.tol, data)
        return Learned(layer, plan.budget.tol, [] if stream else _notes_on_absent(data, layer))

    def _take_over(self, layer: Layer, tol: float, data: TrainingData) -> None:
        """Set the attributes that a trained layer has."""
        self._absent = data.absent
        self.coef_, self.intercept_ = layer.coef, layer.intercept
        self.solver_ = layer.solver
        self.n_iter_, self.objective_, self.gap_ = layer.n_iter, layer.objective, layer.gap
        self.converged_ = layer.converged(tol)
        self.history_ = layer.history

    def _last_fit(self) -> LastFit | None:
        if not hasattr(self, "coef_"):
            return None
        absent, states = getattr(self, "_absent", ()), getattr(self, "_states", [])
        return LastFit(self.coef_, self.intercept_, self.classes_, absent, states)

    def _forget(self) -> None:
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_")]:
            delattr(self, name)
        for name in ("_stream", "_absent", "_states"):
            self.__dict__.pop(name, None)

    def _teller(self, tasks: FitTasks) -> Tell:
        """Return what prints each iteration and calls the hooks of callbacks."""

        def tell(neuron: int | None, line: Iteration, start: Weights, reached: Weights) -> bool:
            """Return whether a callback asks for a stop."""
            if self.verbose:
                self._print(line)
            return tasks.active and tasks.iteration(neuron, line, _named(start), _named(reached))

        return tell

    def _print(self, line: Iteration) -> None:
        if line.iteration % self.verbose == 0:
            print(
                f"iteration {line.iteration:5d}  objective {line.objective:.12e}  "
                f"gradient norm {line.gradient_norm:.2e}  {line.seconds:.3f} s"
            )

    def _warn_of(self, learned: Learned, frames: int) -> None:
        """Warn if the fit has failed, as from the caller so many frames up."""
        layer, tol, notes = learned
        for note in notes:
            warnings.warn(note, stacklevel=frames)
        if layer.separations:
            text = explain(
                layer.separations,
                self.classes_,
                getattr(self, "feature_names_in_", None),
                stopped=Status.SEPARATED in layer.statuses,
            )
            warnings.warn(text, SeparationWarning, stacklevel=frames)
        failure = layer.failure(tol)
        if failure is not None:
            warnings.warn(
                f"{layer.solver} {failure.value}. Relative gap reached: "
                f"{self.gap_:.1e} after {self.n_iter_} iterations (tol={tol:.1e})",
                ConvergenceWarning,
                stacklevel=frames,
            )
