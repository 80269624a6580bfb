"""Goodness of fit: log-likelihoods, deviances, Pearson's chi-square, AIC and BIC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from skneuron._typing import FloatArray, MatrixLike
from skneuron.activations import Activation
from skneuron.inference._binomial import most_likely
from skneuron.inference._conditions import conditions_of
from skneuron.inference._information import FAR, Information
from skneuron.inference._null import null_z
from skneuron.inference._observations import Observations
from skneuron.inference._patterns import patterns_of
from skneuron.validation import FittedNeuron

__all__ = ["GoodnessOfFit", "GroupedFit", "goodness_of_fit"]

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
        Σ (events - n p)² / (n p (1 - p)).
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
        ``n_patterns`` minus the number of parameters. Deviance and Pearson's statistic have a χ²
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


@dataclass(frozen=True)
class GoodnessOfFit:
    """Goodness of fit of a neuron to data.

    Attributes
    ----------
    n_observations : float
        Sum of the sample weights.
    n_parameters : int
        Free coefficients and intercept, without columns that depend on other columns.
    df_residual : float
        ``n_observations - n_parameters``.
    log_likelihood, null_log_likelihood : float
        The null model has the intercept (and offset) only. Without ``fit_intercept`` it has the
        offset only.
    deviance, null_deviance : float
        Minus twice the log-likelihoods of single observations. See ``grouped`` for grouped data.
    mcfadden : float
        1 - log-likelihood / null log-likelihood. 0 if the null model predicts y without error.
    aic, bic : float or None
        -2 log-likelihood + 2 k and + k log n for k parameters. None if ``note`` has a reason.
    grouped : GroupedFit
        The same for grouped binomial data.
    note : str
        Reason that the coefficients are no maximum of the likelihood. Empty at a maximum.
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
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    offset: ArrayLike | None = None,
) -> GoodnessOfFit:
    """Return log-likelihood, deviance, AIC and BIC.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, or from ``from_weights``, with a likelihood and two classes.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    offset : array-like of shape (n_samples,), default=None
        Offset of the fit.

    Returns
    -------
    GoodnessOfFit

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If there are more than two classes or no likelihood, or if the data are not valid.

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
    information = Information.of(neuron, observations, conditions)
    k, n = information.estimable.rank, observations.total_weight
    fitted = observations.log_likelihood(activation, information.z)
    without = observations.log_likelihood(activation, null)
    note = conditions.invalid
    if not note and information.distance > FAR:
        note = f"the coefficients are {information.distance:.2g} standard errors from the maximum"
    return GoodnessOfFit(
        n_observations=n,
        n_parameters=k,
        df_residual=n - k,
        log_likelihood=fitted,
        null_log_likelihood=without,
        deviance=_finite(0.0 - 2 * fitted),
        null_deviance=_finite(0.0 - 2 * without),
        mcfadden=_finite(1 - fitted / without) if without else 0.0,
        aic=None if note else 2 * (k - fitted),
        bic=None if note else k * float(np.log(n)) - 2 * fitted,
        grouped=_grouped(activation, observations, information.z, null, k, not note),
        note=note,
    )


def _finite(value: float) -> float:
    """Return the value, or the largest float64 instead of infinity."""
    return float(np.clip(value, -_LARGEST, _LARGEST))


def _grouped(
    activation: Activation,
    observations: Observations,
    z: FloatArray,
    null: FloatArray,
    k: int,
    is_maximum: bool,
) -> GroupedFit:
    """Compare the model with one free rate per pattern."""
    patterns = patterns_of(observations)
    total, rate = patterns.total, patterns.events / patterns.total
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
            return max(0.0, _finite(2 * total @ (free - rate * high - (1 - rate) * low)))

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
