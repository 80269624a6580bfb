"""Goodness of fit of grouped data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from skneuron._common import FloatArray
from skneuron.activations import Activation
from skneuron.inference._binomial import most_likely
from skneuron.inference._observations import Observations, log_softmax
from skneuron.inference._patterns import Patterns, patterns_of

__all__ = ["GroupedFit", "finite", "grouped_fit"]

_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class GroupedFit:
    """The fit against one free rate per covariate pattern, a distinct row of X and offset.

    Attributes
    ----------
    n_patterns : int
    deviance, null_deviance : float
        Twice the difference between the log-likelihoods of the free rates and of the model.
    pearson : float
        Σ (events - n p)² / (n p (1 - p)). With more than two classes, Σ (count - n p)² / (n p)
        over patterns and classes.
    log_likelihood : float
        Log-likelihood of the numbers of events, with binomial coefficients, as R and statsmodels
        print it for grouped data.
    aic : float or None
        -2 ``log_likelihood`` + 2 k for k parameters. None if the AIC of the single rows is None.
    bic : float or None
        -2 ``log_likelihood`` + k log ``n_patterns``. None if ``aic`` is None. The number of
        observations is the number of patterns, as in R: the ``BIC`` of a binomial ``glm`` of
        counts uses the number of rows with a positive number of trials. R counts a pattern on
        several rows several times. :attr:`GoodnessOfFit.bic` uses the sum of the sample
        weights instead. Compare models by one of the two only.
    df_residual : int
        Number of free rates, ``n_patterns`` times the number of classes minus 1, minus the number
        of parameters. Deviance and Pearson's statistic have a χ²
        distribution with these degrees of freedom, if the patterns are few and their totals large.
    """

    n_patterns: int
    deviance: float
    null_deviance: float
    pearson: float
    log_likelihood: float
    aic: float | None
    bic: float | None
    df_residual: int


def finite(value: float) -> float:
    """Return the value, or the largest float64 instead of infinity."""
    return float(np.clip(value, -_LARGEST, _LARGEST))


def grouped_fit(
    activation: Activation,
    observations: Observations,
    z: FloatArray,
    null: FloatArray,
    k: int,
    is_maximum: bool,
) -> GroupedFit:
    """Compare the model with one free rate per pattern.

    ``z`` and ``null`` are the linear predictors of the model and of the null model, and ``k`` is
    the number of parameters.
    """
    patterns = patterns_of(observations)
    if observations.is_layer:
        return _grouped_layer(patterns, z, null, k, is_maximum)
    total, rate = patterns.total, patterns.counts[1] / patterns.total
    log_q, log_p = activation.log_proba(z[patterns.first])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        # (r - p)² / (p q) = (r √(q/p) - (1 - r) √(p/q))² is accurate for tiny p or q. One root
        # may be infinite while its factor is zero, so these terms are set separately.
        odds = (log_q - log_p) / 2
        away = rate * np.exp(odds) - (1 - rate) * np.exp(-odds)
        away[rate == 1] = np.exp(odds[rate == 1])
        away[rate == 0] = np.exp(-odds[rate == 0])
        pearson = float(np.minimum(np.sum(total * np.minimum(away**2, _LARGEST)), _LARGEST))

    def deviance(low: FloatArray, high: FloatArray) -> float:
        """Return twice the sum of n (r log(r/p) + (1 - r) log((1 - r)/q))."""
        free = xlogy(rate, rate) + xlogy(1 - rate, 1 - rate)
        with np.errstate(over="ignore"):
            return max(0.0, finite(2 * total @ (free - rate * high - (1 - rate) * low)))

    return _grouped_fit(
        patterns,
        deviance(log_q, log_p),
        deviance(*activation.log_proba(null[patterns.first])),
        pearson,
        k,
        len(total) - k,
        is_maximum,
    )


def _grouped_layer(
    patterns: Patterns, z: FloatArray, null: FloatArray, k: int, is_maximum: bool
) -> GroupedFit:
    """Compare a softmax model with free rates of all classes per pattern."""
    counts = np.stack(patterns.counts, axis=1)
    rates = counts / patterns.total[:, None]
    free = xlogy(counts, rates).sum()

    def deviance(log_p: FloatArray) -> float:
        """Return twice the sum of counts times log(rate / p)."""
        return max(0.0, finite(2 * (free - (counts * log_p).sum())))

    log_p = log_softmax(z[patterns.first])
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        p = np.exp(log_p)
        away = np.where(rates > 0, (rates - p) ** 2 / p, p)
        pearson = finite(np.sum(patterns.total[:, None] * np.minimum(away, _LARGEST)))
    return _grouped_fit(
        patterns,
        deviance(log_p),
        deviance(log_softmax(null[patterns.first])),
        pearson,
        k,
        len(counts) * (counts.shape[1] - 1) - k,
        is_maximum,
    )


def _grouped_fit(
    patterns: Patterns,
    deviance: float,
    null_deviance: float,
    pearson: float,
    k: int,
    df_residual: int,
    is_maximum: bool,
) -> GroupedFit:
    n_patterns = len(patterns.total)
    log_likelihood = most_likely(*patterns.counts) - deviance / 2
    return GroupedFit(
        n_patterns=n_patterns,
        deviance=deviance,
        null_deviance=null_deviance,
        pearson=pearson,
        log_likelihood=log_likelihood,
        aic=2 * (k - log_likelihood) if is_maximum else None,
        bic=k * float(np.log(n_patterns)) - 2 * log_likelihood if is_maximum else None,
        df_residual=df_residual,
    )
