"""Estimates of a softmax model against a base class."""

from __future__ import annotations

import numpy as np

from skneuron.inference._conditions import Conditions
from skneuron.inference._error_type import ErrorType
from skneuron.inference._observations import Observations, feature_names
from skneuron.inference._parameters import Estimates
from skneuron.inference._relations import collinear_notes
from skneuron.inference._sandwich import scores_product, square_root
from skneuron.inference._softmax_information import LayerInformation
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["base_index", "layer_estimates"]


def base_index(neuron: FittedNeuron, base: object) -> int:
    """Return the index of the base class, the first class for None."""
    classes = neuron.classes_.tolist()
    if base is None:
        return 0
    if base not in classes:
        raise ValueError(
            f"Got base={base!r}. Expected one of the classes {classes!r}, or None for the first."
        )
    return int(classes.index(base))


def layer_estimates(
    neuron: FittedNeuron,
    observations: Observations,
    conditions: Conditions,
    error_type: ErrorType,
    penalized: bool,
    base: object,
) -> Estimates:
    """Return the differences between the coefficients of a softmax model and of its base class."""
    first = base_index(neuron, base)
    if penalized:
        raise ValueError(
            f"The option penalized=True supports two classes, and the neuron has "
            f"{len(neuron.classes_)}. Expected penalized=False. Fit with C=np.inf."
        )
    conditions.require_classical()
    if (conditions.held != "").any():
        name = feature_names(neuron)[int(np.flatnonzero(conditions.held != "")[0])]
        raise ValueError(
            f"The coefficients of {name!r} are fixed by bounds. Standard errors of more than two "
            "classes expected a fit without bounds. Fit with bounds=None."
        )
    information = LayerInformation.of(neuron, observations, conditions, first)
    information.require_maximum(neuron.classes_)
    has_bias = information.coordinates.has_bias
    terms = feature_names(neuron) + ["intercept"] * has_bias
    classes = neuron.classes_.tolist()
    names = [(classes[k], term) for k in information.others for term in terms]
    parameters = np.column_stack([dense_coef(neuron), neuron.intercept_]).astype(np.float64)
    values = (parameters - parameters[first])[information.others, : len(terms)].ravel()
    relations = information.estimable.relations
    notes = np.tile(collinear_notes(relations, terms, has_bias), len(information.others))
    rank, basis = information.estimable.rank, information.estimable.basis
    root = basis * np.sqrt(error_type.factor(observations, rank))
    if error_type.kind.startswith("robust"):
        meat = scores_product(
            observations.design,
            information.coordinates,
            basis,
            information.slopes,
            observations.weights,
            error_type,
        )
        root = root @ square_root(meat)
    values = np.where(notes == "", values, np.nan)
    return Estimates(names, values, notes, rank, information.coordinates, root)
