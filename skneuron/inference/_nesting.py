"""Whether one model contains another one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import FloatArray
from skneuron.design import DesignMatrix
from skneuron.inference._observations import Observations, feature_names
from skneuron.inference._passes import Coordinates, triangle
from skneuron.validation import FittedNeuron

__all__ = ["LinearModel", "require_nested"]

# A column depends on others if the length of its remainder is below this fraction of its length.
_DEPENDENT = 1e-7

# Number of rounding errors that can add up in a column that is a sum of other columns.
_ROUNDINGS = 10

# Number of elements of a block, 1 MB of float64.
_BLOCK_ELEMENTS = 2**17


class LinearModel(NamedTuple):
    """Linear predictors that a model can have: ``fixed_z`` plus combinations of free columns.

    Attributes
    ----------
    observations : Observations
    coordinates : Coordinates
        The free columns, and whether there is an intercept.
    fixed_z : ndarray of shape (n_samples,)
        Offset plus the columns with fixed coefficients.
    names : list of str
        Names of all columns.
    """

    observations: Observations
    coordinates: Coordinates
    fixed_z: FloatArray
    names: list[str]

    @classmethod
    def of(
        cls, neuron: FittedNeuron, observations: Observations, coordinates: Coordinates
    ) -> LinearModel:
        """Return the model of a neuron. Only two classes can have fixed coefficients."""
        fixed_z = np.zeros(len(observations.y))
        if not observations.is_layer:
            fixed_z = observations.fixed_z(neuron, coordinates.columns)
        return cls(observations, coordinates, fixed_z, feature_names(neuron))


def require_nested(larger: LinearModel, nested: LinearModel) -> None:
    """Raise ``ValueError`` if the larger model does not contain the nested one.

    Each free column of the nested model, its intercept, and the difference of the fixed parts must
    be combinations of the free columns and the intercept of the larger model.
    """
    data, has_bias = nested.observations, larger.coordinates.has_bias
    weights, columns = data.weights, nested.coordinates.columns
    own = Coordinates.of(data.design, weights, columns, has_bias, data.eps)
    between = DesignMatrix((nested.fixed_z - larger.fixed_z)[:, None])
    fixed = Coordinates.of(between, weights, np.arange(1), has_bias, np.finfo(float).eps)
    k = larger.coordinates.size
    size = k + len(columns) + 2
    n_rows = max(8 * size, _BLOCK_ELEMENTS // size)
    blocks = [
        part.dense_blocks(range(len(weights)), n_rows)
        for part in (larger.observations.design, data.design, between)
    ]
    roots, out = np.sqrt(weights / weights.sum()), np.zeros((0, size))
    for (rows, of_larger), (_, of_nested), (_, of_fixed) in zip(*blocks, strict=True):
        inside = [
            larger.coordinates.rows(of_larger),
            own.rows(of_nested)[:, : len(columns)],
            fixed.rows(of_fixed)[:, :1],
            np.ones((len(of_fixed), 1)),
        ]
        out = triangle(np.vstack([out, np.column_stack(inside) * roots[rows, None]]))
    combinations = np.linalg.lstsq(out[:, :k], out[:, k:], rcond=None)[0]
    away = np.linalg.norm(out[:, k:] - out[:, :k] @ combinations, axis=0)
    rounding = larger.coordinates.rounding(larger.observations.eps) @ np.abs(combinations)
    rounding[: len(columns)] += own.rounding(data.eps)[: len(columns)]
    # A linear predictor is a rounded sum, relative to its largest value.
    rounding[len(columns)] += data.eps * (1 + float(np.abs(nested.fixed_z).max())) / fixed.scale[0]
    is_outside = away > _DEPENDENT + _ROUNDINGS * rounding
    is_outside[-1] &= nested.coordinates.has_bias
    if is_outside.any():
        parts = [repr(nested.names[j]) for j in columns]
        parts += ["with its fixed coefficients", "of the intercept"]
        raise ValueError(
            f"The column {parts[int(np.argmax(is_outside))]} of nested is no linear combination of "
            "the columns of the larger model. Expected a nested model. Fit nested to some of the "
            "columns of X, or to sums of these columns."
        )
