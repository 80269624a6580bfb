"""Fits against a rate of its own for each covariate pattern."""

import mpmath as mp
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import sparse
from test_links import LINKS, _glm
from textbooks import TABLES

from skneuron import NeuronClassifier
from skneuron.inference import goodness_of_fit
from skneuron.inference._binomial import most_likely


def _free(link, X, y, weights):
    return NeuronClassifier(link, C=np.inf).fit(X, y, weights)


@pytest.mark.parametrize("name", ["beetles, logit", "menarche", "budworm"])
@pytest.mark.parametrize("link", LINKS)
def test_grouped_fit_is_that_of_statsmodels(name, link):
    X, y, weights = TABLES[name].load()
    X, n = np.asarray(X), len(y) // 2
    groups, sizes = X[:n], weights[:n] + weights[n:]
    reference = _glm(link, groups, weights[:n] / sizes, var_weights=sizes)
    neuron = _free(link, X, y, weights)
    # The order of the rows, how X is stored and rows of weight zero do not matter.
    order = np.random.default_rng(0).permutation(2 * n)
    X, y, weights = X[order], y[order], weights[order]
    y, weights = np.append(y, 1), np.append(weights, 0.0)
    X = sparse.csc_array(np.vstack([X, np.full(X.shape[1], 17.0)]))
    grouped = goodness_of_fit(neuron, X, y, weights).grouped
    assert (grouped.n_patterns, grouped.df_residual) == (n, reference.df_resid)
    assert grouped.deviance == pytest.approx(reference.deviance, rel=1e-8)
    assert grouped.null_deviance == pytest.approx(reference.null_deviance, rel=1e-8)
    assert grouped.pearson == pytest.approx(reference.pearson_chi2, rel=1e-6)


@pytest.mark.parametrize("name", ["beetles, logit", "menarche", "budworm"])
@pytest.mark.parametrize("link", LINKS)
def test_likelihood_of_counts_is_that_of_statsmodels(name, link):
    X, y, weights = TABLES[name].load()
    X, n = np.asarray(X), len(y) // 2
    counts = np.column_stack([weights[:n], weights[n:]])
    family = sm.families.Binomial(LINKS[link]())
    reference = sm.GLM(counts, sm.add_constant(X[:n]), family).fit(tol=1e-12)
    grouped = goodness_of_fit(_free(link, X, y, weights), X, y, weights).grouped
    assert grouped.log_likelihood == pytest.approx(reference.llf, rel=1e-10)
    assert grouped.aic == pytest.approx(reference.aic, rel=1e-10)
    # As R's nobs of a glm of counts, statsmodels' nobs is the number of groups.
    assert reference.nobs == n == grouped.n_patterns
    assert grouped.bic == pytest.approx(reference.bic_llf, rel=1e-10)


def test_bic_of_counts_takes_groups_as_observations():
    """R's BIC(glm(cbind(killed, n - killed) ~ dose, binomial)) is AIC + k (log 8 - 2)."""
    X, y, weights = TABLES["beetles, logit"].load()
    fit = goodness_of_fit(_free("sigmoid", X, y, weights), X, y, weights)
    assert fit.grouped.bic == pytest.approx(fit.grouped.aic + 2 * (np.log(8) - 2), rel=1e-12)
    assert fit.grouped.bic == pytest.approx(41.59, abs=0.005)
    assert fit.bic == pytest.approx(fit.aic + 2 * (np.log(weights.sum()) - 2), rel=1e-12)
    penalised = NeuronClassifier(C=1.0).fit(X, y, weights)
    assert goodness_of_fit(penalised, X, y, weights).grouped.bic is None


@pytest.mark.parametrize(
    ("k", "rest"), [(0, 3), (1, 1), (1, 15), (17, 4), (0.5, 2.25), (3, 10**9), (10**12, 10**15)]
)
def test_binomial_probabilities_of_any_counts(k, rest):
    with mp.workdps(60):
        k, rest = mp.mpf(k), mp.mpf(rest)
        n = k + rest
        logs = [m * mp.log(m / n) if m else mp.mpf(0) for m in (k, rest)]
        exact = float(mp.log(mp.binomial(n, k)) + sum(logs))
    ours = most_likely(np.array([float(k)]), np.array([float(rest)]))
    assert ours == pytest.approx(exact, rel=1e-12, abs=1e-14)


def test_patterns_are_rows_with_their_offset():
    X = np.array([[0.0], [-0.0], [1.0], [1.0], [1.0], [2.0]])
    y, offset = np.array([0, 1, 0, 1, 1, 0]), np.array([0.0, 0, 0, 0, 1, 0])
    neuron = NeuronClassifier.from_weights([0.1])
    assert goodness_of_fit(neuron, X, y).grouped.n_patterns == 3
    assert goodness_of_fit(neuron, X, y, offset=offset).grouped.n_patterns == 4


def test_pearson_of_far_tails():
    """Where p is exp(-800) no double, the rows on the right side add nothing."""
    X, y = np.array([[-800.0], [800.0], [1.0], [1.0], [-300.0]]), np.array([0, 1, 1, 0, 1])
    grouped = goodness_of_fit(NeuronClassifier.from_weights([1.0]), X[:4], y[:4]).grouped
    p = 1 / (1 + np.exp(-1))
    assert grouped.pearson == pytest.approx(2 * (0.5 - p) ** 2 / (p * (1 - p)), rel=1e-12)
    grouped = goodness_of_fit(NeuronClassifier.from_weights([1.0]), X, y).grouped
    assert grouped.pearson == pytest.approx(np.exp(300), rel=1e-9)
    grouped = goodness_of_fit(NeuronClassifier.from_weights([4.0]), X, y).grouped
    assert np.isfinite(grouped.pearson)
