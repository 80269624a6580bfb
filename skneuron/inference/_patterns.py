"""Covariate patterns: the distinct rows of X."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.inference._observations import Observations

__all__ = ["Patterns", "patterns_of"]

# Constants of the generator splitmix64 (Steele, Lea & Flood, 2014): its output depends on all
# bits of its state. Python's hash of each row takes twice as long, sklearn.utils.murmurhash3_32
# too, and numpy.unique(axis=0) needs a copy of X.
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)

# First multiplier of splitmix64.
_FIRST = np.uint64(0xBF58476D1CE4E5B9)

# Second multiplier of splitmix64.
_SECOND = np.uint64(0x94D049BB133111EB)


class Patterns(NamedTuple):
    """Distinct rows of positive weight.

    Attributes
    ----------
    first : ndarray of int of shape (n_patterns,)
        Index of a row with the pattern.
    total : ndarray of shape (n_patterns,)
        Sums of the weights of all rows.
    counts : list of ndarray of shape (n_patterns,)
        Sums of the weights of the rows of each class.
    """

    first: AnyArray
    total: FloatArray
    counts: list[FloatArray]


def patterns_of(observations: Observations) -> Patterns:
    """Group rows by a hash of 64 bits of their columns and offset.

    One pass reads the rows without a copy. The probability that two of a million different
    rows share a hash is 3e-8.
    """
    X = observations.design
    keys = np.zeros(len(observations.y), np.uint64)
    for offset in np.atleast_2d(observations.offset.T):
        keys = _mixed(keys, offset)
    for rows, data in X.dense_blocks(range(X.shape[0])):
        key = keys[rows]
        for column in data.T:
            key = _mixed(key, column)
        keys[rows] = key
    used = np.flatnonzero(observations.weights > 0)
    weights = observations.weights[used]
    _, first, which = np.unique(keys[used], return_index=True, return_inverse=True)
    counts = [
        np.bincount(which, weights * (observations.y[used] == k)).astype(np.float64)
        for k in range(observations.n_classes)
    ]
    return Patterns(used[first], np.bincount(which, weights).astype(np.float64), counts)


def _mixed(state: AnyArray, values: FloatArray) -> AnyArray:
    """Return the next states, which depend on all bits of the values, with 0 equal to -0."""
    mixed = (state + _INCREMENT) ^ (values + 0.0).view(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))
