"""Centers of columns in which a few huge values would hide the ordinary ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.design._matrix import DesignMatrix
from skneuron.design._moments import Moments

__all__ = ["resolve_ordinary_values"]

# Number of rows, evenly spaced, in which each dense column is searched for close values.
_SAMPLE = 16

# Distance of two different values of a column, as a fraction of its standard deviation.
# Below it, fewer than ten digits of their difference survive the subtraction of the mean.
CLOSE = 1e-6

# The ordinary values are the shortest interval that holds this fraction of all different values.
_ORDINARY = 0.25

# Different values that are enough to find that interval, from an even sample of the rows.
_ENOUGH = 4000

# Smallest width of the interval, as a fraction of the standard deviation: products of the
# scaled values underflow below it.
_NARROWEST = 1e-280


def resolve_ordinary_values(
    X: DesignMatrix, moments: Moments, close: float = CLOSE, *, center: bool = True
) -> Moments:
    """Center columns of very unequal values on their ordinary values instead of on the mean.

    A fill value such as 1e20 moves the mean so far that x - mean is the same float64 for all
    ordinary x. A center among the ordinary values keeps their digits.

    Parameters
    ----------
    X : DesignMatrix of shape (n_samples, n_features)
    moments : Moments
        Mean and deviation of each column of X.
    close : float, default=1e-6
        Columns change if their ordinary values lie closer together than this fraction of the
        deviation.
    center : bool, default=True
        If False all centers stay at zero, and the spread is the size of the ordinary values.

    Returns
    -------
    Moments
        With ``center`` and ``spread`` changed in such columns.

    Raises
    ------
    ValueError
        If ordinary values differ by less than 1e-280 standard deviations.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix, column_moments, resolve_ordinary_values
    >>> X = DesignMatrix(np.array([[1.0], [2.0], [3.0], [4.0], [1e20]]))
    >>> moments = column_moments(X, np.full(5, 0.2), center=True)
    >>> bool(resolve_ordinary_values(X, moments).center[0] < 5)
    True
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        columns = (_sparse_candidates if X.is_sparse else _dense_candidates)(X, moments, close)
    if len(columns) == 0:
        return moments
    centers, spread = moments.center.copy(), moments.spread.copy()
    for column in columns:
        found = _ordinary_interval(X.different_values(int(column), _ENOUGH))
        if found is not None and not center:
            found = 0.0, abs(found[0]) + found[1]
        if found is None or not found[1] < close * moments.deviation[column]:
            continue
        if found[1] < _NARROWEST * moments.deviation[column]:
            raise ValueError(
                f"Column {column} of X has a value so large that its ordinary values, near "
                f"{found[0]!r}, vanish next to it in float64. Expected values that are less than "
                "1e280 times as large as their usual differences. This often means a fill value: "
                "replace it or drop the row."
            )
        centers[column], spread[column] = found
    return replace(moments, center=centers, spread=spread)


def _dense_candidates(X: DesignMatrix, moments: Moments, close: float) -> AnyArray:
    """Return columns that have close values in a sample, or too few different ones to judge."""
    some = X.source[:: max(1, X.shape[0] // _SAMPLE)][:_SAMPLE]
    gaps = np.diff(np.sort(some.astype(np.float64), axis=0), axis=0)
    apart = gaps > 0
    chosen = np.any(apart & (gaps < close * moments.deviation), axis=0)
    # Values of 0 and 1 only: there the mean of x² is the mean of x.
    mean, square = moments.mean, moments.deviation**2 + moments.mean**2
    is_binary = np.abs(square - mean) <= 1e-9 * mean
    few = (apart.sum(axis=0) < 2) & ~is_binary & (moments.deviation > 0)
    for column in np.flatnonzero(few):
        chosen[column] = _has_close_values(X.different_values(int(column)), close)
    return np.flatnonzero(chosen)


def _sparse_candidates(X: DesignMatrix, moments: Moments, close: float) -> AnyArray:
    """Return columns in which a stored value is far larger than another."""
    size = np.abs(X.source.data[X.source.data != 0])
    if len(size) == 0 or size.min() > close * size.max():
        return np.empty(0, dtype=np.intp)
    columns = np.flatnonzero(moments.deviation > 0)
    return np.array(
        [c for c in columns if _has_close_values(X.different_values(int(c)), close)], np.intp
    )


def _has_close_values(values: FloatArray, close: float) -> bool:
    """Return whether two of three or more sorted values are close, relative to the range."""
    return len(values) > 2 and bool(np.diff(values).min() < close * (values[-1] - values[0]))


def _ordinary_interval(values: FloatArray) -> tuple[float, float] | None:
    """Return middle and width of the shortest interval that holds many of sorted values."""
    if len(values) < 3:
        return None
    m = max(1, int(_ORDINARY * len(values)))
    width = values[m:] - values[:-m]
    first = int(np.argmin(width))
    return float(values[first + m // 2]), float(width[first])
