"""The summary of a fit: what R and statsmodels print."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import MatrixLike
from skneuron.inference._conditions import is_bias_reduced
from skneuron.inference._error_type import Correction, ErrorType, Kind
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import heading_of
from skneuron.inference._goodness import GoodnessOfFit, goodness_of_fit
from skneuron.inference._nested import LikelihoodRatioTest, likelihood_ratio_test
from skneuron.inference._observations import Observations
from skneuron.inference._summary_result import Summary
from skneuron.inference._summary_text import p_text
from skneuron.inference._table import coefficient_table
from skneuron.inference._wald import WaldTest, slopes_test
from skneuron.validation import FittedNeuron

__all__ = ["summary"]

_LINKS = {
    "Sigmoid": "logit",
    "Tanh": "logit of 2z",
    "Probit": "probit",
    "CLogLog": "complementary log-log",
    "LogLog": "log-log",
    "Cauchit": "cauchit",
}


def summary(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    base: object = None,
    groups: ArrayLike | None = None,
    correction: Correction = None,
    exponentiate: bool = False,
    method: Literal["wald", "profile"] = "wald",
) -> Summary:
    """Return the coefficient table with the goodness of fit, to print or to show in a notebook.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without a penalty to these data.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    level : float, default=0.95
        Coverage of the intervals.
    kind : {"expected", "observed", "robust", "robust-expected"}, default="expected"
        Standard error type, see :func:`coefficient_table` for this and the next parameters.
    offset : array-like of shape (n_samples,), default=None
    base : label, default=None
    groups : array-like of shape (n_samples,), default=None
    correction : {None, "groups", "HC1", "HC2", "HC3"}, default=None
    exponentiate : bool, default=False
    method : {"wald", "profile"}, default="wald"

    Returns
    -------
    Summary

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If standard errors are invalid, see :func:`coefficient_table`.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import summary
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> print(summary(neuron, X, y, counts))
    Logit regression, P(y = 1)
    Observations               30    Log-likelihood       -16.852
    Parameters                  2    Null log-likelihood  -20.728
    Standard errors      expected    McFadden's R²         0.1870
    Likelihood ratio χ²(1)  7.752    AIC                   37.703
    p-value               0.00536    BIC                   40.506
    <BLANKLINE>
               estimate  standard_error       z  p_value   lower   upper
    x0            1.396          0.5622   2.483    0.013  0.2938   2.497
    intercept    -1.219          0.6754  -1.806    0.071  -2.543  0.1043
    """
    table = coefficient_table(
        neuron,
        X,
        y,
        sample_weight,
        level,
        kind,
        offset=offset,
        base=base,
        groups=groups,
        correction=correction,
        exponentiate=exponentiate,
        method=method,
    )
    fit = goodness_of_fit(neuron, X, y, sample_weight, offset=offset)
    notes = _notes(table)
    n_outputs = max(1, len(neuron.classes_) - 1)
    test: LikelihoodRatioTest | WaldTest | None = None
    # Away from the maximum, as in a fit of separated classes that ended early, there is no test.
    if neuron.fit_intercept and fit.n_parameters > n_outputs and not fit.note:
        if kind.startswith("robust") or is_bias_reduced(neuron):
            # The likelihood ratio has no χ² distribution if rows depend on each other, or if the
            # coefficients do not maximize the likelihood.
            observations = Observations.of(neuron, X, y, sample_weight, offset)
            error_type = ErrorType.of(kind, observations, groups, correction)
            test, reason = slopes_test(estimates_of(neuron, observations, error_type), level)
            notes += reason
        else:
            test = likelihood_ratio_test(neuron, None, X, y, sample_weight, offset=offset)
    return Summary(
        _title(neuron, heading_of(neuron, y, base)),
        _facts(fit, test, kind if groups is None else f"{kind}, clusters"),
        table,
        fit,
        test,
        notes,
    )


def _title(neuron: FittedNeuron, heading: str) -> str:
    if len(neuron.classes_) > 2:
        return f"Softmax regression of {len(neuron.classes_)} classes, {heading}"
    link = _LINKS.get(type(neuron.activation_).__name__, type(neuron.activation_).__name__)
    reduced = ", mean bias-reduced" if is_bias_reduced(neuron) else ""
    return f"{link[0].upper()}{link[1:]} regression{reduced}, {heading}"


def _facts(
    fit: GoodnessOfFit, test: LikelihoodRatioTest | WaldTest | None, kind: str
) -> dict[str, str]:
    """Return the numbers above the table, of the left and of the right column in turn."""
    criteria = [
        "not at a maximum" if criterion is None else f"{criterion:.3f}"
        for criterion in (fit.aic, fit.bic)
    ]
    facts = {
        "Observations": f"{fit.n_observations:g}",
        "Log-likelihood": f"{fit.log_likelihood:.3f}",
        "Parameters": str(fit.n_parameters),
        "Null log-likelihood": f"{fit.null_log_likelihood:.3f}",
        "Standard errors": kind,
        "McFadden's R²": f"{fit.mcfadden:.4f}",
    }
    right = {"AIC": criteria[0], "BIC": criteria[1]}
    if test is None:
        return facts | right
    name = "Wald" if isinstance(test, WaldTest) else "Likelihood ratio"
    return facts | {
        f"{name} χ²({test.df})": f"{test.statistic:.3f}",
        "AIC": criteria[0],
        "p-value": p_text(test.p_value),
        "BIC": criteria[1],
    }


def _notes(table: Any) -> tuple[str, ...]:
    """Return a sentence for each reason that coefficients have no number."""
    notes = [str(note) for note in np.asarray(table["note"]).tolist()]
    found = []
    if any(note.startswith("separated") for note in notes):
        found.append(
            "A hyperplane separates some observations, so coefficients with this note are "
            "infinite. method='profile' has an interval and a test for them."
        )
    if any(note.startswith(("collinear", "always zero")) for note in notes):
        found.append(
            "Some features are linear combinations of others, and have no coefficients of their "
            "own. Leave one of them out."
        )
    return tuple(found)
