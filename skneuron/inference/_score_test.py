"""The score test of columns that a neuron lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2
from sklearn.base import BaseEstimator, ClassifierMixin

from skneuron._common import MatrixLike
from skneuron.inference._conditions import Conditions, conditions_of
from skneuron.inference._information import Information
from skneuron.inference._nested import columns_of_nested
from skneuron.inference._nesting import LinearModel, require_nested
from skneuron.inference._observations import Observations
from skneuron.inference._p_value import above_zero
from skneuron.inference._tests import ChiSquareTest
from skneuron.validation import FittedNeuron, check_finite, check_training_data

__all__ = ["ScoreTest", "score_test"]


@dataclass(frozen=True, repr=False)
class ScoreTest(ChiSquareTest):
    """Result of :func:`score_test`.

    Attributes
    ----------
    statistic : float
        gᵀ J⁻¹ g, with the score g and the expected information J of the larger model at the
        coefficients of the nested neuron.
    df : int
        Difference of the numbers of parameters.
    p_value : float
        Probability of a larger statistic under χ² with ``df`` degrees of freedom.
    """


class _Larger(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Takes the column attributes of the larger model's X."""


def score_test(
    nested: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    X_nested: MatrixLike | None = None,
    *,
    offset: ArrayLike | None = None,
) -> ScoreTest:
    """Test whether a neuron lacks columns of X, without a fit of the larger model.

    This is Rao's score test (Lagrange multiplier test), with the expected information, as R's
    ``anova(..., test="Rao")``.

    Parameters
    ----------
    nested : NeuronClassifier
        Fitted without a penalty to some columns of X, or to combinations of columns.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        Columns of the larger model.
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    X_nested : array-like or CSR/CSC matrix of shape (n_samples, n_nested), default=None
        Columns of ``nested``. By default its columns of a data frame X.
    offset : array-like of shape (n_samples,), default=None
        Offset of the fit.

    Returns
    -------
    ScoreTest

    Raises
    ------
    TypeError
        If ``nested`` is no neuron.
    ValueError
        If X has no column that ``nested`` lacks, if a column of ``nested`` is no combination of
        columns of X, or if the fit is no maximum of the
        likelihood: a penalty, an active bound, class weights, other data.

    Examples
    --------
    >>> import pandas as pd
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import score_test
    >>> X = pd.DataFrame({"dose": [0.0, 1, 2, 0, 1, 2], "square": [0.0, 1, 4, 0, 1, 4]})
    >>> y, counts = [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X[["dose"]], y, counts)
    >>> test = score_test(neuron, X, y, counts)
    >>> round(test.statistic, 3), test.df, round(test.p_value, 3)
    (0.227, 1, 0.634)
    """
    smaller = Observations.of(
        nested,
        columns_of_nested(nested, X, X_nested),
        y,
        sample_weight,
        offset,
        two_classes="score_test",
    )
    conditions = conditions_of(nested, smaller)
    conditions.require_classical()
    conditions.require_unadjusted("score_test")
    information = Information.of(nested, smaller, conditions)
    information.require_maximum()
    checked = check_training_data(_Larger(), X, y, sample_weight, None).X
    check_finite(checked)
    larger = Observations(checked, smaller.y, smaller.weights, smaller.offset)
    d = checked.shape[1]
    whole = Information.at(
        np.zeros(d),
        information.z,
        nested.activation_,
        nested.fit_intercept,
        larger,
        Conditions(np.full(d, "", dtype=object), np.zeros(d), np.zeros(d), ""),
    )
    df = whole.estimable.rank - information.estimable.rank
    if df <= 0:
        raise ValueError(
            f"X has {whole.estimable.rank} parameters, and nested has "
            f"{information.estimable.rank}. Expected more parameters in X. Pass the columns of the "
            "larger model as X, and the columns of nested as X_nested."
        )
    require_nested(
        LinearModel(larger, whole.coordinates, larger.offset, []),
        LinearModel.of(nested, smaller, information.coordinates),
    )
    statistic = whole.distance**2
    return ScoreTest(statistic, df, float(above_zero(chi2.sf(statistic, df))))
