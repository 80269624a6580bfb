"""Classes without sample weight: the fit leaves them out, and the model never predicts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skneuron._common import AnyArray
from skneuron.fitting._result import FitResult
from skneuron.fitting._stream import Stream, learn_chunk, skip_chunk
from skneuron.fitting._subproblems import Start, n_subproblems
from skneuron.fitting._train import Columns, OnIteration, Reached, Weights, train
from skneuron.results import Iteration
from skneuron.validation import Settings, TrainingData, ValidationSet

__all__ = ["explain_absent", "learn_present", "present_only", "train_present"]

# Intercept of a class without sample weight: below the pre-activation of every other class, and
# inside the range of float32.
_NEVER_PREDICTED = -1e30


def train_present(
    data: TrainingData,
    settings: Settings,
    *,
    start: Start | None,
    validation: ValidationSet | None,
    on_iteration: OnIteration | None,
    states: list[object] | None,
    reached: Reached | None = None,
    columns: Columns | None = None,
    on_path: bool = False,
) -> FitResult:
    """Train the classes that have sample weight, and return the result for all classes.

    Without an intercept the fit cannot leave a class out, but then F has a minimum with all
    classes. See ``train`` for the parameters.
    """
    if not data.absent or not settings.fit_intercept:
        return train(
            data,
            settings,
            start=start,
            validation=validation,
            on_iteration=on_iteration,
            states=states,
            reached=reached,
            columns=columns,
            on_path=on_path,
        )
    validation = None if validation is None else _present_validation_set(validation, data)
    if validation is None:
        settings = replace(settings, patience=None)
    result = train(
        present_only(data),
        settings,
        start=_present_start(start, data),
        validation=validation,
        on_iteration=None if on_iteration is None else _for_all_classes(on_iteration, data),
        states=states,
        reached=reached,
        columns=columns,
        on_path=on_path,
    )
    return _with_absent(result, data, settings)


def learn_present(
    data: TrainingData, settings: Settings, stream: Stream | None, *, start: Start | None
) -> tuple[FitResult, Stream]:
    """Learn from a chunk as ``learn_chunk``, without the classes that ``class_weight`` excludes."""
    if not data.absent or not settings.fit_intercept:
        return learn_chunk(data, settings, stream, start=start)
    present, start = present_only(data), _present_start(start, data)
    if present.absent:
        # A single class remains. If its fit excludes the others, later chunks change nothing.
        result = train(present, settings, start=start)
        if result.excludes_absent:
            return _with_absent(result, data, settings), skip_chunk(present, settings, stream)
    result, stream = learn_chunk(present, settings, stream, start=start)
    return _with_absent(result, data, settings), stream


def _present_start(start: Start | None, data: TrainingData) -> Start | None:
    """Return coefficients and intercepts of the classes that have weight."""
    if start is None or len(data.classes) == 2:
        return start
    return start[0][data.present], start[1][data.present]


def present_only(data: TrainingData) -> TrainingData:
    """Return the data of the classes that have rows, with the same neuron for each class.

    If a single class has rows, one neuron separates this class from the others.
    """
    present = data.present
    if len(data.classes) == 2:
        return data
    if len(present) == 1:
        own = int(present[0])
        return replace(
            data,
            y=np.ones_like(data.y),
            classes=data.classes[[data.absent[0], own]],
            absent=(0,),
            offset=None if data.offset is None else np.ascontiguousarray(data.offset[:, own]),
        )
    return replace(
        data,
        y=np.searchsorted(present, data.y),
        classes=data.classes[present],
        absent=(),
        one_each=True,
        offset=None if data.offset is None else np.ascontiguousarray(data.offset[:, present]),
    )


def _with_absent(result: FitResult, data: TrainingData, settings: Settings) -> FitResult:
    """Return the result with a neuron for each class that has no rows."""
    if len(data.classes) == 2:
        return result
    softmax = n_subproblems(settings, data) == 1
    coef, intercept = _all_rows(result.coef, result.intercept, data)
    present = data.present.tolist()
    found = [
        (None if k is None else present[k], separation) for k, separation in result.separations
    ]
    n_iter = result.n_iter
    if len(n_iter) == len(present) and not softmax:
        n_iter = np.zeros(len(data.classes), n_iter.dtype)
        n_iter[present] = result.n_iter
    return replace(
        result,
        coef=coef,
        intercept=intercept,
        n_iter=n_iter,
        separations=found,
        excludes_absent=True,
    )


def _all_rows(coef: AnyArray, intercept: AnyArray, data: TrainingData) -> Start:
    """Return coefficients and intercepts of all classes, given the present classes."""
    k, d = len(data.classes), coef.shape[1]
    if k == 2:
        return coef, intercept
    zero = np.zeros(d)
    if data.low is not None and data.high is not None:
        zero = np.clip(zero, data.low, data.high)
    all_coef, all_intercept = np.tile(zero, (k, 1)), np.full(k, _NEVER_PREDICTED)
    all_coef[data.present], all_intercept[data.present] = coef, intercept
    return all_coef.astype(coef.dtype), all_intercept.astype(intercept.dtype)


def _for_all_classes(on_iteration: OnIteration, data: TrainingData) -> OnIteration:
    """Return the function with the coefficients of all classes instead of the present ones."""
    present = data.present.tolist()

    def all_classes(weights: Weights) -> Weights:
        """Return a function that returns the coefficients of all classes."""
        return lambda: _all_rows(*weights(), data)

    def report(neuron: int | None, line: Iteration, start: Weights, reached: Weights) -> bool:
        """Report the iteration of a present class by its index among all classes."""
        index = None if neuron is None else present[neuron]
        return on_iteration(index, line, all_classes(start), all_classes(reached))

    return report


def _present_validation_set(validation: ValidationSet, data: TrainingData) -> ValidationSet | None:
    """Return the validation samples of classes that have weight, None if there are none."""
    kept = np.isin(validation.y, data.present)
    if not kept.any():
        return None
    rows = TrainingData(
        validation.X[kept],
        validation.y[kept],
        data.classes,
        validation.weights[kept],
        1.0,
        offset=None if validation.offset is None else validation.offset[kept],
        absent=data.absent,
    )
    few = present_only(rows)
    return ValidationSet(few.X, few.y, few.weights / few.weights.sum(), few.offset)


def explain_absent(classes: AnyArray, absent: tuple[int, ...], *, excluded: bool) -> str:
    """Return the text of the warning.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    absent : tuple of int
    excluded : bool
        Whether the model never predicts these classes.
    """
    labels = classes[list(absent)].tolist()
    one = len(labels) == 1
    named = f"class {labels[0]!r}" if one else f"the classes {labels!r}"
    these = "this class" if one else "these classes"
    end = (
        f"NeuronClassifier never predicts {these}."
        if excluded
        else f"NeuronClassifier may still predict {these}, as no intercept alone rules it out."
    )
    return (
        f"All samples of {named} have zero sample weight, or a weight that rounds to zero next to "
        f"the largest. {end} Expected a positive sample weight in each class; "
        "if this is intended, run: "
        "warnings.simplefilter('ignore', skneuron.fitting.AbsentClassWarning)"
    )
