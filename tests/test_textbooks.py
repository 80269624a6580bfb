"""Published fits to their printed digits; sources and data are in textbooks.py."""

import numpy as np
import pytest
from scipy.special import xlogy
from test_links import LINKS
from textbooks import TABLES

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    covariance,
    goodness_of_fit,
    likelihood_ratio_test,
)


def _assert_printed(value, printed, what):
    """The value rounds to what is printed: within half a unit of the last digit."""
    digits = len(printed.partition(".")[2])
    assert abs(value - float(printed)) <= 0.5000001 * 10.0**-digits, f"{what}: {value}"


def _fit(table):
    X, y, weights = table.load()
    return NeuronClassifier(table.link, C=np.inf).fit(X, y, weights), X, y, weights


def _log_likelihood(y, weights, p):
    return float(np.sum(xlogy(weights * y, p) + xlogy(weights * (1 - y), 1 - p)))


def _saturated(X, y, weights):
    """Log-likelihood of a rate for each group; of single rows it is 0 by convention."""
    if np.all(weights == 1):
        return 0.0
    events, rest = weights[y == 1], weights[y == 0]
    rate = events / (events + rest)
    return float(np.sum(xlogy(events, rate) + xlogy(rest, 1 - rate)))


@pytest.mark.parametrize("name", TABLES)
def test_coefficients_are_the_published_ones(name):
    table = TABLES[name]
    neuron, X, _, _ = _fit(table)
    estimates = dict(zip(X.columns, neuron.coef_[0], strict=True), bias=neuron.intercept_[0])
    assert table.coef.keys() <= estimates.keys()
    for column, (printed, *_) in table.coef.items():
        _assert_printed(estimates[column], printed, column)


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.figures])
def test_log_likelihoods_and_deviances_are_the_published_ones(name):
    table = TABLES[name]
    neuron, X, y, weights = _fit(table)
    total = weights.sum()
    log_likelihood = _log_likelihood(y, weights, neuron.predict_proba(X)[:, 1])
    assert -neuron.objective_ * total == pytest.approx(log_likelihood, rel=1e-12)
    null = _log_likelihood(y, weights, weights @ y / total)
    saturated = _saturated(X, y, weights)
    figures = {
        "log_likelihood": log_likelihood,
        "null_log_likelihood": null,
        "deviance": 2 * (saturated - log_likelihood),
        "null_deviance": 2 * (saturated - null),
        "likelihood_ratio": 2 * (log_likelihood - null),
        "mcfadden": 1 - log_likelihood / null,
        "percent_correct": 100 * neuron.score(X, y, weights),
    }
    for figure, printed in table.figures.items():
        _assert_printed(figures[figure], printed, figure)


@pytest.mark.parametrize(
    "name", [name for name, table in TABLES.items() if len(next(iter(table.coef.values()))) == 2]
)
def test_standard_errors_are_the_published_ones(name):
    table = TABLES[name]
    neuron, X, y, weights = _fit(table)
    found = coefficient_table(neuron, X, y, weights, kind=table.kind)
    for column, error in zip([*X.columns, "bias"], found["standard_error"], strict=True):
        _assert_printed(error, table.coef[column][1], f"standard error of {column}")


# There R has groups of the same temperature apart, where a covariate pattern is one group.
_APART = {"orings, logit", "orings, probit"}


@pytest.mark.parametrize(
    "name", [name for name, table in TABLES.items() if table.figures and name not in _APART]
)
def test_goodness_of_fit_is_the_published_one(name):
    table = TABLES[name]
    neuron, X, y, weights = _fit(table)
    fit = goodness_of_fit(neuron, X, y, weights)
    deviances = fit if np.all(weights == 1) else fit.grouped
    figures = {
        "log_likelihood": fit.log_likelihood,
        "null_log_likelihood": fit.null_log_likelihood,
        "deviance": deviances.deviance,
        "null_deviance": deviances.null_deviance,
        "likelihood_ratio": likelihood_ratio_test(neuron, None, X, y, weights).statistic,
        "mcfadden": fit.mcfadden,
    }
    for figure, printed in table.figures.items():
        if figure in figures:
            _assert_printed(figures[figure], printed, figure)


# Venables & Ripley, 4th ed., section 7.2, and the example of MASS's dose.p: log2 of the dose
# that kills a share of female moths, and its standard error by the delta method.
LETHAL_DOSES = {
    "sigmoid": {0.25: ("2.231265", "0.249909"), 0.5: ("3.263587", "0.229754"), 0.75: ("4.295910", "0.274687")},
    "probit": {0.25: ("2.19123", "0.23845"), 0.5: ("3.257703", "0.22407"), 0.75: ("4.32418", "0.2669")},
}  # fmt: skip


@pytest.mark.parametrize("link", LETHAL_DOSES)
def test_lethal_doses_of_budworms_are_the_published_ones(link):
    X, y, weights = TABLES["budworm"].load()
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    slope, bias = neuron.coef_[0, 1], neuron.intercept_[0]
    V = np.asarray(covariance(neuron, X, y, weights))
    for share, (dose, error) in LETHAL_DOSES[link].items():
        z = LINKS[link]()(share)
        ours = (z - bias) / slope
        gradient = np.array([0.0, -ours / slope, -1 / slope])
        _assert_printed(ours, dose, f"dose of {share}")
        _assert_printed(np.sqrt(gradient @ V @ gradient), error, f"error at {share}")
