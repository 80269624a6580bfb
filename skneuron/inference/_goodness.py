"""How well a neuron fits: log-likelihoods, deviances, Pearson's chi-square, AIC and BIC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy

from skneuron._typing import FloatArray
from skneuron.inference._binomial import most_likely
from skneuron.inference._conditions import conditions_of
from skneuron.inference._null import null_z
from skneuron.inference._observations import Observations
from skneuron.inference._patterns import patterns_of
from skneuron.inference._standing import FAR, Standing

__all__ = ["GoodnessOfFit", "GroupedFit", "goodness_of_fit"]

_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class GroupedFit:
    """The fit against one free rate per covariate pattern, a distinct row of X and offset.

    Attributes
    ----------
    n_patterns : int
    deviance, null_deviance : float
        Twice what the free rates' log-likelihood is above the model's.
    pearson : float
        Σ (events - n p)² / (n p (1 - p)).
    log_likelihood : float
        Of the numbers of events, binomial coefficients included, as R and statsmodels
        print it for grouped data.
    aic : float or None
        -2 ``log_likelihood`` + 2 k for k parameters; None if the AIC of the single rows is None.
    bic : float or None
        -2 ``log_likelihood`` + k log ``n_patterns``; None if ``aic`` is None. The number of
        observations is the number of patterns, as in R: the ``BIC`` of a binomial ``glm`` of
        counts takes the number of rows with a positive number of trials. R counts patterns that
        stand on several rows several times. :attr:`GoodnessOfFit.bic` takes the sum of the sample
        weights instead. Compare models by one of the two only.
    df_residual : int
        ``n_patterns`` less the parameters: the χ² distribution of both, if patterns are
        few and their numbers large.
    """

    n_patterns: int
    deviance: float
    null_deviance: float
    pearson: float
    log_likelihood: float
    aic: float | None
    bic: float | None
    df_residual: int


@dataclass(frozen=True)
class GoodnessOfFit:
    """How well a neuron fits data.

    Attributes
    ----------
    n_observations : float
        Sum of the sample weights.
    n_parameters : int
        Free weights and intercept, without those that others can stand for.
    df_residual : float
        ``n_observations - n_parameters``.
    log_likelihood, null_log_likelihood : float
        The null model has the intercept (and offset) only; without ``fit_intercept``
        nothing but the offset.
    deviance, null_deviance : float
        Minus twice these: each observation for itself. See ``grouped`` for grouped data.
    mcfadden : float
        1 - log-likelihood / null log-likelihood; 0 if the null model predicts y without error.
    aic, bic : float or None
        -2 log-likelihood + 2 k and + k log n for k parameters; None if ``note`` says why.
    grouped : GroupedFit
        What tables of grouped binomial data print.
    note : str
        Why the weights are no maximum of the likelihood; empty if they are one.
    """

    n_observations: float
    n_parameters: int
    df_residual: float
    log_likelihood: float
    null_log_likelihood: float
    deviance: float
    null_deviance: float
    mcfadden: float
    aic: float | None
    bic: float | None
    grouped: GroupedFit
    note: str


def goodness_of_fit(
    neuron: Any, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None
) -> GoodnessOfFit:
    """Return log-likelihood, deviance, AIC and their like.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, or of ``from_weights``, with a likelihood and two classes.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row was seen: a row of weight 2 is two rows.
    offset : array-like of shape (n_samples,), default=None
        What was added to w·x + b.

    Returns
    -------
    GoodnessOfFit

    Raises
    ------
    TypeError
        If it is no neuron.
    ValueError
        If there are more than two classes or no likelihood, or data that do not fit.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import goodness_of_fit
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> fit = goodness_of_fit(neuron, X, y, counts)
    >>> round(fit.aic, 3), round(fit.grouped.deviance, 3), fit.grouped.df_residual
    (37.703, 0.227, 1)
    """
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    conditions = conditions_of(neuron, observations)
    activation = neuron.activation_
    null = null_z(activation, observations, neuron.fit_intercept)
    standing = Standing.of(neuron, observations, conditions)
    k, n = standing.known.rank, observations.total_weight
    fitted = observations.log_likelihood(activation, standing.z)
    without = observations.log_likelihood(activation, null)
    note = conditions.obstacle
    if not note and standing.distance > FAR:
        note = f"the weights are {standing.distance:.2g} standard errors from the maximum"
    return GoodnessOfFit(
        n_observations=n,
        n_parameters=k,
        df_residual=n - k,
        log_likelihood=fitted,
        null_log_likelihood=without,
        deviance=_held(0.0 - 2 * fitted),
        null_deviance=_held(0.0 - 2 * without),
        mcfadden=_held(1 - fitted / without) if without else 0.0,
        aic=None if note else 2 * (k - fitted),
        bic=None if note else k * float(np.log(n)) - 2 * fitted,
        grouped=_grouped(activation, observations, standing.z, null, k, not note),
        note=note,
    )


def _held(value: float) -> float:
    """Return the value, or the largest float64 where it is beyond."""
    return float(np.clip(value, -_LARGEST, _LARGEST))


def _grouped(
    activation: Any,
    observations: Observations,
    z: FloatArray,
    null: FloatArray,
    k: int,
    is_maximum: bool,
) -> GroupedFit:
    """Compare with a rate of its own for each pattern."""
    patterns = patterns_of(observations)
    total, rate = patterns.total, patterns.events / patterns.total
    log_q, log_p = activation.log_proba(z[patterns.first])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        # (r - p)² / (p q) = (r √(q/p) - (1 - r) √(p/q))², which does not lose p or q. One
        # root may be infinite, and is not wanted where its factor is zero.
        odds = (log_q - log_p) / 2
        away = rate * np.exp(odds) - (1 - rate) * np.exp(-odds)
        away[rate == 1] = np.exp(odds[rate == 1])
        away[rate == 0] = np.exp(-odds[rate == 0])
        pearson = float(np.minimum(np.sum(total * np.minimum(away**2, _LARGEST)), _LARGEST))

    def deviance(low: FloatArray, high: FloatArray) -> float:
        """Return twice the sum of n (r log(r/p) + (1 - r) log((1 - r)/q))."""
        free = xlogy(rate, rate) + xlogy(1 - rate, 1 - rate)
        with np.errstate(over="ignore"):
            return max(0.0, _held(2 * total @ (free - rate * high - (1 - rate) * low)))

    against_free = deviance(log_q, log_p)
    log_likelihood = most_likely(patterns.events, total - patterns.events) - against_free / 2
    return GroupedFit(
        n_patterns=len(total),
        deviance=against_free,
        null_deviance=deviance(*activation.log_proba(null[patterns.first])),
        pearson=pearson,
        log_likelihood=log_likelihood,
        aic=2 * (k - log_likelihood) if is_maximum else None,
        bic=k * float(np.log(len(total))) - 2 * log_likelihood if is_maximum else None,
        df_residual=len(total) - k,
    )
