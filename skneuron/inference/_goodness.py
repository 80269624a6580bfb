"""Goodness of fit: log-likelihoods, deviances, Pearson's chi-square, AIC and BIC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import MatrixLike
from skneuron.inference._conditions import conditions_of
from skneuron.inference._grouped_goodness import GroupedFit, finite, grouped_fit
from skneuron.inference._information import Information
from skneuron.inference._null import null_z
from skneuron.inference._observations import Observations
from skneuron.inference._softmax_information import LayerInformation
from skneuron.validation import FittedNeuron

__all__ = ["GoodnessOfFit", "goodness_of_fit"]


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
        Fitted, or from ``from_weights``, with a likelihood. More than two classes need
        ``activation="sigmoid"`` (softmax).
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
        If there is no likelihood, or if the data are not valid.

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
    kind = LayerInformation if observations.is_layer else Information
    information = kind.of(neuron, observations, conditions)
    k, n = information.estimable.rank, observations.total_weight
    fitted = observations.log_likelihood(activation, information.z)
    without = observations.log_likelihood(activation, null)
    note = conditions.invalid or information.maximum_note()
    return GoodnessOfFit(
        n_observations=n,
        n_parameters=k,
        df_residual=n - k,
        log_likelihood=fitted,
        null_log_likelihood=without,
        deviance=finite(0.0 - 2 * fitted),
        null_deviance=finite(0.0 - 2 * without),
        mcfadden=finite(1 - fitted / without) if without else 0.0,
        aic=None if note else 2 * (k - fitted),
        bic=None if note else k * float(np.log(n)) - 2 * fitted,
        grouped=grouped_fit(activation, observations, information.z, null, k, not note),
        note=note,
    )
