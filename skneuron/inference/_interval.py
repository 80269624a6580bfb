"""Intervals of fitted probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from skneuron._common import MatrixLike
from skneuron.inference._error_type import Correction, ErrorType, Kind
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import as_frame, row_names
from skneuron.inference._observations import Observations
from skneuron.inference._parameters import lengths
from skneuron.inference._response import PairResponse
from skneuron.inference._wald_columns import check_level
from skneuron.validation import FittedNeuron, check_finite, check_offset, check_rows

__all__ = ["probability_interval"]


def probability_interval(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    X_new: MatrixLike,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    offset_new: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    correction: Correction = None,
) -> Any:
    """Return fitted probabilities of new rows with confidence intervals inside [0, 1].

    The interval is computed for the linear predictor z, whose estimate is closer to a normal
    distribution. Then f maps both ends. The interval is for the probability, and not for a
    single outcome.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without a penalty to X and y, with two classes.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        The data of the fit.
    y : array-like of shape (n_samples,)
    X_new : array-like or CSR/CSC matrix of shape (n_new, n_features)
        Rows to predict.
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    level : float, default=0.95
        Coverage of each interval.
    kind : {"expected", "observed", "robust", "robust-expected"}, default="expected"
        Covariance of the coefficients, see :func:`coefficient_table` for this and for ``groups``
        and ``correction``.
    offset : array-like of shape (n_samples,), default=None
        Offset of the fit.
    offset_new : array-like of shape (n_new,), default=None
        Offset of the new rows.
    groups : array-like of shape (n_samples,), default=None
    correction : {None, "groups", "HC1", "HC2", "HC3"}, default=None

    Returns
    -------
    pandas.DataFrame or Table
        One row per row of X_new, with the row names of a data frame. Columns ``probability`` of
        ``classes_[1]``, ``standard_error`` (of the probability, by the delta method), ``lower``
        and ``upper``.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If there are more than two classes, if a coefficient has no standard error, or if
        standard errors are invalid (see :func:`coefficient_table`).

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import probability_interval
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> probability_interval(neuron, X, y, [[0.5], [3.0]], counts).round(3)
       probability  standard_error  lower  upper
    0        0.372           0.114  0.186  0.607
    1        0.951           0.057  0.635  0.995
    """
    check_level(level)
    observations = Observations.of(
        neuron, X, y, sample_weight, offset, two_classes="probability_interval"
    )
    error_type = ErrorType.of(kind, observations, groups, correction)
    found = estimates_of(neuron, observations, error_type).complete("probability_interval")
    rows = check_rows(neuron, X_new, "X_new")
    check_finite(rows)
    n = rows.shape[0]
    z_offset = check_offset(offset_new, n, 2, name="offset_new")
    if (z_offset is None) != (offset is None):
        pair = ("offset", "offset_new")
        given, missing = pair if offset is not None else pair[::-1]
        raise ValueError(
            f"Got {given} and no {missing}. Expected both or none, because the offset is a part of "
            f"the model. Pass {missing}=np.zeros(...) for rows without an offset."
        )
    new = Observations(
        rows, np.zeros(n, bool), np.ones(n), np.zeros(n) if z_offset is None else z_offset
    )
    z, error = new.pre_activation(neuron), np.empty(n)
    for block, data in new.design.dense_blocks(range(n)):
        error[block] = lengths(found.coordinates.rows(data) @ found.root)
    half_width = norm.isf((1 - level) / 2) * error
    response = PairResponse(neuron.activation_)
    columns = {
        "probability": response.probability(z[:, None])[:, 0],
        "standard_error": response.jacobian(z[:, None])[:, 0, 0] * error,
        "lower": response.probability((z - half_width)[:, None])[:, 0],
        "upper": response.probability((z + half_width)[:, None])[:, 0],
    }
    return as_frame(columns, row_names(X_new, n))
