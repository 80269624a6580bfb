"""Column statistics, from which columns are standardised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from skneuron._common import FloatArray
from skneuron.design._matrix import DesignMatrix

__all__ = ["Moments", "column_moments", "merged_moments"]

# |mean| / deviation up to which E[x²] - E[x]² keeps ten digits and more.
_NEAR = 1e3

# Root mean squares between which squares neither overflow nor underflow, whatever their number.
_SMALL, _LARGE = 1e-140, 1e140


@dataclass(frozen=True)
class Moments:
    """Location and scale of each column, weighted.

    Attributes
    ----------
    mean, deviation : ndarray of shape (n_features,)
        The deviation is the standard deviation about the mean.
    center : ndarray of shape (n_features,)
        Value that solvers subtract: the mean, unless it hides the ordinary values.
    spread : ndarray of shape (n_features,)
        Width of the ordinary values about the center, by default the deviation.
    """

    mean: FloatArray
    deviation: FloatArray
    center: FloatArray
    spread: FloatArray

    @classmethod
    def about_mean(cls, mean: FloatArray, deviation: FloatArray) -> Moments:
        """Return moments that are centered on the mean."""
        return cls(mean, deviation, mean, deviation)


def column_moments(X: DesignMatrix, weights: FloatArray, *, center: bool) -> Moments | None:
    """Return weighted mean and deviation of each column, None if X is not finite.

    Parameters
    ----------
    X : DesignMatrix of shape (n_samples, n_features)
    weights : ndarray of shape (n_samples,)
        Positive, of sum 1.
    center : bool
        If False the mean counts as 0: there is no intercept that could absorb another mean.

    Notes
    -----
    One pass takes the sums of x and x². skneuron reads columns again if their squares leave the
    range of float64, or if their mean is so large that the sums cancel. It then computes the
    deviations of x / max|x|. A column of one value only has deviation 0 exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix, column_moments
    >>> X = DesignMatrix(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> column_moments(X, np.array([0.5, 0.5]), center=True).deviation.round(9).tolist()
    [1.0, 10.0]
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean, square = X.power_sums(weights)
        if not center:
            mean = np.zeros_like(mean)
        variance = square - mean**2
        safe = (variance > (mean / _NEAR) ** 2) & (square > _SMALL**2) & (square < _LARGE**2)
    deviation = np.sqrt(np.where(safe, variance, 0.0))
    if np.all(safe):
        return Moments.about_mean(mean, deviation)
    careful = np.flatnonzero(~safe & ~X.empty_columns())
    if len(careful):
        part = X if len(careful) == len(safe) and not X.is_sparse else X.columns(careful)
        exact = _careful_moments(part, weights, center=center)
        X.counter.rows += (1 if exact is None else 2) * X.shape[0]
        if exact is None:
            return None
        mean[careful], deviation[careful] = exact
    return Moments.about_mean(mean, deviation)


def merged_moments(parts: Iterable[tuple[float, Moments]]) -> Moments:
    """Return the moments of all rows from the moments of blocks and their sample weights.

    The formula subtracts the means of two blocks (Chan, Golub & LeVeque, Am. Stat. 37, 1983). A
    column with one value in all blocks has deviation 0 exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import Moments, merged_moments
    >>> one, zero = np.ones(1), np.zeros(1)
    >>> blocks = [(0.5, Moments.about_mean(zero, zero)), (0.5, Moments.about_mean(2 * one, zero))]
    >>> merged_moments(blocks).mean.tolist(), merged_moments(blocks).deviation.tolist()
    ([1.0], [1.0])
    """
    (total, first), *others = parts
    mean, deviation = first.mean, first.deviation
    for weight, block in others:
        own = weight / (total + weight)
        difference = block.mean - mean
        within = np.hypot(np.sqrt(1 - own) * deviation, np.sqrt(own) * block.deviation)
        deviation = np.hypot(within, np.sqrt(own * (1 - own)) * difference)
        mean, total = mean + own * difference, total + weight
    return Moments.about_mean(mean, deviation)


def _careful_moments(
    X: DesignMatrix, weights: FloatArray, *, center: bool
) -> tuple[FloatArray, FloatArray] | None:
    """Return mean and deviation from the bounds of each column, in two passes."""
    n, d = X.shape
    low, high, mean = np.full(d, np.inf), np.full(d, -np.inf), np.zeros(d)
    for rows, data in X.dense_blocks(range(n)):
        low = np.minimum(low, data.min(axis=0))
        high = np.maximum(high, data.max(axis=0))
        mean += weights[rows] @ data
    if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
        return None
    largest = np.maximum(high, -low)
    unit = np.where(largest > 0, largest, 1.0)
    # Between its bounds the mean of a constant column is that constant, not rounding.
    mean = np.clip(mean, low, high) if center else np.zeros(d)
    bias, variance = np.zeros(d), np.zeros(d)
    for rows, data in X.dense_blocks(range(n)):
        # Halves first: the difference of two float64 may overflow.
        deviations = 2 * ((data / 2 - mean / 2) / unit)
        bias += weights[rows] @ deviations
        variance += weights[rows] @ deviations**2
    if center:
        # Remove the rounding error of the mean.
        mean = np.clip(mean + bias * unit, low, high)
        variance = np.maximum(0.0, variance - bias**2)
    return mean, np.sqrt(variance) * unit
