"""The likelihood ratio test of a neuron against a simpler one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from skneuron._common import MatrixLike, shown
from skneuron.inference._conditions import conditions_of
from skneuron.inference._estimable import FAR
from skneuron.inference._information import Information
from skneuron.inference._nesting import LinearModel, require_nested
from skneuron.inference._null import null_z
from skneuron.inference._observations import Observations
from skneuron.inference._p_value import above_zero
from skneuron.inference._softmax_information import LayerInformation
from skneuron.inference._tests import ChiSquareTest
from skneuron.validation import FittedNeuron

__all__ = ["LikelihoodRatioTest", "columns_of_nested", "likelihood_ratio_test"]

# Log-likelihoods of fits to a gap of 1e-18 differ by rounding only, relative to their size.
_ROUNDING = 1e-9


@dataclass(frozen=True, repr=False)
class LikelihoodRatioTest(ChiSquareTest):
    """Result of :func:`likelihood_ratio_test`.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods.
    df : int
        Difference of the numbers of parameters.
    p_value : float
        Probability of a larger statistic under χ² with ``df`` degrees of freedom. It is never 0. A
        p-value below 1e-300 is printed as ``< 1e-300``.
    """


def likelihood_ratio_test(
    neuron: FittedNeuron,
    nested: FittedNeuron | None,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    X_nested: MatrixLike | None = None,
    *,
    offset: ArrayLike | None = None,
) -> LikelihoodRatioTest:
    """Test a neuron against a nested one.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without penalty to these data.
    nested : NeuronClassifier or None
        Fitted to the same rows, on fewer columns or with coefficients fixed by ``bounds``. None
        is the model of the intercept (and offset) alone.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    X_nested : array-like or CSR/CSC matrix of shape (n_samples, n_nested), default=None
        Columns of ``nested``. By default its columns of a data frame X, or X itself.
    offset : array-like of shape (n_samples,), default=None
        Offset of both fits.

    Returns
    -------
    LikelihoodRatioTest

    Raises
    ------
    TypeError
        If ``neuron`` or ``nested`` is no neuron.
    ValueError
        If ``nested`` is not nested: another activation or other classes, not fewer
        parameters, a column that is no combination of columns of ``neuron``, or a higher
        likelihood. If the test is invalid: a penalty, an
        active bound, class weights, or coefficients that are not at the maximum.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import likelihood_ratio_test
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> test = likelihood_ratio_test(neuron, None, X, y, counts)
    >>> round(test.statistic, 3), test.df, round(test.p_value, 4)
    (7.752, 1, 0.0054)
    """
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    ours, k, larger = _maximum(neuron, observations)
    if nested is None:
        if not neuron.fit_intercept:
            raise ValueError(
                "The neuron has no intercept, and nested is None. Expected a nested neuron. Use: "
                "likelihood_ratio_test(neuron, nested, X, y)."
            )
        null = null_z(neuron.activation_, observations, True)
        theirs, k_nested = (
            observations.log_likelihood(neuron.activation_, null),
            observations.n_classes - 1,
        )
    else:
        smaller = Observations.of(
            nested, columns_of_nested(nested, X, X_nested), y, sample_weight, offset
        )
        _require_same_model(neuron, nested)
        theirs, k_nested, own = _maximum(nested, smaller)
    if k_nested >= k:
        raise ValueError(
            f"The nested neuron has {k_nested} parameters. Expected fewer than the neuron's {k}. "
            "Fit it to fewer columns of X: likelihood_ratio_test(neuron, nested, X, y)."
        )
    if nested is not None:
        require_nested(larger, own)
    statistic = 2 * (ours - theirs)
    if statistic < -_ROUNDING * abs(ours):
        raise ValueError(
            f"The nested neuron has the higher log-likelihood, {theirs:.6g} to {ours:.6g}. "
            "Expected a model that the neuron contains. Fit it to the same rows, and to some of "
            "the neuron's columns."
        )
    statistic, df = max(statistic, 0.0), k - k_nested
    return LikelihoodRatioTest(statistic, df, float(above_zero(chi2.sf(statistic, df))))


def _maximum(neuron: FittedNeuron, observations: Observations) -> tuple[float, int, LinearModel]:
    """Return log-likelihood, number of parameters and model, and raise if there is no maximum."""
    conditions = conditions_of(neuron, observations)
    conditions.require_classical()
    conditions.require_unadjusted("likelihood_ratio_test")
    information: Information | LayerInformation
    if observations.is_layer:
        information = LayerInformation.of(neuron, observations, conditions)
        if information.distance > FAR:
            information.require_maximum(neuron.classes_)
    else:
        information = Information.of(neuron, observations, conditions)
        information.require_maximum()
    return (
        observations.log_likelihood(neuron.activation_, information.z),
        information.estimable.rank,
        LinearModel.of(neuron, observations, information.coordinates),
    )


def columns_of_nested(nested: FittedNeuron, X: Any, X_nested: MatrixLike | None) -> Any:
    """Return the columns of the nested neuron."""
    names = getattr(nested, "feature_names_in_", None)
    if X_nested is not None:
        return X_nested
    if names is None or not hasattr(X, "columns"):
        n_columns = np.shape(X)[1] if np.ndim(X) == 2 else 0
        if n_columns > nested.n_features_in_:
            raise ValueError(
                f"The nested neuron has {nested.n_features_in_} columns and X has {n_columns}. "
                "Expected its columns as X_nested. Use: "
                "likelihood_ratio_test(neuron, nested, X, y, X_nested=X_nested)."
            )
        return X
    missing = [name for name in names if name not in X.columns]
    if missing:
        raise ValueError(
            f"X has no column {missing[0]!r}, which the nested neuron has. Expected its columns as "
            "X_nested. Use: likelihood_ratio_test(neuron, nested, X, y, X_nested=X_nested)."
        )
    return X[list(names)]


def _require_same_model(neuron: FittedNeuron, nested: FittedNeuron) -> None:
    """Raise ``ValueError`` if links or classes differ."""
    ours, theirs = neuron.activation_, nested.activation_
    if type(ours) is not type(theirs) or ours.get_params() != theirs.get_params():
        raise ValueError(
            f"The nested neuron has the activation {theirs!r}. Expected {ours!r}, as the neuron "
            "has. Use one activation for both neurons."
        )
    if not np.array_equal(neuron.classes_, nested.classes_):
        raise ValueError(
            f"The nested neuron has the classes {shown(nested.classes_.tolist())}. Expected "
            f"{shown(neuron.classes_.tolist())}, as the neuron has. Fit both to the same y."
        )
