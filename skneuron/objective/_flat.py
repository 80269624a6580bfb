"""Directions in which no sample's pre-activation changes: exactly collinear columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["flat_directions"]

# Eigenvalues below so much of the largest are those of flat directions, or of nearly flat ones
# that rounding does not let a sum of products tell from them.
_DOUBTFUL = 1e-10

# A data set with more of them has another fault than levels that add up to one.
_MOST = 50

# So many times the rounding of the columns, as the sums of many samples round as well.
_NOISE = 10


def flat_directions(
    hessian: FloatArray,
    product: Callable[[FloatArray], FloatArray],
    forward: Callable[[FloatArray], FloatArray],
    rounding: FloatArray,
) -> FloatArray:
    """Return the flat directions of an objective without a penalty.

    The matrix only suggests them. What it says is refined once by products with the Hessian,
    which lose no digits, and then the pre-activations are looked at: they, and not the
    curvatures of the moment, decide.

    Parameters
    ----------
    hessian : ndarray of shape (n_params, n_params)
    product : callable
        u ↦ Hu, summed sample by sample.
    forward : callable
        From directions, of shape (m, n_params), to their z, of shape (n_samples, m).
    rounding : ndarray of shape (n_params,)
        How far the columns are off.

    Returns
    -------
    ndarray of shape (m, n_params)
        Orthonormal rows; none if a doubtful direction is not flat.
    """
    none = np.empty((0, len(hessian)))
    if not np.all(np.isfinite(hessian)):
        return none
    values, vectors = np.linalg.eigh(hessian)
    doubtful = values <= _DOUBTFUL * values[-1]
    if not 0 < doubtful.sum() <= _MOST or not values[-1] > 0:
        return none
    large, known = vectors[:, ~doubtful], values[~doubtful]
    rest = np.array([product(column) for column in vectors[:, doubtful].T]).T
    refined = vectors[:, doubtful] - large @ ((large.T @ rest) / known[:, None])
    directions = np.linalg.qr(refined)[0].T
    size = np.sqrt(np.mean(forward(directions) ** 2, axis=0))
    noise = np.linalg.norm(directions * rounding, axis=1)
    limit = _NOISE * np.maximum(len(hessian) * np.finfo(np.float64).eps, noise)
    return np.asarray(directions) if np.all(size <= limit) else none
