"""Scores on Dask collections: sums over the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import FloatArray, MatrixLike
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._dask_blocks import rows_of_dask
from skneuron.fitting._spread_labels import read_labels
from skneuron.fitting._spread_moments import check_shape
from skneuron.fitting._spread_parts import SpreadPart, whole_part
from skneuron.prediction._forward import forward_pass
from skneuron.prediction._outputs import Outputs

__all__ = ["score_on_blocks", "scores_of_part"]


def scores_of_part(neurons: Sequence[NeuronClassifier], part: SpreadPart) -> list[float]:
    """Return the scores of fitted neurons in one round: log losses times -1, or accuracies."""
    samples = part.samples
    on_block = partial(_scores_on_block, samples.read, samples.factors, list(neurons))
    found = samples.executor.sum(on_block, samples.X, samples.blocks)
    return [float(score) for score in found]


def score_on_blocks(
    neuron: NeuronClassifier,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
) -> float:
    """Return the score of a fitted neuron on Dask collections."""
    rows = rows_of_dask(neuron, X, reset=False)
    labels = read_labels(rows, y, sample_weight, offset, classes=neuron.classes_)
    return scores_of_part([neuron], whole_part(labels))[0]


def _scores_on_block(
    read: Any, factors: FloatArray, neurons: list[Any], X: Any, samples: Any
) -> FloatArray:
    """Return the part of a block in the scores."""
    data = read(X)
    check_shape(data, samples)
    if not len(samples.y):
        return np.zeros(len(neurons))
    data = data if samples.used is None else data[samples.used]
    weights, rows, scores = samples.times(factors), np.arange(len(samples.y)), []
    for neuron in neurons:
        if neuron.loss_ == "log_loss":
            log_proba = forward_pass(neuron, data, Outputs.of(neuron).log_proba, samples.offset)
            of_rows = log_proba[rows, samples.y].astype(np.float64)
        else:
            of_rows = neuron.predict(data, offset=samples.offset) == neuron.classes_[samples.y]
        scores.append(weights @ of_rows)
    return np.array(scores)
