"""Marginal effects and intervals of probabilities against statsmodels and differences."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from test_links import LINKS
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import covariance, marginal_effects, probability_interval


def _mroz():
    data = read("mroz")
    X = data.drop(columns="inlf").astype(float)
    return X.assign(city=(X["age"] > 40) * 1.0), data["inlf"]


def _fit(X, y, link="sigmoid", weights=None, **params):
    return NeuronClassifier(link, C=np.inf, **params).fit(X, y, weights)


def _statsmodels(model, X, y, **margins):
    fit = model(y, sm.add_constant(X)).fit(disp=False, tol=1e-13, maxiter=200)
    found = fit.get_margeff(**margins)
    return np.column_stack([found.margeff, found.margeff_se])


@pytest.mark.parametrize("at", ["overall", "mean"])
@pytest.mark.parametrize("dummy", [False, True])
@pytest.mark.parametrize("model", [sm.Logit, sm.Probit], ids=["sigmoid", "probit"])
def test_effects_are_those_of_statsmodels(model, at, dummy):
    X, y = _mroz()
    link = {"Logit": "sigmoid", "Probit": "probit"}[model.__name__]
    effects = marginal_effects(
        _fit(X, y, link), X, y, at=at, kind="observed", discrete="auto" if dummy else "none"
    )
    expected = _statsmodels(model, X, y, at=at, dummy=dummy)
    np.testing.assert_allclose(effects[["effect", "standard_error"]], expected, rtol=1e-5)
    assert effects.loc["city", "change"] == ("0 to 1" if dummy else "slope")
    assert effects.loc["age", "change"] == "slope"
    np.testing.assert_allclose(effects["z"], effects["effect"] / effects["standard_error"])


def test_effects_of_classes_are_those_of_mnlogit():
    data = sm.datasets.anes96.load_pandas()
    X, y = data.exog, data.endog.astype(int)
    model = sm.MNLogit(y, sm.add_constant(X))
    fit = model.fit(method="newton", maxiter=100, tol=1e-14, disp=False)
    for at in ("overall", "mean"):
        effects = marginal_effects(_fit(X, y), X, y, at=at, discrete="none")
        found = fit.get_margeff(at=at)
        expected = np.column_stack([found.margeff.T.ravel(), found.margeff_se.T.ravel()])
        np.testing.assert_allclose(effects[["effect", "standard_error"]], expected, rtol=1e-6)
    assert effects.index[0] == (0, X.columns[0])
    # Probabilities sum to 1, so the effects of a feature sum to 0.
    np.testing.assert_allclose(effects["effect"].groupby(level="term").sum(), 0, atol=1e-12)


def _differences(neuron, X, y, weights, offset, effect, **params):
    """Return an effect and its delta-method error, all by central differences."""
    theta = np.column_stack([neuron.coef_, neuron.intercept_])

    def value(parameters):
        moved = NeuronClassifier.from_weights(
            parameters[:, :-1], parameters[:, -1], activation=neuron.activation_,
            classes=neuron.classes_,
        )  # fmt: skip
        return effect(lambda data: moved.predict_proba(data, offset=offset)[:, -1])

    step = 1e-4
    # The first class of a softmax is the base.
    rows = range(1, len(theta)) if len(theta) > 1 else [0]
    gradient = []
    for k in rows:
        for j in range(theta.shape[1]):
            move = np.zeros_like(theta)
            move[k, j] = step
            gradient.append((value(theta + move) - value(theta - move)) / (2 * step))
    V = np.asarray(covariance(neuron, X, y, weights, offset=offset, **params))
    return value(theta), np.sqrt(np.array(gradient) @ V @ np.array(gradient))


@pytest.mark.parametrize("link", [*LINKS, "tanh", "softmax"])
def test_effects_are_those_of_differences(link):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=300), rng.integers(0, 2, 300)])
    softmax = link == "softmax"
    y = (X[:, 0] + 2 * rng.normal(size=300) > 0).astype(int) + softmax * (rng.random(300) < 0.4)
    weights = rng.integers(1, 4, 300).astype(float)
    offset = rng.normal(size=(300, 3) if softmax else 300) / 2
    neuron = NeuronClassifier("sigmoid" if softmax else link, C=np.inf)
    neuron.fit(X, y, weights, offset=offset)
    params = {"kind": "robust", "groups": np.arange(300) // 5}
    found = marginal_effects(neuron, X, y, weights, offset=offset, **params)[-2:]
    s, h = weights / weights.sum(), 1e-4

    def slope(p):
        move = np.array([h, 0])
        return s @ (p(X + move) - p(X - move)) / (2 * h)

    def change(p):
        return s @ (p(np.column_stack([X[:, 0], np.ones(300)])) - p(X * [1, 0]))

    for k, effect in enumerate((slope, change)):
        value, error = _differences(neuron, X, y, weights, offset, effect, **params)
        row = found.iloc[k]
        assert row["effect"] == pytest.approx(value, rel=1e-6)
        assert row["standard_error"] == pytest.approx(error, rel=1e-5)
    assert found["change"].tolist() == ["slope", "0 to 1"]


def test_how_x_is_stored_and_weighted_does_not_matter():
    X, y = _mroz()
    one = marginal_effects(_fit(X, y), X, y)
    columns = sparse.csr_array(X.to_numpy())
    other = marginal_effects(_fit(columns, y), columns, y)
    np.testing.assert_allclose(other.iloc[:, :-1], one.iloc[:, :-1], rtol=1e-6)
    weights = 1.0 + np.arange(len(y)) % 2
    rows = np.repeat(np.arange(len(y)), weights.astype(int))
    for at in ("overall", "mean"):
        weighted = marginal_effects(_fit(X, y, weights=weights), X, y, weights, at=at)
        long, labels = X.iloc[rows], y.iloc[rows]
        repeated = marginal_effects(_fit(long, labels), long, labels, at=at)
        np.testing.assert_allclose(repeated.iloc[:, :-1], weighted.iloc[:, :-1], rtol=1e-6)


def test_effects_that_cannot_be_computed():
    X, y = _mroz()
    neuron = _fit(X, y)
    cases = [
        ({"at": "median"}, "at='median'. Expected 'overall' or 'mean'"),
        ({"discrete": "all"}, "discrete='all'"),
        ({"discrete": ["age"]}, "'age' has other values than 0 and 1"),
        ({"discrete": ["town"]}, "feature 'town'"),
        ({"discrete": [99]}, "feature 99"),
    ]
    for arguments, match in cases:
        with pytest.raises(ValueError, match=match):
            marginal_effects(neuron, X, y, **arguments)
    assert marginal_effects(neuron, X, y, discrete=["city"]).loc["city", "change"] == "0 to 1"
    twice = X.assign(years=X["age"] - 1)
    with pytest.raises(ValueError, match="'age' has no standard error: collinear"):
        marginal_effects(_fit(twice, y), twice, y)
    with pytest.raises(ValueError, match=r"C=np\.inf"):
        marginal_effects(NeuronClassifier().fit(X, y), X, y)


@pytest.mark.parametrize("link", LINKS)
def test_intervals_of_probabilities_are_those_of_statsmodels(link):
    X, y = _mroz()
    X = X[["age", "educ", "kidslt6"]]
    family = sm.families.Binomial(LINKS[link]())
    theirs = sm.GLM(y, sm.add_constant(X), family=family).fit(tol=1e-14, maxiter=500)
    new = X.iloc[::50] + np.array([10, -3, 0.5])
    found = probability_interval(_fit(X, y, link), X, y, new)
    frame = theirs.get_prediction(sm.add_constant(new)).summary_frame()
    expected = frame[["mean", "mean_se", "mean_ci_lower", "mean_ci_upper"]]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found.index.tolist() == new.index.tolist()


def test_intervals_stay_inside_of_0_and_1_and_know_the_offset():
    X, y = _mroz()
    X = X[["age", "kidslt6"]]
    far = pd.DataFrame({"age": [-500.0, 500.0], "kidslt6": 0.0})
    found = probability_interval(_fit(X, y), X, y, far)
    assert ((found["lower"] >= 0) & (found["upper"] <= 1)).all()
    offset = np.linspace(-1, 1, len(y))
    neuron = NeuronClassifier(C=np.inf).fit(X, y, offset=offset)
    moved = probability_interval(
        neuron, X, y, X[:3], offset=offset, offset_new=offset[:3], level=0.5, kind="robust"
    )
    p = neuron.predict_proba(X[:3], offset=offset[:3])[:, 1]
    np.testing.assert_allclose(moved["probability"], p, rtol=1e-10)
    V = np.asarray(covariance(neuron, X, y, offset=offset, kind="robust"))
    rows = np.column_stack([X[:3], np.ones(3)])
    error = np.sqrt(np.einsum("ij,jk,ik->i", rows, V, rows))
    z = np.log(p / (1 - p)) + 0.6744897501960817 * error
    np.testing.assert_allclose(moved["upper"], 1 / (1 + np.exp(-z)), rtol=1e-9)
    with pytest.raises(ValueError, match="Got offset and no offset_new"):
        probability_interval(neuron, X, y, X[:3], offset=offset)
    with pytest.raises(ValueError, match="Got offset_new and no offset"):
        probability_interval(_fit(X, y), X, y, X[:3], offset_new=[0, 0, 0])
    three = np.arange(len(y)) % 3
    with pytest.raises(ValueError, match="probability_interval expected two classes"):
        probability_interval(_fit(X, three), X, three, X)
    with pytest.raises(ValueError, match="NaN"):
        probability_interval(_fit(X, y), X, y, X[:1] * np.nan)


def test_a_fixed_coefficient_has_no_variance():
    X, y = _mroz()
    X = X[["age", "educ"]]
    held = _fit(X, y, bounds={"educ": (0.1, 0.1)})
    offset = 0.1 * X["educ"].to_numpy()
    plain = NeuronClassifier(C=np.inf).fit(X[["age"]], y, offset=offset)
    one = probability_interval(held, X, y, X[:5])
    other = probability_interval(
        plain, X[["age"]], y, X[["age"]][:5], offset=offset, offset_new=offset[:5]
    )
    np.testing.assert_allclose(one, other, rtol=1e-7)
