"""What learning does to an estimator: from checked parameters and data to attributes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneuron._callbacks import FitTasks
from skneuron._layer import Layer
from skneuron._streaming import Stream, learn_chunk
from skneuron._training import Reached, Tell, train
from skneuron._typing import AnyArray
from skneuron.results import Iteration, Status
from skneuron.separation import SeparationWarning, explain
from skneuron.validation import (
    check_chunk,
    check_classes,
    check_held_out,
    check_parameters,
    check_training_data,
    split_off,
    with_bounds,
)

__all__ = ["LearningMixin"]

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
    ) -> tuple[Layer, float]:
        plan = check_parameters(vars(self))
        previous = self._previous_weights()
        self._forget()
        data = check_training_data(self, X, y, sample_weight, self.class_weight, offset)
        data = with_bounds(data, self.bounds, getattr(self, "feature_names_in_", None))
        held_out = check_held_out(self, data.classes, *validation, with_offset=offset is not None)
        if plan.patience is not None and held_out is None:
            data, held_out = split_off(data, plan.validation_fraction, plan.budget.seed)
        self.classes_ = data.classes
        self.activation_, self.loss_ = copy.deepcopy(plan.activation), plan.loss
        start = self._check_previous(previous, data.classes)
        tell = self._teller(tasks) if self.verbose or tasks.active else None
        reached: Reached = {}

        def learn() -> tuple[Layer, float]:
            """Learn all, or only what an interrupt has left of the first call."""
            layer = train(
                data,
                plan,
                C=float(self.C),
                fit_intercept=bool(self.fit_intercept),
                start=start,
                held_out=held_out,
                tell=tell,
                reached=reached,
            )
            self._take_over(layer, plan.budget.tol)
            return layer, plan.budget.tol

        try:
            return learn()
        except KeyboardInterrupt:
            if not reached:
                raise
        return learn()

    @_keeps_numpy_errors
    def _learn_chunk(
        self, X: Any, y: Any, classes: Any, sample_weight: Any, offset: Any
    ) -> tuple[Layer, float]:
        plan = check_parameters(vars(self))
        if plan.patience is not None:
            raise ValueError(
                "early_stopping=True is not possible with partial_fit, which sees one chunk at a "
                "time: expected False. Stop calling it when a score of your own says so"
            )
        known = getattr(self, "classes_", None)
        classes = check_classes(classes, known)
        stream: Stream | None = getattr(self, "_stream", None)
        start = None if known is None else (self.coef_, self.intercept_)
        first = known is None
        data = check_chunk(
            self, X, y, sample_weight, self.class_weight, classes, offset, first=first
        )
        data = with_bounds(data, self.bounds, getattr(self, "feature_names_in_", None))
        layer, self._stream = learn_chunk(
            data,
            plan,
            stream,
            C=float(self.C),
            fit_intercept=bool(self.fit_intercept),
            start=start,
        )
        self.classes_, self.n_samples_seen_ = classes, self._stream.n_samples
        self.activation_, self.loss_ = copy.deepcopy(plan.activation), plan.loss
        self._take_over(layer, plan.budget.tol)
        return layer, plan.budget.tol

    def _take_over(self, layer: Layer, tol: float) -> None:
        """Set the attributes that a trained layer has."""
        self.coef_, self.intercept_ = layer.coef, layer.intercept
        self.solver_ = layer.solver
        self.n_iter_, self.objective_, self.gap_ = layer.n_iter, layer.objective, layer.gap
        self.converged_ = layer.converged(tol)
        self.history_ = layer.history

    def _previous_weights(self) -> tuple[AnyArray, AnyArray, AnyArray] | None:
        if self.warm_start and hasattr(self, "coef_"):
            return self.coef_, self.intercept_, self.classes_
        return None

    def _forget(self) -> None:
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_")]:
            delattr(self, name)
        self.__dict__.pop("_stream", None)

    def _check_previous(
        self, previous: tuple[AnyArray, AnyArray, AnyArray] | None, classes: AnyArray
    ) -> tuple[AnyArray, AnyArray] | None:
        if previous is None:
            return None
        coef, intercept, known = previous
        n_neurons = 1 if len(classes) == 2 else len(classes)
        if coef.shape != (n_neurons, self.n_features_in_) or not np.array_equal(known, classes):
            raise ValueError(
                f"warm_start=True with {self.n_features_in_} features and classes "
                f"{classes.tolist()!r}: expected the {coef.shape[1]} features and classes "
                f"{known.tolist()!r} of the last fit"
            )
        return coef, intercept

    def _fitted(self) -> dict[str, Any]:
        """Return what the fit has set."""
        return {name: value for name, value in vars(self).items() if name.endswith("_")}

    def _teller(self, tasks: FitTasks) -> Tell:
        """Return what prints each iteration and tells callbacks of it."""

        def tell(
            neuron: int | None, line: Iteration, weights: Callable[[], tuple[AnyArray, AnyArray]]
        ) -> bool:
            """Return whether a callback asks for a stop."""
            if self.verbose:
                self._print(line)

            def fitted() -> dict[str, Any]:
                """Return the attributes of the neuron as if the fit ended here."""
                return self._fitted() | dict(zip(("coef_", "intercept_"), weights(), strict=True))

            return tasks.active and tasks.iteration(neuron, line, fitted)

        return tell

    def _print(self, line: Iteration) -> None:
        if line.iteration % self.verbose == 0:
            print(
                f"iteration {line.iteration:5d}  objective {line.objective:.12e}  "
                f"gradient norm {line.gradient_norm:.2e}  {line.seconds:.3f} s"
            )

    def _warn_of(self, layer: Layer, tol: float, frames: int) -> None:
        """Warn if the fit has failed, as from the caller so many frames up."""
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
