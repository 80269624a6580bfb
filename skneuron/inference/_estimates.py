"""Estimates and their covariance, and a word on each that has none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from skneuron._threads import blas_on_one_thread
from skneuron._typing import AnyArray, FloatArray
from skneuron.inference._conditions import conditions_of
from skneuron.inference._observations import Observations, feature_names
from skneuron.inference._passes import grams
from skneuron.inference._relations import collinear_notes
from skneuron.inference._standing import FAR, Standing
from skneuron.separation import separation_of

__all__ = ["Estimates", "Kind", "estimates_of"]

Kind = Literal["expected", "observed", "robust", "robust-expected"]

# Margins below this share of the largest are rounding: the row lies on the hyperplane.
_ON_PLANE = 1e-9

_INFINITE = "separated: no finite maximum"


@dataclass(frozen=True)
class Estimates:
    """One per feature and, if there is one, the intercept last.

    Attributes
    ----------
    names : list of str
    values : ndarray of shape (p,)
    covariance : ndarray of shape (p, p)
    notes : ndarray of str of shape (p,)
        Why there is no variance; empty where there is one. Rows and columns of the
        covariance are NaN there, and so is a value that the data do not determine.
    """

    names: list[str]
    values: FloatArray
    covariance: FloatArray
    notes: AnyArray


def estimates_of(neuron: Any, observations: Observations, kind: Kind, penalized: bool) -> Estimates:
    """Take the covariance at a neuron's weights, as far as the data determine it."""
    if kind not in get_args(Kind):
        expected = ", ".join(map(repr, get_args(Kind)))
        raise ValueError(f"Got kind={kind!r}. Expected one of {expected}.")
    conditions = conditions_of(neuron, observations)
    if not penalized:
        conditions.require_classical(", or ask for the approximation with penalized=True")
    standing = Standing.of(neuron, observations, conditions)
    free = conditions.free
    has_bias = standing.coordinates.has_bias
    names = feature_names(neuron) + ["intercept"] * has_bias
    values = np.append(neuron.coef_[0], neuron.intercept_[:has_bias]).astype(np.float64)
    notes = np.append(conditions.held, [""] * has_bias)
    own = np.append(free, [len(conditions.held)] * has_bias).astype(int)
    relations = standing.known.relations
    notes[own] = collinear_notes(relations, [names[k] for k in own], has_bias)
    if standing.may_be_separated:
        standing, separated = _without_separated(neuron, standing)
        notes[own] = np.where(notes[own] == "", separated, notes[own])
    else:
        standing.require_maximum()
    known = notes == ""
    covariance = np.full((len(names), len(names)), np.nan)
    if known.any():
        covariance[np.ix_(own, own)] = _spread(standing, kind)
    covariance[~known], covariance[:, ~known] = np.nan, np.nan
    values[own] = np.where(known[own], values[own], np.nan)
    return Estimates(names, values, covariance, notes)


def _without_separated(neuron: Any, standing: Standing) -> tuple[Standing, AnyArray]:
    """Leave out the rows that a hyperplane separates; note the parameters it takes along.

    On the way to infinity along the hyperplane's weights these rows get probability 1. What
    is left is the likelihood of the rows that lie on the hyperplane (Geyer, Electronic
    Journal of Statistics 3, 2009): what it determines has a finite maximum, with errors.
    """
    observations, coordinates = standing.observations, standing.coordinates
    columns, rows = coordinates.columns, observations.weights > 0
    X = observations.X[:, columns][rows]
    with blas_on_one_thread():
        found = separation_of(X, observations.y[rows], range(len(columns)), coordinates.has_bias)
    notes = np.full(coordinates.size, "", dtype=object)
    if found.direction is None:
        standing.require_maximum()
        return standing, notes
    coef, bias = np.zeros(observations.X.shape[1]), found.direction[1]
    coef[columns] = found.direction[0]
    margins = np.abs(observations.product(coef, bias))
    on_plane = margins <= _ON_PLANE * margins[rows].max()
    directions = np.append(found.direction[0], [bias] * coordinates.has_bias)
    ways = np.where(directions > 0, "+inf", "-inf")
    if found.kind == "complete":
        notes[:] = _INFINITE
        return standing, notes
    weights = np.where(on_plane, observations.weights, 0.0)
    limit = Standing.of(neuron, replace(observations, weights=weights), standing.conditions)
    lost = limit.known.undetermined
    for k in np.flatnonzero(lost):
        notes[k] = f"separated: goes to {ways[k]}" if directions[k] else _INFINITE
    if limit.distance > FAR:
        notes[~lost] = "not at its maximum, as the fit ended early: others are separated"
    return limit, notes


def _spread(standing: Standing, kind: Kind) -> FloatArray:
    """Return A⁻¹ M A⁻¹ of the free parameters: A is an information, M the scores' covariance."""
    coordinates, basis = standing.coordinates, standing.known.basis
    outer = coordinates.jacobian() @ basis
    penalty = (basis.T * standing.ridge) @ basis
    if kind == "expected":
        middle = np.eye(len(penalty)) - penalty
        return np.asarray(outer @ middle @ outer.T)
    curvatures = []
    if kind != "robust-expected":
        curvatures.append(standing.derivatives.observed)
    if kind != "observed":
        curvatures.append(_squared_scores(standing))
    found = grams(standing.observations.design, coordinates, basis, curvatures)
    # The basis makes the expected information plus the penalty the identity.
    bread = np.eye(len(penalty)) if kind == "robust-expected" else found[0] + penalty
    if np.linalg.eigvalsh(bread).min(initial=1.0) <= 0:
        raise ValueError(
            f"kind={kind!r} needs minus the second derivatives of the log-likelihood to be "
            "positive definite, and they are not positive definite at these coefficients. "
            "Expected coefficients at a maximum of the log-likelihood. "
            "Use kind='expected' or kind='robust-expected', or fit again."
        )
    half = np.linalg.solve(bread, outer.T)
    return np.asarray(half.T @ found[-1] @ half)


def _squared_scores(standing: Standing) -> FloatArray:
    """Return s g² of each row, for a sample weight s and a derivative g of log P(y) in z."""
    weights, slope = standing.observations.weights, standing.derivatives.slope
    with np.errstate(invalid="ignore", divide="ignore", under="ignore"):
        # Not slope² / weight, which is zero where weights are small.
        own = slope / weights
        return np.where(weights > 0, own * slope, 0.0)
