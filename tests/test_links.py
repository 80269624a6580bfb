"""Unpenalised fits of every link against statsmodels' GLM."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from families import PROBABILITIES
from sklearn.datasets import load_breast_cancer, load_wine
from test_gap import LOG_PROBA
from textbooks import TABLES

from skneuron import NeuronClassifier

LINKS = {
    "sigmoid": sm.families.links.Logit,
    "probit": sm.families.links.Probit,
    "cloglog": sm.families.links.CLogLog,
    "loglog": sm.families.links.LogLog,
    "cauchit": sm.families.links.Cauchy,
}


def _spector():
    data = sm.datasets.spector.load()
    return np.asarray(data.exog, float), np.asarray(data.endog, int)


def _tumours():
    X, y = load_breast_cancer(return_X_y=True)
    return X[:, [0, 1, 4]], y


def test_every_probability_activation_is_compared():
    """Tanh is the sigmoid in other units: statsmodels has it under that name."""
    assert {*LINKS, "tanh"} == set(PROBABILITIES)


def _glm(link, X, y, **groups):
    model = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial(link=LINKS[link]()), **groups)
    with warnings.catch_warnings():
        # Its deviance takes logarithms of fitted zeros on the way.
        warnings.simplefilter("ignore", RuntimeWarning)
        return model.fit(tol=1e-14, maxiter=1000)


@pytest.mark.parametrize("data", [_spector, _tumours])
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_equal_those_of_statsmodels(data, link, weighted):
    X, y = data()
    weights = np.random.default_rng(0).integers(1, 4, len(y)).astype(float) if weighted else None
    reference = _glm(link, X, y, freq_weights=weights)
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    estimate = np.append(neuron.intercept_, neuron.coef_)
    np.testing.assert_allclose(estimate, reference.params, rtol=1e-6)
    # At statsmodels' coefficients, by SciPy: statsmodels' own is nan where it rounds p to 1.
    log_p, log_q = LOG_PROBA[link]
    z = sm.add_constant(X) @ reference.params
    counts = np.ones(len(y)) if weights is None else weights
    log_likelihood = counts @ np.where(y == 1, log_p(z), log_q(z))
    assert -neuron.objective_ * counts.sum() == pytest.approx(log_likelihood, rel=1e-9)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd"])
def test_every_solver_finds_the_same_maximum(link, solver):
    X, y = _spector()
    newton = NeuronClassifier(link, C=np.inf).fit(X, y)
    other = NeuronClassifier(link, C=np.inf, solver=solver, max_iter=200_000).fit(X, y)
    assert other.converged_
    np.testing.assert_allclose(other.coef_, newton.coef_, rtol=1e-6)


@pytest.mark.parametrize("name", ["beetles, logit", "menarche", "budworm", "orings, logit"])
@pytest.mark.parametrize("link", LINKS)
def test_grouped_data_are_rows_with_weights(name, link):
    """statsmodels gets the share of each group and its size, the neuron two rows a group."""
    X, y, weights = TABLES[name].load()
    n = len(y) // 2
    sizes = weights[:n] + weights[n:]
    groups = np.asarray(X)[:n]
    reference = _glm(link, groups, weights[:n] / sizes, var_weights=sizes)
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    estimate = np.append(neuron.intercept_, neuron.coef_)
    np.testing.assert_allclose(estimate, reference.params, rtol=1e-6)
    # Each animal a row of its own is the same likelihood.
    single = NeuronClassifier(link, C=np.inf).fit(
        np.repeat(np.asarray(X), weights.astype(int), axis=0), np.repeat(y, weights.astype(int))
    )
    np.testing.assert_allclose(single.coef_, neuron.coef_, rtol=1e-8)
    assert single.objective_ == pytest.approx(neuron.objective_, rel=1e-12)


@pytest.mark.parametrize("link", [link for link in LINKS if link != "sigmoid"])
@pytest.mark.parametrize("weighted", [False, True])
def test_more_classes_are_one_against_the_rest(link, weighted):
    X, y = load_wine(return_X_y=True)
    X = X[:, [1, 2]]
    weights = 1.0 + np.arange(len(y)) % 3 if weighted else None
    layer = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    alone = np.empty((len(y), 3))
    for k in range(3):
        reference = _glm(link, X, (y == k).astype(float), freq_weights=weights)
        estimate = np.append(layer.intercept_[k], layer.coef_[k])
        np.testing.assert_allclose(estimate, reference.params, rtol=1e-6)
        alone[:, k] = reference.predict(sm.add_constant(X))
    expected = alone / alone.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(layer.predict_proba(X), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["beetles, logit", "birthwt", "mroz, logit"])
def test_tanh_is_logistic_regression_at_twice_the_slope(name):
    X, y, weights = TABLES[name].load()
    model = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial(), freq_weights=weights)
    reference = model.fit(tol=1e-14, maxiter=1000)
    neuron = NeuronClassifier("tanh", C=np.inf).fit(X, y, weights)
    estimate = 2 * np.append(neuron.intercept_, neuron.coef_)
    np.testing.assert_allclose(estimate, reference.params, rtol=1e-6)
    assert -neuron.objective_ * weights.sum() == pytest.approx(reference.llf, rel=1e-9)
