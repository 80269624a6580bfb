"""Mean slopes and mean changes of probabilities, with their gradients in the parameters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import FloatArray
from skneuron.design import DesignMatrix
from skneuron.inference._observations import Observations
from skneuron.inference._passes import Coordinates
from skneuron.inference._response import Response

__all__ = ["Point", "change_of", "point_of", "slope_of"]


class Point(NamedTuple):
    """Rows at which effects are computed, their fractions of the total weight, and offsets."""

    X: DesignMatrix
    fraction: FloatArray
    z: FloatArray


def point_of(observations: Observations, parameters: FloatArray, at: str, has_bias: bool) -> Point:
    """Return the rows at which the effects are computed."""
    fraction = observations.weights / observations.total_weight
    offset = observations.offset.reshape(len(fraction), -1)
    if observations.is_layer:
        offset = offset[:, 1:] - offset[:, :1]
    X = observations.design
    coef, bias = parameters[:, : X.shape[1]], parameters[:, -1] if has_bias else 0.0
    if at == "overall":
        return Point(X, fraction, observations.product(coef, bias) + offset)
    mean = np.zeros((1, X.shape[1]))
    for rows, data in X.dense_blocks(range(X.shape[0])):
        mean[0] += fraction[rows] @ data
    z = mean @ coef.T + bias + fraction @ offset
    return Point(DesignMatrix(mean), np.ones(1), z)


def slope_of(
    response: Response, point: Point, parameters: FloatArray, j: int, coordinates: Coordinates
) -> tuple[FloatArray, FloatArray]:
    """Return the mean derivative of the probabilities in a feature, and its gradient.

    The gradient is in the parameters of the centered and scaled columns.
    """
    direction = parameters[:, j]
    first = np.einsum("i,iqm->qm", point.fraction, response.jacobian(point.z))
    turned = response.turned(point.z, direction) * point.fraction[:, None, None]
    gradient = _times_rows(turned, point.X, coordinates)
    for k in np.flatnonzero(coordinates.columns == j):
        gradient[:, :, k] += first / coordinates.scale[k]
    return first @ direction, gradient


def change_of(
    response: Response, point: Point, parameters: FloatArray, j: int, coordinates: Coordinates
) -> tuple[FloatArray, FloatArray]:
    """Return the mean change of the probabilities from 0 to 1 of a feature, and its gradient."""
    direction = parameters[:, j]
    column = np.concatenate(
        [data[:, j] for _, data in point.X.dense_blocks(range(point.X.shape[0]))]
    )
    low = point.z - column[:, None] * direction
    high = low + direction
    with_fraction = point.fraction[:, None, None]
    at_zero, at_one = (
        response.jacobian(low) * with_fraction,
        response.jacobian(high) * with_fraction,
    )
    gradient = _times_rows(at_one - at_zero, point.X, coordinates)
    for k in np.flatnonzero(coordinates.columns == j):
        mean, scale = coordinates.mean[k], coordinates.scale[k]
        gradient[:, :, k] = ((1 - mean) * at_one + mean * at_zero).sum(axis=0) / scale
    effect = point.fraction @ (response.probability(high) - response.probability(low))
    return np.asarray(effect), gradient


def _times_rows(slopes: FloatArray, X: DesignMatrix, coordinates: Coordinates) -> FloatArray:
    """Return Σ slopesᵢ ⊗ x̃ᵢ, of shape (q, m, p)."""
    out = np.zeros((*slopes.shape[1:], coordinates.size))
    for rows, data in X.dense_blocks(range(X.shape[0])):
        out += np.tensordot(slopes[rows], coordinates.rows(data), axes=(0, 0))
    return out
