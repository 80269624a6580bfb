"""Steps of ``fit`` and ``partial_fit`` around the solvers: start, attributes, warnings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from skneuron._common import AnyArray, to_numpy
from skneuron.fitting._absent_classes import explain_absent
from skneuron.fitting._callbacks import FitTasks
from skneuron.fitting._result import FitResult
from skneuron.fitting._spread_parts import split_off_blocks
from skneuron.fitting._subproblems import Start
from skneuron.fitting._train import OnIteration, Reached, Weights
from skneuron.fitting._warnings import AbsentClassWarning, EarlyStoppingWarning
from skneuron.objective import SpreadSamples
from skneuron.results import Iteration, Status
from skneuron.separation import SeparationWarning, explain
from skneuron.validation import (
    Settings,
    TrainingData,
    ValidationSet,
    explain_no_split,
    split_off,
)

__all__ = [
    "LastFit",
    "NumpyErrorsRestored",
    "absent_class_warnings",
    "convergence_warnings",
    "fitted_attributes",
    "forget_fit",
    "hold_out",
    "last_fit",
    "model_attributes",
    "report_to",
    "run_again_if_interrupted",
]

_Out = TypeVar("_Out")


class LastFit(NamedTuple):
    """Coefficients and solver states of the last fit, from which a fit can continue."""

    coef: AnyArray
    intercept: AnyArray
    classes: AnyArray
    absent: tuple[int, ...]
    states: list[object]

    def start(self, data: TrainingData) -> Start | None:
        """Return coefficients and intercepts to start from, None for the default start.

        Raises
        ------
        ValueError
            If the data have other features or classes.
        """
        d, classes = data.X.shape[1], data.classes
        if self.coef.shape[1] != d or not np.array_equal(self.classes, classes):
            raise ValueError(
                f"The fit with warm_start=True got {d} features and the classes "
                f"{classes.tolist()!r}. Expected the {self.coef.shape[1]} features and the classes "
                f"{self.classes.tolist()!r} of the last fit. Start anew: "
                "neuron.set_params(warm_start=False).fit(X, y)."
            )
        # No solver comes back from the intercept of a class without sample weight.
        if not set(self.absent) <= set(data.absent):
            return None
        return self.coef, self.intercept


def last_fit(attributes: Mapping[str, Any]) -> LastFit | None:
    """Return the last fit of an estimator with these attributes, None before the first."""
    if "coef_" not in attributes:
        return None
    coef = to_numpy(attributes["coef_"])
    return LastFit(
        coef=coef.toarray() if issparse(coef) else coef,
        intercept=to_numpy(attributes["intercept_"]),
        classes=to_numpy(attributes["classes_"]),
        absent=attributes.get("_absent", ()),
        states=attributes.get("_states", []),
    )


def forget_fit(attributes: MutableMapping[str, object]) -> None:
    """Delete the attributes of the last fit."""
    fitted = [name for name in attributes if name.endswith("_") and not name.startswith("_")]
    for name in (*fitted, "_stream", "_absent", "_states"):
        attributes.pop(name, None)


def hold_out(
    data: TrainingData, settings: Settings
) -> tuple[TrainingData, ValidationSet | None, Settings, list[Warning]]:
    """Split a validation set off for early stopping.

    If a class has a single sample, return the settings without early stopping, and a warning.
    """
    given = data, settings.validation_fraction, settings.seed
    if isinstance(data.X, SpreadSamples):
        split, counts = split_off_blocks(*given), data.X.counts
    else:
        split, counts = split_off(*given), np.bincount(data.y, minlength=len(data.classes))
    if split is None:
        warning = EarlyStoppingWarning(explain_no_split(data.classes, counts))
        return data, None, replace(settings, patience=None), [warning]
    return *split, settings, []


def report_to(tasks: FitTasks, verbose: int) -> OnIteration | None:
    """Return a function that prints iterations and calls the hooks of callbacks."""
    if not (verbose or tasks.active):
        return None

    def report(neuron: int | None, line: Iteration, start: Weights, reached: Weights) -> bool:
        """Return whether a callback asks for a stop."""
        if verbose and line.iteration % verbose == 0:
            print(
                f"iteration {line.iteration:5d}  objective {line.objective:.12e}  "
                f"gradient norm {line.gradient_norm:.2e}  {line.seconds:.3f} s"
            )
        return tasks.active and tasks.iteration(neuron, line, _named(start), _named(reached))

    return report


def _named(weights: Weights) -> Callable[[], dict[str, object]]:
    """Return a function that returns coefficients as attributes."""
    return lambda: dict(zip(("coef_", "intercept_"), weights(), strict=True))


def run_again_if_interrupted(run: Callable[[], _Out], reached: Reached) -> _Out:
    """Run a fit. After an interrupt run it again from its last finished iteration.

    Parameters
    ----------
    run : callable
        Calls ``train`` with ``reached``. Its second call solves nothing.
    reached : dict
        Results of the subproblems. Without any the interrupt ends the fit.
    """
    try:
        return run()
    except KeyboardInterrupt:
        if not reached:
            raise
    return run()


class NumpyErrorsRestored:
    """Restores NumPy's error handling if an exception ends the block.

    An interrupt can end ``np.errstate`` before ``np.errstate`` restores the error handling.
    """

    def __enter__(self) -> None:
        self._errors = np.geterr()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            np.seterr(**self._errors)


def model_attributes(data: TrainingData, settings: Settings) -> dict[str, object]:
    """Return the attributes that a fit has before its first iteration."""
    return {
        "classes_": data.classes,
        "activation_": copy.deepcopy(settings.activation),
        "loss_": settings.loss,
    }


def fitted_attributes(data: TrainingData, result: FitResult) -> dict[str, object]:
    """Return the attributes that a fit has at its end, in addition to the model's."""
    return {
        "_absent": data.absent,
        "coef_": result.coef,
        "intercept_": result.intercept,
        "solver_": result.solver,
        "n_iter_": result.n_iter,
        "objective_": result.objective,
        "gap_": result.gap,
        "converged_": result.converged,
        "history_": result.history,
    }


def absent_class_warnings(data: TrainingData, result: FitResult) -> list[Warning]:
    """Return a warning about the classes without sample weight, if there are any."""
    if not data.absent:
        return []
    text = explain_absent(data.classes, data.absent, excluded=result.excludes_absent)
    return [AbsentClassWarning(text)]


def convergence_warnings(
    data: TrainingData, settings: Settings, result: FitResult, feature_names: AnyArray | None
) -> list[Warning]:
    """Return warnings about separated classes and about a fit that did not converge."""
    out: list[Warning] = []
    if result.separations:
        stopped = Status.SEPARATED in result.statuses
        text = explain(
            result.separations,
            data.classes,
            feature_names,
            stopped=stopped,
            penalty_factor=data.penalty_factor is not None and not np.isinf(settings.C),
        )
        out.append(SeparationWarning(text))
    failure = result.failure
    if failure is not None:
        finding, _, remedy = failure.value.partition(". ")
        out.append(
            ConvergenceWarning(
                f"The solver {result.solver!r} {finding}. Expected a relative gap of at most "
                f"{result.tol:.1e}, and reached {result.gap:.1e} after {result.n_iter.max()} "
                f"iteration{'' if result.n_iter.max() == 1 else 's'}. {remedy}."
            )
        )
    return out
