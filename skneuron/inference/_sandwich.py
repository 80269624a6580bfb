"""The covariance of the scores, row by row or cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneuron._common import FloatArray
from skneuron._threads import blas_on_one_thread
from skneuron.design import DesignMatrix
from skneuron.inference._error_type import ErrorType
from skneuron.inference._passes import Coordinates

__all__ = ["scores_product", "square_root", "total_score"]

# An eigenvalue below this fraction of the largest one is a rounding error of zero: the scores of G
# clusters have a covariance of rank G - 1 or less.
_ZERO = 1e-13

# Number of elements of a block of scores, 1 MB of float64.
_BLOCK_ELEMENTS = 2**17


def scores_product(
    X: DesignMatrix,
    coordinates: Coordinates,
    basis: FloatArray,
    slopes: FloatArray,
    weights: FloatArray,
    error_type: ErrorType,
) -> FloatArray:
    """Return Σ uᵢuᵢᵀ / sᵢ over rows, or Σ u_g u_gᵀ over clusters, in a basis.

    Parameters
    ----------
    X : DesignMatrix
    coordinates : Coordinates
    basis : ndarray of shape (n_outputs * p, r)
    slopes : ndarray of shape (n_samples, n_outputs)
        Derivatives of the log-likelihood of each row in its linear predictors, times sᵢ.
    weights : ndarray of shape (n_samples,)
        Frequency weights sᵢ.
    error_type : ErrorType
        With the clusters, if any.

    Returns
    -------
    ndarray of shape (r, r)
        uᵢ is the score of a row, and u_g the sum of the scores of a cluster.
    """
    r, groups = basis.shape[1], error_type.groups
    if groups is not None:
        sums = np.zeros((int(groups.max()) + 1, r))
        for rows, scores in _scores(X, coordinates, basis, slopes):
            np.add.at(sums, groups[rows], scores)
        return np.asarray(sums.T @ sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(weights[:, None] > 0, slopes / np.sqrt(weights)[:, None], 0.0)
    out = np.zeros((r, r))
    with blas_on_one_thread():
        for _, scores in _scores(X, coordinates, basis, scaled):
            out += scores.T @ scores
    return out


def square_root(matrix: FloatArray) -> FloatArray:
    """Return a matrix R with R Rᵀ equal to a covariance of scores."""
    values, vectors = np.linalg.eigh(matrix)
    is_zero = values < _ZERO * values.max(initial=0.0)
    return np.asarray(vectors * np.sqrt(np.where(is_zero, 0.0, values)))


def total_score(X: DesignMatrix, coordinates: Coordinates, slopes: FloatArray) -> FloatArray:
    """Return Σ slopesᵢ ⊗ x̃ᵢ, of shape (n_outputs * p,)."""
    out = np.zeros((slopes.shape[1], coordinates.size))
    for rows, data in X.dense_blocks(range(X.shape[0]), _block_rows(out.size)):
        out += slopes[rows].T @ coordinates.rows(data)
    return out.ravel()


def _scores(
    X: DesignMatrix, coordinates: Coordinates, basis: FloatArray, slopes: FloatArray
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield slices of rows, and the scores of these rows in the basis."""
    n_outputs, p = slopes.shape[1], coordinates.size
    parts = basis.reshape(n_outputs, p, -1)
    for rows, data in X.dense_blocks(range(X.shape[0]), _block_rows(basis.shape[0])):
        inside = coordinates.rows(data)
        scores = [slopes[rows, k, None] * (inside @ parts[k]) for k in range(n_outputs)]
        yield rows, np.sum(scores, axis=0)


def _block_rows(size: int) -> int:
    return max(1, _BLOCK_ELEMENTS // size)
