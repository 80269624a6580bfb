"""Estimates and their covariance, as far as the data determine them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.inference._conditions import conditions_of
from skneuron.inference._error_type import ErrorType
from skneuron.inference._estimable import FAR
from skneuron.inference._few_clusters import POWERS, corrected_product
from skneuron.inference._information import Information
from skneuron.inference._layer_estimates import layer_estimates
from skneuron.inference._observations import Observations, feature_names
from skneuron.inference._parameters import Estimates
from skneuron.inference._passes import grams
from skneuron.inference._relations import collinear_notes
from skneuron.inference._sandwich import scores_product, square_root
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["estimates_of"]

# A row is on the hyperplane if its margin is below this fraction of the largest margin.
_ON_PLANE = 1e-9

# Information, relative to the information that the basis makes 1, that is negative by more than
# rounding errors.
_NEGATIVE = 1e-6

_INFINITE = "separated: no finite maximum"


def estimates_of(
    neuron: FittedNeuron,
    observations: Observations,
    error_type: ErrorType,
    penalized: bool = False,
    base: object = None,
) -> Estimates:
    """Return the covariance at a neuron's coefficients, as far as the data determine it."""
    conditions = conditions_of(neuron, observations)
    if observations.is_layer:
        return layer_estimates(neuron, observations, conditions, error_type, penalized, base)
    if base is not None:
        raise ValueError(
            f"Got base={base!r} for two classes. Expected None: the coefficients are those of "
            f"class {neuron.classes_.tolist()[1]!r} against {neuron.classes_.tolist()[0]!r}. "
            "Change the sign of a coefficient for the other direction."
        )
    if not penalized:
        conditions.require_classical(", or pass penalized=True for an approximation")
    information = Information.of(neuron, observations, conditions)
    free = conditions.free
    has_bias = information.coordinates.has_bias
    names = feature_names(neuron) + ["intercept"] * has_bias
    values = np.append(dense_coef(neuron)[0], neuron.intercept_[:has_bias]).astype(np.float64)
    notes = np.append(conditions.held, [""] * has_bias)
    own = np.append(free, [len(conditions.held)] * has_bias).astype(int)
    relations = information.estimable.relations
    notes[own] = collinear_notes(relations, [names[k] for k in own], has_bias)
    if information.may_be_separated:
        information, separated = _without_separated(neuron, information)
        notes[own] = np.where(notes[own] == "", separated, notes[own])
    else:
        information.require_maximum()
    rank, root = information.estimable.rank, information.estimable.basis
    if (notes == "").any():
        factor = error_type.factor(information.observations, rank)
        root = np.sqrt(factor) * _root(information, error_type)
    values[own] = np.where(notes[own] == "", values[own], np.nan)
    return Estimates(names, values, notes, rank, information.coordinates, root)


def _without_separated(
    neuron: FittedNeuron, information: Information
) -> tuple[Information, AnyArray]:
    """Leave out the rows that a hyperplane separates, and note the diverging parameters.

    As the coefficients grow along the hyperplane's direction, these rows get probability 1. The
    limit is the likelihood of the rows on the hyperplane (Geyer, Electronic Journal of
    Statistics 3, 2009). The parameters that it determines have a maximum and standard errors.
    """
    observations, coordinates = information.observations, information.coordinates
    columns, found = coordinates.columns, information.separation()
    notes = np.full(coordinates.size, "", dtype=object)
    if found.direction is None:
        information.estimable.require_maximum(information.distance)
        return information, notes
    coef, bias = np.zeros(observations.X.shape[1]), found.direction[1]
    coef[columns] = found.direction[0]
    margins = np.abs(observations.product(coef, bias))
    on_plane = margins <= _ON_PLANE * margins[observations.weights > 0].max()
    directions = np.append(found.direction[0], [bias] * coordinates.has_bias)
    limits = np.where(directions > 0, "+inf", "-inf")
    if found.kind == "complete":
        notes[:] = _INFINITE
        return information, notes
    weights = np.where(on_plane, observations.weights, 0.0)
    limit = Information.of(neuron, replace(observations, weights=weights), information.conditions)
    lost = limit.estimable.undetermined
    for k in np.flatnonzero(lost):
        notes[k] = f"separated: goes to {limits[k]}" if directions[k] else _INFINITE
    if limit.distance > FAR:
        notes[~lost] = "not at its maximum, as the fit ended early: others are separated"
    return limit, notes


def _root(information: Information, error_type: ErrorType) -> FloatArray:
    """Return a root A⁻¹ √M of the sandwich: A is an information, M the covariance of the scores."""
    kind = error_type.kind
    coordinates, basis = information.coordinates, information.estimable.basis
    penalty = (basis.T * information.ridge) @ basis
    # The basis makes the expected information plus the penalty the identity.
    bread: FloatArray = np.eye(len(penalty))
    meat = bread - penalty
    curvatures = []
    if kind in ("observed", "robust"):
        curvatures.append(information.derivatives.observed)
    if kind.startswith("robust") and error_type.groups is None:
        curvatures.append(_squared_scores(information))
    design = information.observations.design
    if curvatures:
        sums = grams(design, coordinates, basis, curvatures)
        bread, meat = (bread if kind == "robust-expected" else sums[0] + penalty), sums[-1]
    slope, groups = information.derivatives.slope, error_type.groups
    if groups is not None and error_type.correction in POWERS:
        expected, power = information.derivatives.expected, POWERS[error_type.correction]
        meat = corrected_product(design, coordinates, basis, slope, expected, groups, power)
    elif groups is not None:
        weights = information.observations.weights
        meat = scores_product(design, coordinates, basis, slope[:, None], weights, error_type)
    smallest = np.linalg.eigvalsh(meat).min(initial=0.0)
    if np.linalg.eigvalsh(bread).min(initial=1.0) <= 0 or smallest < -_NEGATIVE:
        raise ValueError(
            f"The observed information, which kind={kind!r} inverts, is not positive definite at "
            "these coefficients. Expected coefficients at a maximum of the log-likelihood. "
            "Use kind='expected' or kind='robust-expected', or fit again."
        )
    return np.asarray(basis @ np.linalg.solve(bread, square_root(meat)))


def _squared_scores(information: Information) -> FloatArray:
    """Return s g² of each row, for a sample weight s and a derivative g of log P(y) in z."""
    weights, slope = information.observations.weights, information.derivatives.slope
    with np.errstate(invalid="ignore", divide="ignore", under="ignore"):
        # slope² / weight would underflow for small weights.
        own = slope / weights
        return np.where(weights > 0, own * slope, 0.0)
