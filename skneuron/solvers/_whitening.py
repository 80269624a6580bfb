"""Whitening preconditioner: coordinates in which a subsample's curvature is the identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._tolerances import CURVATURE_FLOOR, DENSE_PARAMS
from skneuron.solvers.newton._curvature import largest_curvature

__all__ = ["SAMPLE_ROWS", "Whitening"]

#: Number of rows for the Hessian: a millisecond for 20 columns, and a step length
#: needs the curvature up to a tenth only.
SAMPLE_ROWS = 2**13

# Number of coordinates of an output above which whitening costs more than a batch.
_MAX_COORDINATES = 300


@dataclass
class Whitening:
    """Symmetric T with T H T = 1, H the curvature of one output's coefficients, and v = T u."""

    #: One T per output. None leaves coordinates as they are.
    matrices: FloatArray | None = None
    #: Largest curvature, in these coordinates, of a batch of one row, on average.
    smoothness: float = 1.0
    #: Largest curvature of all rows.
    mean_smoothness: float = 1.0

    @classmethod
    def at(cls, objective: ObjectiveProtocol, params: FloatArray, n_rows: int) -> Whitening:
        """Return the whitening by the Hessian of an objective on a subsample of ``n_rows`` rows.

        If the subsample has fewer, a fraction of the curvature at zero is added, in place of
        the rows that are missing.
        """
        k, m = objective.dims.n_outputs, objective.dims.n_coordinates
        if m > _MAX_COORDINATES or k * m > DENSE_PARAMS:
            mean = largest_curvature(objective, params)
            return cls(None, max(mean, float(objective.zero_diagonal().sum()) / k), mean)
        hessian = objective.curvature(params).matrix()
        if objective.dims.n_samples < n_rows:
            fraction = m / objective.dims.n_samples
            hessian[np.diag_indices(k * m)] += fraction * objective.zero_diagonal()
        if not np.all(np.isfinite(hessian)):
            return cls()
        blocks = hessian.reshape(k, m, k, m)
        own = np.stack([blocks[i, :, i] for i in range(k)])
        values, vectors = np.linalg.eigh(own)
        top = values[:, -1:]
        if not np.all(top > 0):
            return cls()
        values = np.maximum(values, CURVATURE_FLOOR * top)
        inverse_roots = (vectors / np.sqrt(values)[:, None]) @ vectors.transpose(0, 2, 1)
        # A constant column has a coefficient of zero. Rounding must not tie it to other columns,
        # because Adam makes steps of equal size from small and large gradients.
        tied = np.count_nonzero(own, axis=2) > 1
        inverse_roots *= (tied[:, None] & tied[:, :, None]) | np.eye(m, dtype=bool)
        # The mean of a row's curvature is the trace, one per direction.
        return cls(inverse_roots, float(m), 1.0)

    def rate(self, batch_size: float) -> float:
        """Return 1/L of a batch: few rows have a larger curvature than all rows together."""
        return 1 / (self.mean_smoothness + self.smoothness / batch_size)

    def apply(self, vectors: FloatArray) -> FloatArray:
        """Return T times vectors of shape (n_outputs, n_coordinates)."""
        if self.matrices is None:
            return vectors
        if len(vectors) == 1:
            return np.asarray(vectors @ self.matrices[0])
        return np.asarray(np.matmul(vectors[:, None, :], self.matrices)[:, 0])
