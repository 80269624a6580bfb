"""The data and the warnings of fits that differ in their penalty."""

from __future__ import annotations

from collections.abc import Iterator

from skneuron._common import AnyArray
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._fit import absent_class_warnings, convergence_warnings
from skneuron.fitting._result import FitResult
from skneuron.fitting._spread_parts import SpreadPart
from skneuron.paths._spread_folds import SpreadFolds
from skneuron.validation import (
    Samples,
    Settings,
    TrainingData,
    training_data,
    with_bounds,
    with_penalty_factor,
)

__all__ = ["FitWarning", "data_of", "first_of_each_kind", "warnings_of"]

#: Description of a fit, and its warning.
FitWarning = tuple[str, Warning]


def data_of(
    neuron: NeuronClassifier, samples: Samples | SpreadPart | SpreadFolds, names: AnyArray | None
) -> TrainingData:
    """Return the data of fits with the parameters of a neuron.

    Parameters
    ----------
    neuron : NeuronClassifier
    samples : Samples, SpreadPart or SpreadFolds
    names : ndarray of str of shape (n_features,) or None
    """
    if isinstance(samples, Samples):
        data = training_data(samples, neuron.class_weight)
    else:
        data = samples.training_data(neuron.class_weight)
    data = with_bounds(data, neuron.bounds, names)
    return with_penalty_factor(data, neuron.penalty_factor, names)


def warnings_of(
    fit: str, data: TrainingData, result: FitResult, settings: Settings, names: AnyArray | None
) -> list[FitWarning]:
    """Return the warnings of the fit with this description."""
    notes = absent_class_warnings(data, result)
    notes += convergence_warnings(data, settings, result, names)
    return [(fit, note) for note in notes]


def first_of_each_kind(notes: list[FitWarning]) -> Iterator[tuple[int, str, Warning]]:
    """Yield each kind of warning once: the number of warnings, and the first with its fit."""
    kinds: dict[type[Warning], list[FitWarning]] = {}
    for fit, note in notes:
        kinds.setdefault(type(note), []).append((fit, note))
    for same in kinds.values():
        yield len(same), *same[0]
