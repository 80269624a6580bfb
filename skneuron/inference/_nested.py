"""The likelihood ratio test of a neuron against a simpler one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from skneuron.inference._conditions import conditions_of
from skneuron.inference._null import null_z
from skneuron.inference._observations import Observations
from skneuron.inference._p_value import TOO_SMALL, above_zero, is_too_small
from skneuron.inference._standing import Standing

__all__ = ["LikelihoodRatioTest", "likelihood_ratio_test"]

# Log-likelihoods of fits to a gap of 1e-18 differ by rounding only, relative to their size.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class LikelihoodRatioTest:
    """Result of a test.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods.
    df : int
        Difference of the numbers of parameters.
    p_value : float
        What χ² with ``df`` degrees of freedom leaves above the statistic; never 0. A p-value below
        1e-300 is printed as ``< 1e-300``.
    """

    statistic: float
    df: int
    p_value: float

    def __repr__(self) -> str:
        p = f" {TOO_SMALL}" if is_too_small(self.p_value) else f"={self.p_value!r}"
        return f"{type(self).__name__}(statistic={self.statistic!r}, df={self.df!r}, p_value{p})"


def likelihood_ratio_test(
    neuron: Any,
    nested: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    X_nested: Any = None,
    *,
    offset: Any = None,
) -> LikelihoodRatioTest:
    """Test a neuron against one that it contains.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without penalty to these data.
    nested : NeuronClassifier or None
        Fitted to the same rows, on fewer columns or with weights fixed by ``bounds``. None
        is the model of the intercept (and offset) alone.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row was seen: a row of weight 2 is two rows.
    X_nested : array-like or CSR/CSC matrix of shape (n_samples, n_nested), default=None
        Columns of ``nested``; by default those of a data frame X that have its names, or X.
    offset : array-like of shape (n_samples,), default=None
        What was added to w·x + b in both.

    Returns
    -------
    LikelihoodRatioTest

    Raises
    ------
    TypeError
        If one of them is no neuron.
    ValueError
        If ``nested`` cannot be so: another activation or other classes, not fewer
        parameters, a higher likelihood; or if a test would be wrong: a penalty, an
        active bound, class weights, weights that are not at the maximum.

    Notes
    -----
    That the columns of ``nested`` are combinations of those of ``neuron`` is not checked.

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
    ours, k = _maximum(neuron, observations)
    if nested is None:
        if not neuron.fit_intercept:
            raise ValueError("the neuron has no intercept: expected a nested neuron, got None")
        null = null_z(neuron.activation_, observations, True)
        theirs, k_nested = observations.log_likelihood(neuron.activation_, null), 1
    else:
        smaller = Observations.of(nested, _columns(nested, X, X_nested), y, sample_weight, offset)
        _require_same_model(neuron, nested)
        theirs, k_nested = _maximum(nested, smaller)
    if k_nested >= k:
        raise ValueError(f"nested has {k_nested} parameters: expected fewer than the neuron's {k}")
    statistic = 2 * (ours - theirs)
    if statistic < -_ROUNDING * abs(ours):
        raise ValueError(
            f"nested has the higher log-likelihood, {theirs:.6g} to {ours:.6g}: "
            "expected a model that the neuron contains"
        )
    statistic, df = max(statistic, 0.0), k - k_nested
    return LikelihoodRatioTest(statistic, df, float(above_zero(chi2.sf(statistic, df))))


def _maximum(neuron: Any, observations: Observations) -> tuple[float, int]:
    """Return the log-likelihood and the number of parameters of a maximum; refuse others."""
    conditions = conditions_of(neuron, observations)
    conditions.require_classical()
    standing = Standing.of(neuron, observations, conditions)
    standing.require_maximum()
    return observations.log_likelihood(neuron.activation_, standing.z), standing.known.rank


def _columns(nested: Any, X: Any, X_nested: Any) -> Any:
    """Return the columns of the nested neuron."""
    names = getattr(nested, "feature_names_in_", None)
    if X_nested is not None:
        return X_nested
    if names is None or not hasattr(X, "columns"):
        n_columns = np.shape(X)[1] if np.ndim(X) == 2 else 0
        if n_columns > nested.n_features_in_:
            raise ValueError(
                f"nested has {nested.n_features_in_} columns and X has {n_columns}: expected "
                "X_nested, the columns of nested"
            )
        return X
    missing = [name for name in names if name not in X.columns]
    if missing:
        raise ValueError(f"X has no column {missing[0]!r}, which nested has: expected X_nested")
    return X[list(names)]


def _require_same_model(neuron: Any, nested: Any) -> None:
    """Raise ``ValueError`` if links or classes differ."""
    ours, theirs = neuron.activation_, nested.activation_
    if type(ours) is not type(theirs) or ours.get_params() != theirs.get_params():
        raise ValueError(f"nested has the activation {theirs!r}: expected {ours!r}")
    if not np.array_equal(neuron.classes_, nested.classes_):
        raise ValueError(
            f"nested has the classes {nested.classes_.tolist()!r}: "
            f"expected {neuron.classes_.tolist()!r}"
        )
