"""Marginal effects: changes of the probability with a feature."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import AnyArray, MatrixLike, wrong_value
from skneuron.inference._effects import change_of, point_of, slope_of
from skneuron.inference._error_type import Correction, ErrorType, Kind
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import as_frame, heading_of
from skneuron.inference._observations import Observations, feature_names
from skneuron.inference._parameters import lengths
from skneuron.inference._response import LayerResponse, PairResponse, Response
from skneuron.inference._wald_columns import check_level, wald_columns
from skneuron.validation import FittedNeuron

__all__ = ["marginal_effects"]


def marginal_effects(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    at: Literal["overall", "mean"] = "overall",
    level: float = 0.95,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    discrete: Literal["auto", "none"] | list[str] | list[int] = "auto",
    groups: ArrayLike | None = None,
    correction: Correction = None,
) -> Any:
    """Return the effect of each feature on the probability, with delta-method standard errors.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without a penalty to these data. More than two classes need
        ``activation="sigmoid"`` (softmax).
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    at : {"overall", "mean"}, default="overall"
        ``"overall"`` is the mean of the effects of all rows, the average marginal effect.
        ``"mean"`` is the effect in a row with the means of all features (and offsets).
    level : float, default=0.95
        Coverage of the intervals.
    kind : {"expected", "observed", "robust", "robust-expected"}, default="expected"
        Covariance of the coefficients, see :func:`coefficient_table` for this and for ``groups``
        and ``correction``. R's ``margins`` uses ``"expected"``, and statsmodels' ``Probit`` uses
        ``"observed"``.
    offset : array-like of shape (n_samples,), default=None
        Offset of the fit.
    discrete : {"auto", "none"} or list of names or column numbers, default="auto"
        Features with values 0 and 1 whose effect is the change of the probability from 0 to 1.
        ``"auto"`` takes all features that have both values and no other. The effect of any other
        feature is the slope, the derivative of the probability in the feature.
    groups : array-like of shape (n_samples,), default=None
    correction : {None, "groups", "HC1", "HC2", "HC3"}, default=None

    Returns
    -------
    pandas.DataFrame or Table
        One row per feature, with more than two classes for each class. Columns ``effect``,
        ``standard_error``, ``z``, ``p_value``, ``lower``, ``upper`` and ``change`` (``"slope"`` or
        ``"0 to 1"``). The effects of two classes are on the probability of ``classes_[1]``.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If a coefficient has no standard error, if a discrete feature has other values than 0
        and 1, or if standard errors are invalid (see :func:`coefficient_table`).

    Notes
    -----
    The dummy columns of a category are separate features here: the change from 0 to 1 of one
    dummy leaves the other dummies as they are.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import marginal_effects
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> effects = marginal_effects(neuron, X, y, counts)
    >>> effects[["effect", "standard_error", "change"]].round(3)
    P(y = 1)  effect  standard_error change
    x0         0.264           0.057  slope
    """
    check_level(level)
    if at not in ("overall", "mean"):
        raise ValueError(wrong_value("at", at, "'overall' or 'mean'", "at='overall'"))
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    error_type = ErrorType.of(kind, observations, groups, correction)
    found = estimates_of(neuron, observations, error_type).complete("marginal_effects")
    names = feature_names(neuron)
    classes = neuron.classes_.tolist()
    parameters = found.values.reshape(found.n_outputs, -1)
    others = list(range(1, len(classes)))
    response: Response = (
        LayerResponse(others) if observations.is_layer else PairResponse(neuron.activation_)
    )
    point = point_of(observations, parameters, at, neuron.fit_intercept)
    is_discrete = _discrete(discrete, observations, names)
    effects, gradients = [], []
    for j in range(len(names)):
        of_feature = change_of if is_discrete[j] else slope_of
        effect, gradient = of_feature(response, point, parameters, j, found.coordinates)
        effects.append(effect)
        gradients.append(gradient)
    effect = np.stack(effects, axis=1).ravel()
    gradient = np.stack(gradients, axis=1).reshape(len(effect), -1)
    error = lengths(gradient @ found.root)
    change = np.where(is_discrete, "0 to 1", "slope").astype(object)
    index: list[Any] = names
    if observations.is_layer:
        index = [(label, name) for label in classes for name in names]
        change = np.tile(change, len(classes))
    columns = wald_columns("effect", effect, error, level) | {"change": change}
    return as_frame(columns, index, "" if observations.is_layer else heading_of(neuron, y))


def _discrete(
    discrete: Literal["auto", "none"] | list[str] | list[int],
    observations: Observations,
    names: list[str],
) -> AnyArray:
    """Return whether the effect of each feature is a change from 0 to 1."""
    used = observations.weights > 0
    is_binary = np.ones(len(names), dtype=bool)
    ones = np.zeros(len(names))
    for rows, data in observations.design.dense_blocks(range(len(used))):
        inside = data[used[rows]]
        is_binary &= ((inside == 0) | (inside == 1)).all(axis=0)
        ones += inside.sum(axis=0)
    if isinstance(discrete, str):
        if discrete not in ("auto", "none"):
            raise ValueError(
                wrong_value(
                    "discrete",
                    discrete,
                    "'auto', 'none' or a list of features",
                    f"discrete=[{names[0]!r}]",
                )
            )
        both = (ones > 0) & (ones < used.sum())
        return np.asarray(is_binary & both & (discrete == "auto"))
    out = np.zeros(len(names), dtype=bool)
    for feature in discrete:
        j = names.index(feature) if feature in names else feature
        if not isinstance(j, int | np.integer) or not 0 <= j < len(names):
            raise ValueError(
                f"Got discrete with the feature {feature!r}. Expected names or numbers of columns "
                f"of X: {', '.join(names)}."
            )
        if not is_binary[j]:
            raise ValueError(
                f"The feature {names[j]!r} has other values than 0 and 1. Expected 0 and 1 for a "
                "discrete change. Make one column of 0 and 1 for each level."
            )
        out[j] = True
    return out
