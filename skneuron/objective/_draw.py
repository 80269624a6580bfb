"""Which rows a subsample has, and what they weigh."""

from __future__ import annotations

import numpy as np

from skneuron._typing import AnyArray, FloatArray

__all__ = ["draw_rows"]

# A class of which a subsample would hold fewer than this share of an equal part is
# sampled more often than others.
_RARE = 0.25

# So many of the rows are drawn by what they are of the columns, the rest evenly: weights
# are at most twice those of even draws, and rows that matter for a column at least halfway
# as frequent as if only columns counted.
_BY_SHARE = 0.5


def draw_rows(
    y: AnyArray,
    weights: FloatArray,
    class_weights: FloatArray,
    m: int,
    rng: np.random.Generator,
    shares: FloatArray | None = None,
) -> tuple[AnyArray, FloatArray]:
    """Return about ``m`` row numbers in order, and weights that sum to those of the classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class indices.
    weights : ndarray of shape (n_samples,)
    class_weights : ndarray of shape (n_classes,)
        Their sums.
    m : int
    rng : numpy.random.Generator
    shares : ndarray of shape (n_samples,), optional
        How much each row is of what columns are made of, of sum 1. Half of the rows are
        drawn by it: like leverages, it leaves no column out (Drineas, Mahoney &
        Muthukrishnan, SIAM J. Matrix Anal. Appl. 30, 2008). Without it rows are drawn
        one from each of m stretches of equal length.

    Notes
    -----
    What a row weighs grows as its chance to be drawn falls, so that sums over the rows are
    right on average, and those of the weights of each class in every draw.
    """
    n, k = len(y), len(class_weights)
    if m >= n:
        return np.arange(n), weights
    rows = _one_of_each_stretch(n, m, rng)
    counts = np.bincount(y[rows], minlength=k)
    drawn = weights[rows]
    if shares is not None or np.any((counts < _RARE * m / k) & (class_weights > 0)):
        chance = _chances(y, k, m, shares)
        rows = np.flatnonzero(rng.random(n) < chance)
        drawn = weights[rows] / np.minimum(chance[rows], 1.0)
    totals = np.bincount(y[rows], drawn, minlength=k)
    factors = np.divide(class_weights, totals, out=np.zeros_like(totals), where=totals > 0)
    return rows, drawn * factors[y[rows]]


def _chances(y: AnyArray, k: int, m: int, shares: FloatArray | None) -> FloatArray:
    """Return how probably each row is to be drawn, above 1 where it is in any case."""
    evenly = m / len(y)
    if shares is None:
        chance: FloatArray = np.full(len(y), evenly)
    else:
        chance = shares * (_BY_SHARE * m)
        chance += (1 - _BY_SHARE) * evenly
    expected = np.bincount(y, chance, minlength=k)
    enough = _RARE * m / k
    if np.any((expected > 0) & (expected < enough)):
        more = np.divide(enough, expected, out=np.ones(k), where=expected > 0)
        chance *= np.maximum(more, 1.0)[y]
    return chance


def _one_of_each_stretch(n: int, m: int, rng: np.random.Generator) -> AnyArray:
    """Return m increasing row numbers below n."""
    return np.asarray((np.arange(m) + rng.random(m)) * (n / m), dtype=np.intp)
