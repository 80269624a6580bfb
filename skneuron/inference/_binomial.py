"""Binomial and multinomial probabilities of counts of any size."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from skneuron._common import FloatArray

__all__ = ["most_likely"]

# Smallest n for which four terms of Stirling's series have all digits.
_LARGE = 16.0


def most_likely(*counts: FloatArray) -> float:
    """Return Σ log of the multinomial probability of counts kⱼ at the rates kⱼ/n.

    The terms log n! - Σ log kⱼ! + Σ kⱼ log(kⱼ/n) are as large as n, and the sum is as small as
    log n. By Loader's expansion (C. Loader, "Fast and accurate computation of binomial
    probabilities", 2000) the sum is δ(n) - Σ δ(kⱼ) + ½ log(2π n) - ½ Σ log(2π kⱼ) over positive
    kⱼ, with δ the error of Stirling's formula for log n!.

    Parameters
    ----------
    *counts : ndarray of shape (n_patterns,)
        One array per class, not negative, and not necessarily whole numbers. For two classes:
        the numbers of events and of the other observations.

    Returns
    -------
    float
    """
    total = np.sum(counts, axis=0)
    terms = _of_count(total)
    for k in counts:
        positive = k > 0
        terms[positive] -= _of_count(k[positive])
    return float(terms.sum())


def _of_count(k: FloatArray) -> FloatArray:
    """Return δ(k) + ½ log(2π k)."""
    return np.asarray(_stirling_error(k) + np.log(2 * np.pi * k) / 2)


def _stirling_error(n: FloatArray) -> FloatArray:
    """Return log n! - (n + ½) log n + n - ½ log 2π."""
    small = np.minimum(n, _LARGE)
    exact = gammaln(small + 1) - (small + 0.5) * np.log(small) + small - np.log(2 * np.pi) / 2
    x = 1 / np.maximum(n, _LARGE)
    series = x * (1 / 12 - x**2 * (1 / 360 - x**2 * (1 / 1260 - x**2 / 1680)))
    return np.asarray(np.where(n < _LARGE, exact, series))
