"""The rows of a subsample, and their sample weights."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray

__all__ = [
    "BY_COLUMNS",
    "RARE",
    "column_probabilities",
    "oversampling",
    "sample_rows",
    "scale_to_classes",
    "sums_by_class",
]

#: Fraction of an equal part of the subsample below which a class is sampled more often than others.
RARE = 0.25

#: Fraction of the rows that are sampled by their part of the columns, the others evenly. Sample
#: weights are then at most twice as large as in even sampling. Rows that matter for a column are
#: at least half as frequent as if only columns counted.
BY_COLUMNS = 0.5


def sample_rows(
    y: AnyArray,
    weights: FloatArray,
    class_weights: FloatArray,
    m: int,
    rng: np.random.Generator,
    probabilities: FloatArray | None = None,
) -> tuple[AnyArray, FloatArray]:
    """Return about ``m`` row numbers in order, and weights that sum to the weights of the classes.

    The sample has one row from each of m strata of equal length. With ``probabilities`` half of
    the rows are sampled by them: like leverages, they leave no column out (Drineas, Mahoney &
    Muthukrishnan, SIAM J. Matrix Anal. Appl. 30, 2008). The weight of a row grows as its
    probability falls. Sums over the rows are therefore right on average, and the total weight of
    each class is right in every sample.
    """
    n, k = len(y), len(class_weights)
    if m >= n:
        return np.arange(n), weights
    rows = np.asarray((np.arange(m) + rng.random(m)) * (n / m), dtype=np.intp)
    counts = np.bincount(y[rows], minlength=k)
    sampled = weights[rows]
    if probabilities is not None or np.any((counts < RARE * m / k) & (class_weights > 0)):
        expected = _expected_counts(y, k, m, probabilities)
        rows = np.flatnonzero(rng.random(n) < expected)
        sampled = weights[rows] / np.minimum(expected[rows], 1.0)
    return rows, scale_to_classes(y[rows], sampled, class_weights)


def scale_to_classes(y: AnyArray, weights: FloatArray, class_weights: FloatArray) -> FloatArray:
    """Return the weights times one factor per class, so that each class has its total weight."""
    totals = np.bincount(y, weights, minlength=len(class_weights))
    factors = np.divide(class_weights, totals, out=np.zeros_like(totals), where=totals > 0)
    return np.asarray(weights * factors[y])


def _expected_counts(y: AnyArray, k: int, m: int, probabilities: FloatArray | None) -> FloatArray:
    """Return the probability that each row is in the sample. A value above 1 means certainty."""
    evenly = m / len(y)
    if probabilities is None:
        expected: FloatArray = np.full(len(y), evenly)
    else:
        expected = probabilities * (BY_COLUMNS * m)
        expected += (1 - BY_COLUMNS) * evenly
    more = oversampling(np.bincount(y, expected, minlength=k), m)
    if np.any(more > 1):
        expected *= more[y]
    return expected


def oversampling(of_class: AnyArray, m: int) -> FloatArray:
    """Return the factor by which rows of each class are sampled more often, at least 1.

    ``of_class`` is the number of rows of each class that ``m`` rows would have on average.
    """
    enough = RARE * m / len(of_class)
    more = np.divide(enough, of_class, out=np.ones(len(of_class)), where=of_class > 0)
    return np.asarray(np.maximum(more, 1.0))


def column_probabilities(weighted_squares: FloatArray) -> FloatArray:
    """Return sampling probabilities from each row's part of the variances of the columns."""
    # Squares beyond float64 have no use, and cancellation may leave some below zero.
    usable = np.isfinite(weighted_squares)
    parts = np.where(usable, np.maximum(weighted_squares, 0.0), 0.0)
    total = parts.sum()
    return parts / total if 0 < total < np.inf else np.full(len(parts), 1 / len(parts))


def sums_by_class(y: AnyArray, weights: FloatArray, n_classes: int) -> FloatArray:
    """Return the sum of the weights of each class."""
    if weights.strides != (0,):
        return np.asarray(np.bincount(y, weights, minlength=n_classes), dtype=np.float64)
    # Counting is quicker, of two classes above all.
    ones = np.count_nonzero(y)
    two = n_classes == 2
    counts = np.array([len(y) - ones, ones]) if two else np.bincount(y, minlength=n_classes)
    return np.asarray(counts * weights[0], dtype=np.float64)
