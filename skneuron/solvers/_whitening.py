"""Coordinates in which a subsample's curvature is one in every direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._tolerances import CURVATURE_FLOOR, DENSE_PARAMS
from skneuron.solvers.newton._curvature import largest_curvature

__all__ = ["SAMPLE_ROWS", "Frame"]

# Rows whose Hessian is looked at: a millisecond for 20 columns, and a tenth of the
# curvature's size is all that a step length needs of it.
SAMPLE_ROWS = 2**13

# Above so many coordinates of an output, a product with the frame costs more than a batch.
_LARGEST = 300


@dataclass
class Frame:
    """Symmetric T with T H T = 1, H the curvature of one output's weights; v = T u.

    Attributes
    ----------
    matrices : ndarray of shape (n_outputs, n_coordinates, n_coordinates) or None
        None leaves coordinates as they are.
    smoothness : float
        Largest curvature in these coordinates of a batch of one row, on average, and ...
    mean_smoothness : float
        ... of all rows.
    """

    matrices: FloatArray | None
    smoothness: float
    mean_smoothness: float

    @classmethod
    def plain(cls) -> Frame:
        """Return the frame that changes nothing."""
        return cls(None, 1.0, 1.0)

    @classmethod
    def at(cls, objective: ObjectiveProtocol, params: FloatArray, n_rows: int) -> Frame:
        """Return the frame of a subsample's Hessian.

        Parameters
        ----------
        objective : ObjectiveProtocol
            On the subsample.
        params : ndarray of shape (n_params,)
        n_rows : int
            Of all data: where the subsample is a part only, what it has not seen is given
            a share of the curvature at zero.
        """
        k, m = objective.dims.n_outputs, objective.dims.n_coordinates
        if m > _LARGEST or k * m > DENSE_PARAMS:
            mean = largest_curvature(objective, params)
            return cls(None, max(mean, float(objective.zero_diagonal().sum()) / k), mean)
        hessian = objective.curvature(params).matrix()
        if objective.dims.n_samples < n_rows:
            share = m / objective.dims.n_samples
            hessian[np.diag_indices(k * m)] += share * objective.zero_diagonal()
        if not np.all(np.isfinite(hessian)):
            return cls.plain()
        blocks = hessian.reshape(k, m, k, m)
        values, vectors = np.linalg.eigh(np.stack([blocks[i, :, i] for i in range(k)]))
        top = values[:, -1:]
        if not np.all(top > 0):
            return cls.plain()
        values = np.maximum(values, CURVATURE_FLOOR * top)
        inverse_roots = (vectors / np.sqrt(values)[:, None]) @ vectors.transpose(0, 2, 1)
        # The mean of a row's curvature is the trace, one per direction.
        return cls(inverse_roots, float(m), 1.0)

    def rate(self, batch_size: float) -> float:
        """Return 1/L of batches: of few rows they bend more than all rows together."""
        return 1 / (self.mean_smoothness + self.smoothness / batch_size)

    def apply(self, vectors: FloatArray) -> FloatArray:
        """Return T times vectors of shape (n_outputs, n_coordinates)."""
        if self.matrices is None:
            return vectors
        if len(vectors) == 1:
            return np.asarray(vectors @ self.matrices[0])
        return np.asarray(np.matmul(vectors[:, None, :], self.matrices)[:, 0])
