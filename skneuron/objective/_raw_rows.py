"""Rows as they were given, for a rule that looks at one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import rows_of

__all__ = ["RawRows"]


@dataclass(frozen=True)
class RawRows:
    """Some rows of X, neither centered nor scaled.

    Attributes
    ----------
    data : ndarray or CSR array of shape (n_rows, n_features)
    signs : ndarray of shape (n_rows,)
        1 for the positive class, else -1.
    weights : ndarray of shape (n_rows,)
        Of the samples, as a share of the largest.
    offset : ndarray of shape (n_rows,) or None

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.objective import RawRows
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
