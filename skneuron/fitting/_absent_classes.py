"""Classes without sample weight: the other classes learn alone, and these are never predicted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skneuron._typing import AnyArray
from skneuron.fitting._result import Layer
from skneuron.fitting._stream import Stream, learn_chunk, passed
from skneuron.fitting._train import Reached, Tell, Weights, train
from skneuron.results import Iteration
from skneuron.validation import HeldOut, Plan, TrainingData

__all__ = ["explain_absent", "learn_present", "train_present"]

# Intercept of a class without sample weight in a layer: below every pre-activation of another
# class, and in the range of float32.
_NEVER = -1e30


def train_present(
    data: TrainingData,
    plan: Plan,
    *,
    C: float,
    fit_intercept: bool,
    start: tuple[AnyArray, AnyArray] | None,
    held_out: HeldOut | None,
    tell: Tell | None,
    states: list[Any] | None,
    reached: Reached | None = None,
) -> Layer:
    """Train the classes that have sample weight, and return the layer of all classes.

    Without an intercept a class cannot be left out: then F decides, which has a minimum.
    The parameters are those of ``train``.
    """
    if not data.absent or not fit_intercept:
        return train(
            data,
            plan,
            C=C,
            fit_intercept=fit_intercept,
            start=start,
            held_out=held_out,
            tell=tell,
            states=states,
            reached=reached,
        )
    held_out = None if held_out is None else _held_present(held_out, data)
    if held_out is None:
        plan = replace(plan, patience=None)
    layer = train(
        _present_only(data),
        plan,
        C=C,
        fit_intercept=True,
        start=_present_rows(start, data),
        held_out=held_out,
        tell=None if tell is None else _telling_of_all(tell, data),
        states=states,
        reached=reached,
    )
    return _with_absent(layer, data)


def learn_present(
    data: TrainingData,
    plan: Plan,
    stream: Stream | None,
    *,
    C: float,
    fit_intercept: bool,
    start: tuple[AnyArray, AnyArray] | None,
) -> tuple[Layer, Stream]:
    """Learn from a chunk as ``learn_chunk``, without the classes that ``class_weight`` excludes."""
    if not data.absent or not fit_intercept:
        return learn_chunk(data, plan, stream, C=C, fit_intercept=fit_intercept, start=start)
    few, start = _present_only(data), _present_rows(start, data)
    if few.absent:
        # One class is left: any of its chunks says all.
        layer = train(few, plan, C=C, fit_intercept=True, start=start)
        if layer.never:
            return _with_absent(layer, data), passed(few, plan, stream)
    layer, stream = learn_chunk(few, plan, stream, C=C, fit_intercept=True, start=start)
    return _with_absent(layer, data), stream


def _present_rows(
    start: tuple[AnyArray, AnyArray] | None, data: TrainingData
) -> tuple[AnyArray, AnyArray] | None:
    """Return coefficients and intercepts of the classes that have weight."""
    if start is None or len(data.classes) == 2:
        return start
    return start[0][data.present], start[1][data.present]


def _present_only(data: TrainingData) -> TrainingData:
    """Return the data of the classes that have rows, each with a neuron as before.

    If one class only has rows, one neuron separates the class from the others.
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


def _with_absent(layer: Layer, data: TrainingData) -> Layer:
    """Return the layer with a neuron for each class that has no rows."""
    if len(data.classes) == 2:
        return layer
    coef, intercept = _all_rows(layer.coef, layer.intercept, data)
    present = data.present.tolist()
    found = [(None if k is None else present[k], separation) for k, separation in layer.separations]
    return replace(layer, coef=coef, intercept=intercept, separations=found, never=True)


def _all_rows(coef: AnyArray, intercept: AnyArray, data: TrainingData) -> tuple[AnyArray, AnyArray]:
    """Return coefficients and intercepts of all classes from those of the present ones."""
    k, d = len(data.classes), coef.shape[1]
    if k == 2:
        return coef, intercept
    none = np.zeros(d)
    if data.low is not None and data.high is not None:
        none = np.clip(none, data.low, data.high)
    all_coef, all_intercept = np.tile(none, (k, 1)), np.full(k, _NEVER)
    all_coef[data.present], all_intercept[data.present] = coef, intercept
    return all_coef.astype(coef.dtype), all_intercept.astype(intercept.dtype)


def _telling_of_all(tell: Tell, data: TrainingData) -> Tell:
    """Return what tells of the present classes as a part of all."""
    present = data.present.tolist()

    def whole(weights: Weights) -> Weights:
        """Return the same for all classes."""
        return lambda: _all_rows(*weights(), data)

    def telling(neuron: int | None, line: Iteration, start: Weights, reached: Weights) -> bool:
        number = None if neuron is None else present[neuron]
        return tell(number, line, whole(start), whole(reached))

    return telling


def _held_present(held_out: HeldOut, data: TrainingData) -> HeldOut | None:
    """Return the rows of the validation set whose class has weight, None if there are none."""
    kept = np.isin(held_out.y, data.present)
    if not kept.any():
        return None
    rows = TrainingData(
        held_out.X[kept],
        held_out.y[kept],
        data.classes,
        held_out.weights[kept],
        1.0,
        offset=None if held_out.offset is None else held_out.offset[kept],
        absent=data.absent,
    )
    few = _present_only(rows)
    return HeldOut(few.X, few.y, few.weights / few.weights.sum(), few.offset)


def explain_absent(classes: AnyArray, absent: tuple[int, ...], *, never: bool) -> str:
    """Return the text of the warning.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    absent : tuple of int
    never : bool
        Whether these classes are never predicted.
    """
    labels = classes[list(absent)].tolist()
    one = len(labels) == 1
    whose = f"class {labels[0]!r}" if one else f"the classes {labels!r}"
    these = "this class" if one else "these classes"
    end = (
        f"NeuronClassifier never predicts {these}."
        if never
        else f"NeuronClassifier may still predict {these}, as no intercept alone rules it out."
    )
    return (
        f"All samples of {whose} have zero sample weight, or a weight that rounds to zero next to "
        f"the largest. {end} Expected a positive sample weight in each class; "
        "if this is intended, run: "
        "warnings.simplefilter('ignore', skneuron.fitting.AbsentClassWarning)"
    )
