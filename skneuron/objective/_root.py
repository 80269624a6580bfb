"""A root of the Hessian, for where the Hessian itself has lost the digits that matter."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import linalg

from skneuron._typing import FloatArray

__all__ = ["qr_root"]


def qr_root(
    blocks: Iterable[tuple[FloatArray, FloatArray]],
    ridge: FloatArray,
    gauge: FloatArray,
    n_outputs: int,
) -> FloatArray:
    """Return upper triangular R with RᵀR the Hessian, never forming it.

    A QR decomposition, block by block, of the rows √h·x̃ keeps directions whose
    curvature is down to 1e-30 of the largest; the Hessian itself loses them at
    1e-16 (Björck, Numerical Methods for Least Squares Problems, 1996, section 2.4).

    Parameters
    ----------
    blocks : iterable of (X̃ of some rows, their curvatures)
        Curvatures have the shape (n_rows, n_outputs, n_outputs).
    ridge, gauge : ndarray of shape (n_coordinates,)
        Curvature of the penalty, and of directions in which all outputs move alike.
    n_outputs : int
    """
    n, m = n_outputs, len(ridge)
    diagonal = np.arange(m)
    root = np.diag(np.tile(np.sqrt(ridge), n))
    if n > 1:
        common = np.zeros((m, n, m))
        common[diagonal, :, diagonal] = np.sqrt(gauge / n)[:, None]
        root = np.vstack([root, common.reshape(m, n * m)])
    for data, h in blocks:
        rows = np.ones((len(data), m))
        rows[:, : data.shape[1]] = data
        stacked = np.einsum("skl,sm->sklm", _matrix_roots(h), rows).reshape(-1, n * m)
        (root,) = linalg.qr(np.vstack([root, stacked]), mode="r", check_finite=False)
        root = root[: n * m]
    return np.asarray(root)


def _matrix_roots(h: FloatArray) -> FloatArray:
    """Return B with BᵀB = h for each sample's symmetric positive semidefinite matrix."""
    if h.shape[1] == 1:
        return np.sqrt(h)
    values, vectors = np.linalg.eigh(h)
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, :, None] * vectors.transpose(0, 2, 1))
