"""Which rows a subsample has, and what they weigh."""

from __future__ import annotations

import numpy as np

from skneuron._typing import AnyArray, FloatArray

__all__ = ["draw_rows"]

# A class of which a subsample would hold fewer than this share of an equal part is
# sampled on its own.
_RARE = 0.25


def draw_rows(
    y: AnyArray,
    weights: FloatArray,
    class_weights: FloatArray,
    m: int,
    rng: np.random.Generator,
) -> tuple[AnyArray, FloatArray]:
    """Return about ``m`` row numbers in order, and weights that sum to those of the classes.

    Rows are drawn one from each of m stretches of equal length. A class that would
    hardly be seen is drawn on its own.
    """
    rows = _one_of_each_stretch(len(y), m, rng)
    drawn = np.bincount(y[rows], minlength=len(class_weights))
    enough = _RARE * m / len(drawn)
    rare = [k for k in np.flatnonzero(drawn < enough) if class_weights[k] > 0]
    if rare:
        groups = [rows[~np.isin(y[rows], rare)]]
        for k in rare:
            members = np.flatnonzero(y == k)
            groups.append(members[_one_of_each_stretch(len(members), int(np.ceil(enough)), rng)])
        rows = np.sort(np.concatenate(groups))
    totals = np.bincount(y[rows], weights[rows], minlength=len(class_weights))
    factors = np.divide(class_weights, totals, out=np.zeros_like(totals), where=totals > 0)
    return rows, weights[rows] * factors[y[rows]]


def _one_of_each_stretch(n: int, m: int, rng: np.random.Generator) -> AnyArray:
    """Return m increasing row numbers below n, all of them if m >= n."""
    if m >= n:
        return np.arange(n)
    return np.asarray((np.arange(m) + rng.random(m)) * (n / m), dtype=np.intp)
