"""Binomial probabilities of counts of any size."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from skneuron._typing import FloatArray

__all__ = ["most_likely"]

# Smallest n for which four terms of Stirling's series have all digits.
_LARGE = 16.0


def most_likely(events: FloatArray, others: FloatArray) -> float:
    """Return Σ log of the binomial probability of k events in n at the rate k/n.

    The terms of log C(n, k) + k log(k/n) + (n - k) log((n - k)/n), are as large as n, and
    the sum is as small as log n. By Loader's expansion (C. Loader, "Fast and accurate
    computation of binomial probabilities", 2000) the sum is δ(n) - δ(k) - δ(n-k)
    + ½ log(n / (2π k (n-k))), with δ the error of Stirling's formula for log n!.

    Parameters
    ----------
    events, others : ndarray of shape (n_patterns,)
        k and n - k, not negative, and not necessarily whole numbers.

    Returns
    -------
    float
    """
    both = (events > 0) & (others > 0)
    k, rest = events[both], others[both]
    n = k + rest
    scale = np.log(n) - np.log(k) - np.log(rest) - np.log(2 * np.pi)
    return float(
        np.sum(_stirling_error(n) - _stirling_error(k) - _stirling_error(rest) + scale / 2)
    )


def _stirling_error(n: FloatArray) -> FloatArray:
    """Return log n! - (n + ½) log n + n - ½ log 2π."""
    small = np.minimum(n, _LARGE)
    exact = gammaln(small + 1) - (small + 0.5) * np.log(small) + small - np.log(2 * np.pi) / 2
    x = 1 / np.maximum(n, _LARGE)
    series = x * (1 / 12 - x**2 * (1 / 360 - x**2 * (1 / 1260 - x**2 / 1680)))
    return np.asarray(np.where(n < _LARGE, exact, series))
