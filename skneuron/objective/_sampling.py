"""Which rows a subsample has, and what they weigh."""

from __future__ import annotations

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import ReadyDesign, StandardizedDesign

__all__ = ["draw_rows", "shares_of_columns", "sums_by_class"]

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


def shares_of_columns(
    X: StandardizedDesign | ReadyDesign, weights: FloatArray, variance: FloatArray
) -> FloatArray:
    """Return how much each row is of the variances of the columns, of sum 1."""
    known = variance > 0
    with np.errstate(all="ignore"):
        per_variance = np.divide(1.0, variance, out=np.zeros(len(known)), where=known)
        shares = weights * X.squares(per_variance)
    # Of squares beyond a double nothing is known; and cancelled ones may be below zero.
    shares = np.where(np.isfinite(shares), np.maximum(shares, 0.0), 0.0)
    total = shares.sum()
    return shares / total if 0 < total < np.inf else np.full(len(shares), 1 / len(shares))


def sums_by_class(y: AnyArray, weights: FloatArray, n_classes: int) -> FloatArray:
    """Return the sum of the weights of each class."""
    if weights.strides != (0,):
        return np.asarray(np.bincount(y, weights, minlength=n_classes), dtype=np.float64)
    # Counting is quicker, of two classes above all.
    ones = np.count_nonzero(y)
    two = n_classes == 2
    counts = np.array([len(y) - ones, ones]) if two else np.bincount(y, minlength=n_classes)
    return np.asarray(counts * weights[0], dtype=np.float64)
