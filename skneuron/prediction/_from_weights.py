"""The attributes of a fitted neuron, from coefficients that another program computed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import AnyArray, shown, wrong_value
from skneuron.activations import Activation, get_activation
from skneuron.losses import resolve_loss_name
from skneuron.validation import check_labels, check_numbers, check_unmasked

__all__ = ["attributes_from_weights"]


def _named(coef: Any, feature_names: Any) -> tuple[Any, Any]:
    """Return coefficients and names. The keys of a dict or the labels of a table are names.

    If both have names, the coefficients have the order of ``feature_names`` afterwards.
    """
    own = _own_names(coef)
    if isinstance(coef, Mapping):
        coef = list(coef.values())
    if own is None or feature_names is None:
        return coef, own if feature_names is None else feature_names
    names = list(feature_names) if np.ndim(feature_names) == 1 else [feature_names]
    place = {name: column for column, name in enumerate(own)}
    if len(names) != len(own) or set(map(repr, names)) != set(map(repr, own)):
        raise ValueError(
            f"coef has the names {shown(own)}, and feature_names={shown(names)}. Expected the same "
            "names in any order. Leave out feature_names to use the names of coef."
        )
    return np.asarray(coef)[..., [place[name] for name in names]], names


def _own_names(coef: Any) -> list[Any] | None:
    """Return the names of a dict, a pandas Series or a data frame of coefficients."""
    if isinstance(coef, Mapping):
        return list(coef)
    names: Any = getattr(coef, "columns" if np.ndim(coef) == 2 else "index", None)
    # A list has a method ``index``, and the index of a Series without names is a range.
    if names is None or callable(names) or not all(isinstance(name, str) for name in names):
        return None
    return list(names)


def _as_rows(coef: ArrayLike) -> AnyArray:
    """Return one row of coefficients per neuron, in float64 unless they are float32."""
    check_unmasked(coef, "coef")
    rows = np.atleast_2d(np.array(coef))
    check_numbers(rows, "coef")
    if rows.dtype in (np.float32, np.float64):
        return rows
    try:
        return rows.astype(np.float64)
    except ValueError as error:
        raise ValueError(
            f"coef has text: {error}. Expected numbers. Use for example from_weights([0.5, -1.0])."
        ) from error


def _as_names(feature_names: ArrayLike, expected: int) -> AnyArray:
    check_unmasked(feature_names, "feature_names")
    names = np.asarray(feature_names, dtype=object)
    if names.shape != (expected,):
        raise ValueError(
            f"feature_names has shape {names.shape}. Expected ({expected},), one name for each "
            "feature. Use for example coef={'rain': 1.5, 'wind': -0.5} without feature_names."
        )
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError(
            wrong_value(
                "feature_names", names.tolist(), "different strings", "feature_names=['a', 'b']"
            )
        )
    return names


def attributes_from_weights(
    coef: ArrayLike | Mapping[str, float],
    intercept: ArrayLike,
    activation: str | Activation,
    classes: ArrayLike,
    feature_names: ArrayLike | None,
) -> dict[str, Any]:
    """Check coefficients, labels and names, and return the attributes of a fitted neuron.

    See ``NeuronClassifier.from_weights`` for the parameters and the errors.
    """
    resolved = copy.deepcopy(get_activation(activation))
    values, names = _named(coef, feature_names)
    rows = _as_rows(values)
    check_labels(classes, "classes")
    labels = np.atleast_1d(np.asarray(classes))
    expected = 1 if len(labels) == 2 else len(labels)
    if rows.ndim != 2 or len(rows) != expected or not rows.size:
        raise ValueError(
            f"coef has shape {np.shape(values)}. Expected {expected} row(s) of coefficients for "
            f"the {len(labels)} classes {shown(labels.tolist())}. Pass one row for two classes, "
            "otherwise one row for each class."
        )
    if len(labels) < 2 or not np.array_equal(labels, np.unique(labels)):
        raise ValueError(
            wrong_value(
                "classes", labels.tolist(), "two or more sorted, different labels", "classes=[0, 1]"
            )
        )
    check_numbers(intercept, "intercept")
    intercepts = np.array(intercept, dtype=rows.dtype).reshape(-1)
    if len(intercepts) == 1:
        intercepts = np.repeat(intercepts, expected)
    if len(intercepts) != expected:
        raise ValueError(
            f"intercept has {len(intercepts)} values. Expected {expected}, one for each row of "
            "coef. Use for example intercept=0.0."
        )
    if not (np.all(np.isfinite(rows)) and np.all(np.isfinite(intercepts))):
        raise ValueError(
            "coef or intercept has NaN or infinity. Expected finite numbers. Check with "
            "np.isfinite(coef).all()."
        )
    attributes = {
        "classes_": labels,
        "coef_": rows,
        "intercept_": intercepts,
        "n_features_in_": rows.shape[1],
        "activation_": resolved,
        "loss_": resolve_loss_name("auto", resolved),
    }
    if names is not None:
        attributes["feature_names_in_"] = _as_names(names, rows.shape[1])
    return attributes
