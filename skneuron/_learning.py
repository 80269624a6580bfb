"""What learning does to an estimator: from checked parameters and data to attributes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneuron._callbacks import FitTasks
from skneuron._layer import Layer
from skneuron._streaming import Stream, learn_chunk
from skneuron._training import Tell, Weights, train
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


def _named(weights: Weights) -> Callable[[], dict[str, AnyArray]]:
    """Return what makes attributes of weights."""
    return lambda: dict(zip(("coef_", "intercept_"), weights(), strict=True))


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
        layer = train(
            data,
            plan,
            C=float(self.C),
            fit_intercept=bool(self.fit_intercept),
            start=self._check_previous(previous, data.classes),
            held_out=held_out,
            tell=self._teller(tasks) if self.verbose or tasks.active else None,
        )
        self._take_over(layer, plan.budget.tol)
        return layer, plan.budget.tol

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
