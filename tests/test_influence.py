"""Residuals and influence against statsmodels, and against fits without a row."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse, stats
from test_links import LINKS
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import influence


def _births():
    births = read("birthwt")
    return births[["age", "lwt", "smoke", "ht", "ui"]].astype(float), births["low"]


def _fit(X, y, link="sigmoid", weights=None, **params):
    return NeuronClassifier(link, C=np.inf, **params).fit(X, y, weights)


def _glm(X, y, link, **data):
    family = sm.families.Binomial(LINKS[link]())
    model = sm.GLM(y, sm.add_constant(X, prepend=False), family=family, **data)
    return model.fit(tol=1e-14, maxiter=500, tol_criterion="params")


@pytest.mark.parametrize("link", LINKS)
def test_residuals_and_leverage_are_those_of_statsmodels(link):
    X, y = _births()
    theirs = _glm(X, y, link)
    found = influence(_fit(X, y, link), X, y)
    assert found["leverage"].sum() == pytest.approx(6, rel=1e-9)
    np.testing.assert_allclose(found["fitted"], theirs.fittedvalues, rtol=1e-4)
    np.testing.assert_allclose(found["pearson"], theirs.resid_pearson, rtol=1e-4)
    np.testing.assert_allclose(found["deviance"], theirs.resid_deviance, rtol=1e-4)
    reference = theirs.get_influence(observed=False)
    np.testing.assert_allclose(found["leverage"], reference.hat_matrix_diag, rtol=1e-4)
    np.testing.assert_allclose(
        found["standardized_pearson"], reference.resid_studentized, rtol=1e-4
    )
    np.testing.assert_allclose(found["cooks_distance"], reference.cooks_distance[0], rtol=1e-3)


def test_changes_are_those_of_statsmodels():
    X, y = _births()
    reference = _glm(X, y, "sigmoid").get_influence(observed=False)
    found = influence(_fit(X, y), X, y).filter(like="dfbeta_")
    assert found.columns.tolist() == [f"dfbeta_{name}" for name in [*X.columns, "intercept"]]
    np.testing.assert_allclose(found, reference.d_params, rtol=1e-5, atol=1e-10)


def test_changes_are_close_to_fits_without_the_row():
    X, y = _births()
    whole = _fit(X, y)
    found = influence(whole, X, y)
    for row in found["cooks_distance"].nlargest(5).index:
        without = _fit(X.drop(index=row), y.drop(index=row))
        change = np.append(whole.coef_ - without.coef_, whole.intercept_ - without.intercept_)
        np.testing.assert_allclose(
            found.filter(like="dfbeta_").loc[row], change, rtol=0.3, atol=0.02
        )


def test_a_row_of_weight_two_leaves_at_once():
    X, y = _births()
    weights = 1.0 + np.arange(len(y)) % 3
    neuron = _fit(X, y, weights=weights)
    found = influence(neuron, X, y, weights)
    theirs = _glm(X, y, "sigmoid", freq_weights=weights)
    # The hat matrix of statsmodels leaves the weights out.
    p = theirs.fittedvalues
    design = sm.add_constant(X, prepend=False).to_numpy()
    leverage = weights * p * (1 - p) * np.einsum(
        "ij,jk,ik->i", design, theirs.cov_params().to_numpy(), design
    )  # fmt: skip
    np.testing.assert_allclose(found["leverage"], leverage, rtol=1e-6)
    row = found["cooks_distance"].idxmax()
    kept = np.delete(np.arange(len(y)), row)
    without = _fit(X.iloc[kept], y.iloc[kept], weights=weights[kept])
    change = neuron.coef_[0] - without.coef_[0]
    np.testing.assert_allclose(found.filter(like="dfbeta_").loc[row].iloc[:-1], change, rtol=0.3)


@pytest.mark.parametrize("link", LINKS)
def test_quantile_residuals_are_normal(link):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(5000, 2))
    p = np.exp(NeuronClassifier.from_weights([1, -1], 0.5, activation=link).activation_.log_proba(
        X @ [1.0, -1.0] + 0.5
    )[1])  # fmt: skip
    y = rng.random(5000) < p
    found = influence(_fit(X, y, link), X, y, random_state=0)["quantile"]
    assert stats.kstest(found, "norm").pvalue > 0.01
    again = influence(_fit(X, y, link), X, y, random_state=0)["quantile"]
    pd.testing.assert_series_equal(found, again)
    # A wrong model does not have them: here the square of a feature is missing.
    wrong = rng.random(5000) < 1 / (1 + np.exp(-(X[:, 0] ** 2) * 2 + 3 * X[:, 1]))
    residuals = influence(_fit(X, wrong), X, wrong, random_state=0)["quantile"]
    upper = np.abs(X[:, 0]) > 1.5
    assert stats.kstest(residuals[upper], "norm").pvalue < 1e-6


def test_far_tails_keep_their_residuals():
    """Labels against probabilities of 1e-300: no overflow, no infinite residual."""
    p = 1 / (1 + np.exp(-1.0))
    X = np.array([[1.0], [1.0], [-1.0], [-1.0], [600.0], [-600.0]])
    y = [1, 0, 1, 0, 0, 1]
    # Exactly at the maximum, but for two rows of hardly any weight.
    weights = np.array([p, 1 - p, 1 - p, p, 1e-250, 1e-250])
    neuron = NeuronClassifier.from_weights([1.0], 0.0)
    found = influence(neuron, X, y, weights, random_state=0)
    assert np.isfinite(found[["pearson", "deviance", "quantile", "leverage"]]).all(axis=None)
    assert found["pearson"].iloc[4] == pytest.approx(-np.exp(300) * 1e-125, rel=1e-9)
    assert found["deviance"].iloc[5] == pytest.approx(np.sqrt(1200 * 1e-250), rel=1e-9)
    # Beyond the normal quantile of e^-600, which is -34.5.
    assert found["quantile"].iloc[4] < -34
    with pytest.raises(ValueError, match="standard errors from the maximum"):
        influence(neuron, X, y)


def test_sparse_offset_names_and_collinear_columns():
    X, y = _births()
    X.index = [f"mother {k}" for k in range(len(y))]
    one = influence(_fit(X, y), X, y, random_state=1)
    assert one.index[3] == "mother 3"
    columns = sparse.csr_array(X.to_numpy())
    other = influence(_fit(columns, y), columns, y, random_state=1)
    np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-10)
    twice = X.assign(kilos=X["lwt"] * 0.4536)
    found = influence(_fit(twice, y), twice, y, random_state=1)
    np.testing.assert_allclose(found["leverage"], one["leverage"], rtol=1e-6)
    np.testing.assert_allclose(found["dfbeta_age"], one["dfbeta_age"], rtol=1e-5, atol=1e-10)
    assert found[["dfbeta_lwt", "dfbeta_kilos"]].isna().all(axis=None)
    offset = np.linspace(-1, 1, len(y))
    moved = NeuronClassifier(C=np.inf).fit(X, y, offset=offset)
    p = moved.predict_proba(X, offset=offset)[:, 1]
    np.testing.assert_allclose(influence(moved, X, y, offset=offset)["fitted"], p, rtol=1e-10)


def test_what_has_no_influence_is_refused():
    X, y = _births()
    three = np.arange(len(y)) % 3
    with pytest.raises(ValueError, match="influence expected two classes"):
        influence(_fit(X, three), X, three)
    older = X.assign(over_35=(X["age"] > 34) * 1.0)
    with pytest.warns(UserWarning, match="separate"):
        neuron = _fit(older, y)
    with pytest.raises(ValueError, match=r"'over_35' is infinite.*Leave out"):
        influence(neuron, older, y)
    with pytest.raises(ValueError, match=r"C=np\.inf"):
        influence(NeuronClassifier().fit(X, y), X, y)
