"""Residuals, leverage and the influence of single rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm
from sklearn.utils import check_random_state

from skneuron._common import AnyArray, FloatArray, MatrixLike
from skneuron.inference._conditions import conditions_of
from skneuron.inference._error_type import ErrorType
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import as_frame, row_names
from skneuron.inference._information import Information
from skneuron.inference._observations import Observations
from skneuron.inference._parameters import Estimates
from skneuron.validation import FittedNeuron

__all__ = ["influence"]


class _Residuals(NamedTuple):
    """Probability of each row, and residuals times the root of its weight."""

    fitted: FloatArray
    pearson: FloatArray
    deviance: FloatArray
    quantile: FloatArray


def influence(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    offset: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Return residuals, leverages and the influence of each row on the coefficients.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without a penalty to these data, with two classes.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights. The influence of a row of weight 2 is the influence of both of its
        observations.
    offset : array-like of shape (n_samples,), default=None
        Offset of the fit.
    random_state : int, RandomState or None, default=None
        For the quantile residuals.

    Returns
    -------
    pandas.DataFrame or Table
        One row per row of X, with these columns:

        - ``fitted``: probability p of ``classes_[1]``.
        - ``leverage``: diagonal of the hat matrix. Its sum is the number of parameters.
        - ``pearson``: (y - p) / √(p (1 - p)), times the root of the weight.
        - ``deviance``: root of the row's contribution to the deviance, with the sign of y - p.
        - ``standardized_pearson``, ``standardized_deviance``: the same, divided by
          √(1 - leverage).
        - ``quantile``: randomised quantile residual, exactly standard normal if the model is
          correct (Dunn & Smyth, Journal of Computational and Graphical Statistics 5, 1996).
        - ``cooks_distance``: distance of all coefficients without the row.
        - ``dfbeta_`` and a name: change of a coefficient by the row, from a fit without the row
          to the fit with all rows, by one step of Fisher scoring. R's ``dfbeta`` of a glm has
          deviance residuals in place of Pearson's. NaN for a coefficient without a standard error.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If there are more than two classes, if a hyperplane separates some rows, or if
        standard errors are invalid (see :func:`coefficient_table`).

    Examples
    --------
    >>> import pandas as pd
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import influence
    >>> X = pd.DataFrame({"dose": [0.0, 1.0, 2.0, 3.0, 4.0, 9.0]})
    >>> y = [0, 1, 0, 1, 1, 0]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y)
    >>> influence(neuron, X, y)[["leverage", "pearson", "cooks_distance", "dfbeta_dose"]].round(2)
       leverage  pearson  cooks_distance  dfbeta_dose
    0      0.36    -1.21            0.65         0.25
    1      0.26     0.88            0.18        -0.11
    2      0.20    -1.07            0.17         0.06
    3      0.17     0.99            0.12        -0.00
    4      0.19     1.05            0.16         0.05
    5      0.82    -0.70            6.21        -0.93
    """
    observations = Observations.of(neuron, X, y, sample_weight, offset, two_classes="influence")
    found = estimates_of(neuron, observations, ErrorType())
    found.require_distinct_names("influence")
    _require_overlap(found)
    information = Information.of(neuron, observations, conditions_of(neuron, observations))
    residuals = _residuals(neuron, information, check_random_state(random_state))
    leverage, changes = _leverage_and_changes(information)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(1 - leverage)
        standardized = residuals.pearson / root
        cooks = standardized**2 * leverage / (1 - leverage) / max(found.n_parameters, 1)
        changes = changes / (1 - leverage)[:, None]
    columns: dict[str, AnyArray] = {
        "fitted": residuals.fitted,
        "leverage": leverage,
        "pearson": residuals.pearson,
        "deviance": residuals.deviance,
        "standardized_pearson": standardized,
        "standardized_deviance": residuals.deviance / root,
        "quantile": residuals.quantile,
        "cooks_distance": cooks,
    }
    own = [*information.coordinates.columns.tolist()]
    own += [len(found.names) - 1] * information.coordinates.has_bias
    places = {k: place for place, k in enumerate(own)}
    for k, name in enumerate(found.names):
        known = found.notes[k] == "" and k in places
        columns[f"dfbeta_{name}"] = changes[:, places[k]] if known else np.full(len(root), np.nan)
    return as_frame(columns, row_names(X, len(root)))


def _require_overlap(found: Estimates) -> None:
    """Raise ``ValueError`` if a hyperplane separates rows."""
    separated = [str(note).startswith("separated") for note in found.notes]
    if any(separated):
        raise ValueError(
            f"A hyperplane separates rows, so the coefficient of "
            f"{found.names[separated.index(True)]!r} is infinite and rows have no influence on it. "
            "influence expected classes that overlap. Leave out this feature."
        )


def _residuals(
    neuron: FittedNeuron, information: Information, random: np.random.RandomState
) -> _Residuals:
    """Return all residuals, from logarithms that are accurate in both tails."""
    data = information.observations
    y, root = data.y, np.sqrt(data.weights)
    log_q, log_p = neuron.activation_.log_proba(information.z)
    sign = np.where(y, 1.0, -1.0)
    with np.errstate(under="ignore", over="ignore"):
        odds = np.where(y, log_q - log_p, log_p - log_q)
        pearson = sign * np.exp(odds / 2) * root
        deviance = sign * np.sqrt(-2 * np.where(y, log_p, log_q)) * root
        # The residual of y = 1 is uniform over the upper fraction p of the distribution.
        tail = np.exp(np.where(y, log_p, log_q)) * (1 - random.random_sample(len(y)))
        return _Residuals(np.exp(log_p), pearson, deviance, sign * norm.isf(tail))


def _leverage_and_changes(information: Information) -> tuple[FloatArray, FloatArray]:
    """Return each row's leverage, and V x s g, the changes times 1 - leverage."""
    coordinates, basis = information.coordinates, information.estimable.basis
    design, n = information.observations.design, len(information.z)
    outer = coordinates.jacobian() @ basis
    leverage, changes = np.empty(n), np.empty((n, coordinates.size))
    for rows, data in design.dense_blocks(range(n)):
        inside = coordinates.rows(data) @ basis
        leverage[rows] = information.derivatives.expected[rows] * np.einsum(
            "ij,ij->i", inside, inside
        )
        changes[rows] = information.derivatives.slope[rows, None] * (inside @ outer.T)
    return leverage, changes
