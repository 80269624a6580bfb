"""Predictions as users ask for them: in memory at once, for Dask collections lazily."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray, DeviceMatrix, Matrix, MatrixLike, is_dask, to_numpy
from skneuron.prediction._device_outputs import labels_on_device, outputs_on_device
from skneuron.prediction._forward import forward_pass
from skneuron.prediction._lazy import accuracy_on_blocks, lazily
from skneuron.prediction._outputs import Outputs
from skneuron.validation import (
    FittedNeuron,
    check_home,
    check_labels,
    check_numbers,
    check_rows,
    host_copy,
    in_numpy,
    readable,
)

__all__ = ["accuracy", "outputs", "predicted_labels"]

# The methods of a neuron that return the methods of Outputs, for messages.
_METHODS = {
    "activate": "activate",
    "decision": "decision_function",
    "log_proba": "predict_log_proba",
    "proba": "predict_proba",
}


def outputs(
    neuron: FittedNeuron,
    X: MatrixLike,
    output: Callable[[Outputs, AnyArray], AnyArray],
    offset: ArrayLike | None,
) -> AnyArray:
    """Return an output of a fitted neuron for each row of X, a method of :class:`Outputs`."""
    method = _METHODS.get(output.__name__, "predict")
    return _predicted(neuron, X, partial(_outputs, output), offset, method)


def predicted_labels(neuron: FittedNeuron, X: MatrixLike, offset: ArrayLike | None) -> AnyArray:
    """Return the predicted class of each row of X."""
    return _predicted(neuron, X, _labels, offset, "predict")


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
    y, sample_weight = in_numpy(y), in_numpy(sample_weight)
    check_labels(y)
    if sample_weight is not None:
        check_numbers(sample_weight, "sample_weight")
    predicted = to_numpy(cast(Any, neuron).predict(X, offset=offset))
    return float(accuracy_score(y, predicted, sample_weight=sample_weight))


def _predicted(
    neuron: FittedNeuron,
    X: MatrixLike,
    predict: Callable[[FittedNeuron, Matrix, Any], AnyArray],
    offset: ArrayLike | None,
    method: str,
) -> AnyArray:
    check_is_fitted(neuron)
    if is_dask(X):
        lazy: AnyArray = lazily(neuron, X, predict, offset)
        return lazy
    home = check_home(neuron, X, method)
    out = predict(host_copy(neuron), check_rows(neuron, readable(X)), in_numpy(offset))
    # Labels that are strings have no other home than NumPy.
    is_number = isinstance(out, np.ndarray) and out.dtype.kind in "iufb"
    return out if home is None or not is_number else home.put(out)


def _outputs(
    output: Callable[[Outputs, AnyArray], AnyArray], neuron: FittedNeuron, X: Matrix, offset: Any
) -> AnyArray:
    if isinstance(X, DeviceMatrix):
        there: AnyArray | None = outputs_on_device(neuron, X, output, offset)
        if there is not None:
            return there
    of_z, is_log = partial(output, Outputs.of(neuron)), output is Outputs.log_proba
    return forward_pass(neuron, X, of_z, offset, is_bounded=is_log)


def _labels(neuron: FittedNeuron, X: Matrix, offset: Any) -> AnyArray:
    indices = _outputs(Outputs.class_index, neuron, X, offset)
    if isinstance(X, DeviceMatrix):
        labels: AnyArray = labels_on_device(neuron.classes_, indices, X)
        return labels
    return np.asarray(neuron.classes_[indices.astype(np.intp)])
