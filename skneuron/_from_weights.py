"""What makes a neuron fitted, from weights that come from elsewhere."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skneuron.activations import Activation, get_activation
from skneuron.losses import resolve_loss_name

__all__ = ["fitted_attributes"]


def fitted_attributes(
    coef: Any,
    intercept: Any,
    activation: str | Activation,
    classes: Any,
    feature_names: Any,
) -> dict[str, Any]:
    """Check weights, labels and names, and return the attributes of a fitted neuron.

    See ``NeuronClassifier.from_weights`` for the parameters and the errors.
    """
    resolved = copy.deepcopy(get_activation(activation))
    weights = np.atleast_2d(np.array(coef))
    if not np.issubdtype(weights.dtype, np.floating):
        weights = weights.astype(np.float64)
    labels = np.asarray(classes)
    expected = 1 if len(labels) == 2 else len(labels)
    if weights.ndim != 2 or len(weights) != expected:
        raise ValueError(
            f"coef has shape {np.shape(coef)}: expected {expected} row(s) of weights for the "
            f"{len(labels)} classes {labels.tolist()!r}"
        )
    if len(labels) < 2 or not np.array_equal(labels, np.unique(labels)):
        raise ValueError(
            f"classes={labels.tolist()!r}: expected two or more sorted, unequal labels"
        )
    bias = np.array(intercept, dtype=weights.dtype).reshape(-1)
    if len(bias) == 1:
        bias = np.repeat(bias, expected)
    if len(bias) != expected:
        raise ValueError(f"intercept has {len(bias)} values: expected {expected}")
    if not (np.all(np.isfinite(weights)) and np.all(np.isfinite(bias))):
        raise ValueError("coef and intercept must be finite")
    attributes = {
        "classes_": labels,
        "coef_": weights,
        "intercept_": bias,
        "n_features_in_": weights.shape[1],
        "activation_": resolved,
        "loss_": resolve_loss_name("auto", resolved),
    }
    if feature_names is not None:
        names = np.asarray(feature_names, dtype=object)
        if names.shape != (weights.shape[1],):
            raise ValueError(
                f"feature_names has shape {names.shape}: expected ({weights.shape[1]},)"
            )
        attributes["feature_names_in_"] = names
    return attributes
