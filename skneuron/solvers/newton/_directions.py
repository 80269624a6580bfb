"""Directions of clear and of tiny curvature, from a triangular root of the Hessian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from skneuron._common import AnyArray, FloatArray
from skneuron.solvers._tolerances import REGULAR

__all__ = ["Directions", "directions_of", "is_regular"]


@dataclass(frozen=True)
class Directions:
    """Coordinates in which H = RᵀR falls apart: some parameters, and the directions that are left.

    Parameters
    ----------
    leading : ndarray of shape (r, r)
        Upper triangular root of H for the parameters ``order``, all of clear curvature.
    order : ndarray of shape (r,)
        Indices of parameters.
    values : ndarray of shape (m,)
        Singular values of R along ``vectors``, largest first.
    vectors : ndarray of shape (m, n_params)
        Orthonormal rows. H couples none of them with another one or with the parameters.
    largest : float
        Largest singular value of R, or a value between it and its fraction 1/√r.
    """

    leading: AnyArray
    order: AnyArray
    values: FloatArray
    vectors: FloatArray
    largest: float


def directions_of(root: FloatArray, noise: float) -> Directions:
    """Split a root into parameters of clear curvature and directions of tiny curvature.

    A QR decomposition with pivoting puts large rows first. If few rows are small, the SVD is
    needed for these only (Golub & Van Loan, Matrix Computations, 4th ed., 2013, section 5.4).
    Otherwise it leaves out the last rows, which are together below the rounding error of all, and
    so it is quicker and converges better (Drmač & Veselić, SIAM J. Matrix Anal. Appl. 29, 2008).

    Parameters
    ----------
    root : ndarray of shape (n_rows, n_params)
        Upper triangular R.
    noise : float
        Rounding error of the columns, as a fraction.
    """
    p = root.shape[1]
    triangle, order = linalg.qr(root, mode="r", pivoting=True, check_finite=False)
    pivots = np.abs(triangle.diagonal())
    remaining = np.sqrt(np.cumsum(np.sum(triangle[:p] ** 2, axis=1)[::-1])[::-1])
    rank = int(np.count_nonzero(remaining > np.finfo(np.float64).eps * remaining[0]))
    r = int(np.count_nonzero(pivots > REGULAR * pivots[0]))
    if p - r >= rank or not is_regular(triangle[:r, :r], noise):
        values, sorted_vectors = _svd(triangle[: max(1, rank)])
        r, largest = 0, float(values[0])
    elif r == p:
        values, sorted_vectors = np.empty(0), np.empty((0, p))
        largest = float(np.linalg.norm(triangle[0]))
    else:
        # R (-W, I) = (0, R₂₂): along these directions the large rows of R vanish.
        others = linalg.solve_triangular(triangle[:r, :r], triangle[:r, r:], check_finite=False)
        basis, scale = np.linalg.qr(np.vstack([-others, np.eye(p - r)]))
        small = np.zeros((p - r, p - r))
        small[: len(triangle[r:p])] = triangle[r:p, r:]
        values, rotation = _svd(linalg.solve_triangular(scale, small.T, trans="T").T)
        sorted_vectors, largest = rotation @ basis.T, float(np.linalg.norm(triangle[0]))
    vectors = np.empty(sorted_vectors.shape)
    vectors[:, order] = sorted_vectors
    return Directions(np.asfortranarray(triangle[:r, :r]), order[:r], values, vectors, largest)


def is_regular(root: FloatArray, noise: float) -> bool:
    """Return whether a triangular root has no direction that is flat up to rounding errors."""
    p = root.shape[1]
    if root.shape[0] < p:
        return False
    # For a triangular matrix, dgecon is dtrcon, which SciPy 1.11 lacks.
    rcond, info = linalg.lapack.dgecon(root, float(np.abs(root).sum(axis=0).max()))
    # The ratio of the singular values is at most p times the condition number in the 1-norm.
    return bool(info == 0 and rcond > p * max(p * float(np.finfo(np.float64).eps), noise))


def _svd(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return singular values and right singular vectors, as rows."""
    try:
        _, values, vectors = linalg.svd(matrix, full_matrices=False, check_finite=False)
    except linalg.LinAlgError:
        # The quicker algorithm of LAPACK fails on some graded matrices.
        _, values, vectors = linalg.svd(
            matrix, full_matrices=False, check_finite=False, lapack_driver="gesvd"
        )
    return values, vectors
