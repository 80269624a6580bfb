"""Directions in which no sample's linear predictor changes: exactly collinear columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["FlatDirections", "search"]

# Fraction of the largest eigenvalue below which a direction is flat, or so nearly flat that
# rounding does not let a sum of products tell.
_DOUBTFUL = 1e-10

# Maximum number of such directions. With more of them X has another fault than collinear levels.
_MAX_DOUBTFUL = 50

# Multiple of the rounding error of the columns that is no change: sums of many samples round too.
_NOISE = 10


@dataclass
class FlatDirections:
    """The flat directions of an objective without a penalty, or None before the search."""

    found: FloatArray | None = None


def search(
    hessian: FloatArray,
    product: Callable[[FloatArray], FloatArray],
    change: Callable[[FloatArray], FloatArray],
    rounding: FloatArray,
) -> FloatArray:
    """Return orthonormal rows of shape (m, n_params), none if a doubtful direction is not flat.

    The matrix only suggests them. Products u ↦ Hu, which lose no digits, refine them once. Then
    the changes of all linear predictors decide, and not the curvatures at this point.
    """
    none = np.empty((0, len(hessian)))
    if not np.all(np.isfinite(hessian)):
        return none
    values, vectors = np.linalg.eigh(hessian)
    doubtful = values <= _DOUBTFUL * values[-1]
    if not 0 < doubtful.sum() <= _MAX_DOUBTFUL or not values[-1] > 0:
        return none
    large, known = vectors[:, ~doubtful], values[~doubtful]
    rest = np.array([product(column) for column in vectors[:, doubtful].T]).T
    refined = vectors[:, doubtful] - large @ ((large.T @ rest) / known[:, None])
    directions = np.linalg.qr(refined)[0].T
    size = np.sqrt(np.mean(change(directions) ** 2, axis=0))
    noise = np.linalg.norm(directions * rounding, axis=1)
    limit = _NOISE * np.maximum(len(hessian) * np.finfo(np.float64).eps, noise)
    return np.asarray(directions) if np.all(size <= limit) else none
