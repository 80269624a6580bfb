"""Unpenalised fits of every link against statsmodels' GLM."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_breast_cancer
from test_gap import LOG_PROBA

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


@pytest.mark.parametrize("data", [_spector, _tumours])
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_equal_those_of_statsmodels(data, link, weighted):
    X, y = data()
    weights = np.random.default_rng(0).integers(1, 4, len(y)).astype(float) if weighted else None
    model = sm.GLM(
        y,
        sm.add_constant(X),
        family=sm.families.Binomial(link=LINKS[link]()),
        freq_weights=weights,
    )
    # Newton with its Hessian rather than IRLS: for cauchit that one stops early.
    with warnings.catch_warnings():
        # Its deviance takes logarithms of fitted zeros on the way.
        warnings.simplefilter("ignore", RuntimeWarning)
        reference = model.fit(tol=1e-14, maxiter=1000)
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
