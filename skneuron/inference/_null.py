"""The null model: the intercept and the offset alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import bisect

from skneuron._common import FloatArray
from skneuron.activations import Activation
from skneuron.inference._highest import LARGEST_T, highest
from skneuron.inference._layer_null import layer_null_z
from skneuron.inference._observations import Observations

__all__ = ["null_z"]

# Maximum number of halvings of an interval. 5,000 halvings reach any float64.
_HALVINGS = 5000

# Largest error of the log-odds at the inverse of f. The square of this error enters the
# log-likelihood.
_LOG_ODDS_ERROR = 1e-6

# Another maximum of the log-likelihood can be missed if it is higher by less than this fraction.
_SLACK = 1e-3

# The same fraction for at most ``_FEW`` offsets: their log-likelihoods cost less.
_SLACK_FEW = 1e-5

# Maximum number of different offsets that are few.
_FEW = 1000

# The same fraction for concave log-likelihoods, which have a single maximum.
_SLACK_CONCAVE = 0.5

# An intercept beyond this number is infinite. It is a maximum only if the log-likelihood is flat.
_INFINITE = 1e300

# The log-likelihood is flat if it changes by less than this fraction.
_FLAT = 1e-9


def null_z(activation: Activation, observations: Observations, has_bias: bool) -> FloatArray:
    """Return z of the model without features: the offset plus the best intercept, if any.

    Parameters
    ----------
    activation : Activation
    observations : Observations
    has_bias : bool
        Whether the null model has an intercept.

    Returns
    -------
    ndarray of shape (n_samples,) or, for more than two classes, (n_samples, n_classes)

    Raises
    ------
    ValueError
        If y lacks a class, or if the search for the intercept does not converge.

    Notes
    -----
    If all rows have the same offset, f(z) is the weighted mean of y. Otherwise the
    log-likelihood is a sum of two functions of the intercept: an increasing one of the rows with
    y = 1, and a decreasing one of the rows with y = 0. On an interval, each is at most its value at
    one end. This bound excludes intervals, so the search finds the highest of several maxima.
    """
    if not has_bias:
        return observations.offset
    if observations.is_layer:
        return layer_null_z(observations)
    groups = _Groups.of(activation, observations)
    bias = groups.inverse() if len(groups.offset) == 1 else None
    if bias is None:
        bias = _best(groups)
    with np.errstate(over="ignore"):
        return np.asarray(bias + (observations.offset - groups.origin))


@dataclass(frozen=True)
class _Groups:
    """Rows of positive sample weight, grouped by their offset.

    Attributes
    ----------
    activation : Activation
    origin : float
        Median offset. It is subtracted from all offsets, so that the intercept keeps its digits.
    offset : ndarray of shape (n_groups,)
    events, others : ndarray of shape (n_groups,)
        Sums of the sample weights of the rows with y = 1 and of the rows with y = 0.
    """

    activation: Activation
    origin: float
    offset: FloatArray
    events: FloatArray
    others: FloatArray

    @classmethod
    def of(cls, activation: Activation, observations: Observations) -> _Groups:
        """Group the rows."""
        used = observations.weights > 0
        weights, y = observations.weights[used], observations.y[used]
        if y.all() or not y.any():
            raise ValueError(
                "y has one class only among the rows with a positive sample weight. "
                "Expected rows of both classes for the null model. Check y and sample_weight."
            )
        offset, group = np.unique(observations.offset[used], return_inverse=True)
        origin = float(offset[len(offset) // 2])
        with np.errstate(over="ignore"):
            from_origin = offset - origin
        sums = [np.bincount(group, weights * part).astype(np.float64) for part in (y, ~y)]
        return cls(activation, origin, from_origin, *sums)

    def at(self, bias: float) -> tuple[float, float]:
        """Return the log-likelihoods at an intercept."""
        with np.errstate(all="ignore"):
            low, high = self.activation.log_proba(bias + self.offset)
            events = np.where(self.events > 0, self.events * high, 0.0).sum()
            others = np.where(self.others > 0, self.others * low, 0.0).sum()
        return float(events), float(others)

    def inverse(self) -> float | None:
        """Return the intercept at which f is the mean of y, or None without such an intercept."""
        target = float(np.log(self.events[0]) - np.log(self.others[0]))

        def excess(t: float) -> float:
            """Return the log-odds of f minus the log-odds of the mean."""
            with np.errstate(all="ignore"):
                low, high = self.activation.log_proba(np.array([np.sinh(t)]))
                return float(np.nan_to_num(high[0] - low[0] - target))

        end = 1.0
        while not excess(-end) < 0 < excess(end):
            if end == LARGEST_T:
                return None
            end = min(2 * end, LARGEST_T)
        smallest, digits = np.finfo(float).tiny, 4 * np.finfo(float).eps
        t = bisect(excess, -end, end, xtol=smallest, rtol=digits, maxiter=_HALVINGS)
        return float(np.sinh(t)) if abs(excess(t)) <= _LOG_ODDS_ERROR else None


def _best(groups: _Groups) -> float:
    """Return the intercept of the highest log-likelihood."""
    slack = _SLACK_FEW if len(groups.offset) <= _FEW else _SLACK
    found = highest(groups.at, _SLACK_CONCAVE if groups.activation.convex_nll else slack)
    if found is None:
        raise _no_convergence(groups)
    at_half = sum(groups.at(found.argument / 2))
    if abs(found.argument) > _INFINITE and at_half < (1 + _FLAT) * found.value:
        raise _no_convergence(groups)
    return found.argument


def _no_convergence(groups: _Groups) -> ValueError:
    fraction = groups.events.sum() / (groups.events.sum() + groups.others.sum())
    return ValueError(
        "The search for the intercept of the null model did not converge for "
        f"activation={groups.activation!r} and a mean of y of {fraction:.3g}. Expected an "
        "activation that increases from 0 to 1, with finite log_proba at an intercept plus the "
        "offset. Check the offset and the log_proba of the activation."
    )
