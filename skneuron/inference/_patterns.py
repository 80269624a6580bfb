"""Covariate patterns: which rows of X are the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.inference._observations import Observations

__all__ = ["Patterns", "patterns_of"]

# Constants of the generator splitmix64 (Steele, Lea & Flood, 2014), whose output mixes all
# bits of its state.
_STEP, _FIRST, _SECOND = (
    np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


class Patterns(NamedTuple):
    """Distinct rows of positive weight.

    Attributes
    ----------
    first : ndarray of int of shape (n_patterns,)
        The number of a row that has the pattern.
    total, events : ndarray of shape (n_patterns,)
        Sums of weights, of all rows and of those with the label ``classes_[1]``.
    """

    first: AnyArray
    total: FloatArray
    events: FloatArray


def patterns_of(observations: Observations) -> Patterns:
    """Group rows by a hash of 64 bits of their columns and offset.

    Rows are read once and not copied; that two of a million different ones share a hash has
    a probability of 3e-8.
    """
    X = observations.design
    keys = _mixed(np.zeros(len(observations.y), np.uint64), observations.offset)
    for rows, data in X.dense_blocks(range(X.shape[0])):
        key = keys[rows]
        for column in data.T:
            key = _mixed(key, column)
        keys[rows] = key
    used = np.flatnonzero(observations.weights > 0)
    weights = observations.weights[used]
    _, first, which = np.unique(keys[used], return_index=True, return_inverse=True)
    total, events = (
        np.asarray(np.bincount(which, part), dtype=np.float64)
        for part in (weights, weights * observations.y[used])
    )
    return Patterns(used[first], total, events)


def _mixed(state: AnyArray, values: FloatArray) -> AnyArray:
    """Return states to which values have been added, bits of all mixed; 0 and -0 are one."""
    mixed = (state + _STEP) ^ (values + 0.0).view(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))
