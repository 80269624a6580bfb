"""From one sample to the trace of its forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from skneuron._common import AnyArray, FloatArray, MatrixLike
from skneuron.activations import ACTIVATIONS, Activation
from skneuron.prediction._outputs import Outputs
from skneuron.prediction._trace import Trace
from skneuron.validation import (
    FittedNeuron,
    check_finite,
    check_numbers,
    check_offset,
    check_rows,
    dense_coef,
)

__all__ = ["trace_of"]


def trace_of(neuron: FittedNeuron, x: MatrixLike, offset: ArrayLike | None = None) -> Trace:
    """Return one sample's forward pass, see ``NeuronClassifier.trace``."""
    row = _one_row(neuron, x)
    coef = dense_coef(neuron).astype(np.float64)
    intercept = neuron.intercept_.astype(np.float64)
    k, d = coef.shape
    added = _offset_of(offset, k)
    with np.errstate(over="ignore", invalid="ignore"):
        z = (coef * row).sum(axis=1) + intercept + added
    if not np.all(np.isfinite(z)):
        raise ValueError(
            "The linear predictor w·x + b of x overflows float64. Expected x in the units of the "
            "data in fit. Check that x went through the same preprocessing."
        )
    outputs = Outputs.of(neuron)
    softmax = outputs.softmax
    proba = outputs.proba(z[None].copy())[0] if hasattr(neuron, "predict_proba") else None
    names = getattr(neuron, "feature_names_in_", [f"x{column}" for column in range(d)])
    return Trace(
        feature_names=tuple(map(str, names)),
        x=row,
        weights=coef,
        bias=intercept,
        offset=added,
        function="softmax" if softmax else _name_of(outputs.activation),
        output=outputs.activation.value(z) if proba is None or not softmax else proba,
        threshold=0.0 if softmax else float(outputs.activation.threshold),
        classes=neuron.classes_,
        proba=proba,
    )


def _offset_of(offset: ArrayLike | None, n_neurons: int) -> FloatArray:
    """Return the offset of one sample, one number per neuron."""
    if offset is None:
        return np.zeros(n_neurons)
    check_numbers(offset, "offset")
    shape = np.shape(offset)
    if int(np.prod(shape)) != n_neurons:
        each = "one number" if n_neurons == 1 else f"{n_neurons} numbers, one per class"
        raise ValueError(
            f"offset has shape {shape}. Expected {each}, as the trace is of one sample. "
            "Use for example neuron.trace(X[0], offset=offset[0])."
        )
    checked = check_offset(np.reshape(np.asarray(offset), (1, -1)), 1, n_neurons)
    return np.zeros(n_neurons) if checked is None else checked.reshape(n_neurons)


def _one_row(neuron: FittedNeuron, x: Any) -> FloatArray:
    """Return one sample of any type as float64, with checked columns."""
    if hasattr(x, "to_frame") and getattr(x, "ndim", 0) == 1:
        x = x.to_frame().T  # The index of a Series has the column names.
    # A list has no column names, and needs no warning about missing names.
    named = issparse(x) or hasattr(x, "columns")
    row = check_rows(neuron, x, "x") if named else _plain_row(x)
    check_finite(row)
    expected = (1, neuron.coef_.shape[1])
    if row.shape != expected:
        raise ValueError(
            f"x has shape {row.shape}. Expected {expected}, one sample with the features of the "
            "fit. Use for example neuron.trace(X[0])."
        )
    dense: Any = row.toarray() if issparse(row) else row  # type: ignore[union-attr]
    return np.array(dense[0], dtype=np.float64)


def _plain_row(x: Any) -> AnyArray:
    """Return a list or an array of one sample as float64, of shape (1, n_features)."""
    check_numbers(x if np.ndim(x) == 2 else [x], "x")
    row: AnyArray = check_array(
        np.atleast_2d(np.asarray(x)), dtype=np.float64, ensure_all_finite=False, input_name="x"
    )
    return row


def _name_of(activation: Activation) -> str:
    known = {cls: name for name, cls in ACTIVATIONS.items()}
    return known.get(type(activation), type(activation).__name__)
