"""Predictions as users ask for them: in memory at once, for Dask collections lazily."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray, Matrix, MatrixLike, is_dask
from skneuron.prediction._forward import forward_pass
from skneuron.prediction._lazy import accuracy_on_blocks, lazily
from skneuron.prediction._outputs import Outputs
from skneuron.validation import FittedNeuron, check_labels, check_numbers, check_rows

__all__ = ["accuracy", "outputs", "predicted_labels"]


def outputs(
    neuron: FittedNeuron,
    X: MatrixLike,
    output: Callable[[Outputs, AnyArray], AnyArray],
    offset: ArrayLike | None,
) -> AnyArray:
    """Return an output of a fitted neuron for each row of X, a method of :class:`Outputs`."""
    return _predicted(neuron, X, partial(_outputs, output), offset)


def predicted_labels(neuron: FittedNeuron, X: MatrixLike, offset: ArrayLike | None) -> AnyArray:
    """Return the predicted class of each row of X."""
    return _predicted(neuron, X, _labels, offset)


def accuracy(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
) -> float:
    """Return the weighted fraction of the rows that the neuron classifies correctly."""
    if is_dask(X) or is_dask(y):
        check_is_fitted(neuron)
        return accuracy_on_blocks(neuron, X, y, _labels, sample_weight, offset)
    check_labels(y)
    if sample_weight is not None:
        check_numbers(sample_weight, "sample_weight")
    predicted = cast(Any, neuron).predict(X, offset=offset)
    return float(accuracy_score(y, predicted, sample_weight=sample_weight))


def _predicted(
    neuron: FittedNeuron,
    X: MatrixLike,
    predict: Callable[[FittedNeuron, Matrix, Any], AnyArray],
    offset: ArrayLike | None,
) -> AnyArray:
    check_is_fitted(neuron)
    if is_dask(X):
        lazy: AnyArray = lazily(neuron, X, predict, offset)
        return lazy
    return predict(neuron, check_rows(neuron, X), offset)


def _outputs(
    output: Callable[[Outputs, AnyArray], AnyArray], neuron: FittedNeuron, X: Matrix, offset: Any
) -> AnyArray:
    of_z, is_log = partial(output, Outputs.of(neuron)), output is Outputs.log_proba
    return forward_pass(neuron, X, of_z, offset, is_bounded=is_log)


def _labels(neuron: FittedNeuron, X: Matrix, offset: Any) -> AnyArray:
    indices = _outputs(Outputs.class_index, neuron, X, offset)
    return np.asarray(neuron.classes_[indices.astype(np.intp)])
