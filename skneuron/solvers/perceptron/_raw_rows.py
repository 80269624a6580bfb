"""Rows on the original scale, for a rule that takes one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import rows_of
from skneuron.solvers._contract import ObjectiveProtocol

__all__ = ["RawRows", "raw_rows"]


@dataclass(frozen=True)
class RawRows:
    """Some rows of X, neither centered nor scaled.

    Attributes
    ----------
    data : ndarray or CSR array of shape (n_rows, n_features)
    signs : ndarray of shape (n_rows,)
        1 for the positive class, else -1.
    weights : ndarray of shape (n_rows,)
        Sample weights, divided by the largest.
    offset : ndarray of shape (n_rows,) or None

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.perceptron._raw_rows import RawRows
    >>> rows = RawRows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]), np.ones(2))
    >>> weights = np.zeros(2)
    >>> rows.add(1, 0.5, weights)
    >>> rows.product(0, 2, weights).tolist()
    [5.5, 12.5]
    """

    data: Any
    signs: AnyArray
    weights: AnyArray
    offset: FloatArray | None = None

    def product(self, first: int, last: int, vector: FloatArray) -> FloatArray:
        """Return w·x of the rows from first to last, without last."""
        return np.asarray(rows_of(self.data, slice(first, last)) @ vector)

    def pre_activations(self, first: int, last: int, vector: FloatArray, bias: float) -> FloatArray:
        """Return w·x + b and the offset of these rows."""
        z = self.product(first, last, vector) + bias
        return z if self.offset is None else z + self.offset[first:last]

    def add(self, row: int, factor: float, vector: FloatArray) -> None:
        """Add a row times a factor to the vector."""
        if not sparse.issparse(self.data):
            vector += factor * self.data[row]
            return
        stored = rows_of(self.data, slice(row, row + 1))
        # An entry may stand twice.
        np.add.at(vector, stored.indices, factor * stored.data)


def raw_rows(objective: ObjectiveProtocol, order: AnyArray) -> Iterator[RawRows]:
    """Yield the rows of an objective in this order, some at a time."""
    center = objective.coordinates.offset_center
    for data, y, weights, offset in objective.rows.in_order(order):
        signs = np.where(y, 1.0, -1.0)
        yield RawRows(data, signs, weights, None if offset is None else offset + center)
