"""What makes a neuron fitted, from weights that come from elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from skneuron._typing import AnyArray
from skneuron.activations import Activation, get_activation
from skneuron.losses import resolve_loss_name
from skneuron.validation import check_numbers

__all__ = ["fitted_attributes"]


def _named(coef: Any, feature_names: Any) -> tuple[Any, Any]:
    """Return weights and names; a dict or a pandas Series of weights brings its own names."""
    own: list[Any] | None = None
    index: Any = getattr(coef, "index", None)
    if isinstance(coef, Mapping):
        own, coef = list(coef), list(coef.values())
    # A list has a method of that name, and a Series without names is numbered.
    elif np.ndim(coef) == 1 and index is not None and not callable(index):
        own = list(index) if all(isinstance(name, str) for name in index) else None
    return coef, own if feature_names is None else feature_names


def _as_weights(coef: Any) -> AnyArray:
    """Return the weights as rows, in float32 as given or else in float64."""
    weights = np.atleast_2d(np.array(coef))
    if np.iscomplexobj(weights):
        raise ValueError("coef is complex: expected real weights")
    check_numbers(weights, "coef")
    if weights.dtype not in (np.float32, np.float64):
        weights = weights.astype(np.float64)
    return weights


def _as_names(feature_names: Any, expected: int) -> AnyArray:
    names = np.asarray(feature_names, dtype=object)
    if names.shape != (expected,):
        raise ValueError(f"feature_names has shape {names.shape}: expected ({expected},)")
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError(f"feature_names={names.tolist()!r}: expected unequal strings")
    return names


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
    coef, feature_names = _named(coef, feature_names)
    weights = _as_weights(coef)
    labels = np.atleast_1d(np.asarray(classes))
    expected = 1 if len(labels) == 2 else len(labels)
    if weights.ndim != 2 or len(weights) != expected or not weights.size:
        raise ValueError(
            f"coef has shape {np.shape(coef)}: expected {expected} row(s) of weights for the "
            f"{len(labels)} classes {labels.tolist()!r}"
        )
    if len(labels) < 2 or not np.array_equal(labels, np.unique(labels)):
        raise ValueError(
            f"classes={labels.tolist()!r}: expected two or more sorted, unequal labels"
        )
    check_numbers(intercept, "intercept")
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
        attributes["feature_names_in_"] = _as_names(feature_names, weights.shape[1])
    return attributes
