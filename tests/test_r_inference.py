"""Inference by R 4.2.2 on the same tables, recorded by tests/r_inference.R.

The first part has the R lines of the page "From summary(glm) to skneuron".
"""

import numpy as np
import pandas as pd
import pytest
from textbooks import grouped, read

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    covariance,
    from_formula,
    goodness_of_fit,
    influence,
    likelihood_ratio_test,
    marginal_effects,
    probability_interval,
    score_test,
    wald_test,
)

RECORDED = read("r_inference")
RACE = ["C(race)[T.2]", "C(race)[T.3]"]
NAMES = {"race2": RACE[0], "race3": RACE[1]}


def _r(example, function, column="value"):
    """Return a column of one function of R, by term."""
    rows = RECORDED[(RECORDED["example"] == example) & (RECORDED["function"] == function)]
    assert len(rows)
    return rows.set_index("term")[column].rename(index=NAMES)


def _fit(X, y, weights=None):
    return NeuronClassifier(C=np.inf).fit(X, y, weights)


@pytest.fixture(scope="module")
def births():
    pytest.importorskip("formulaic")
    data = read("birthwt")
    X, y = from_formula("low ~ age + lwt + C(race) + smoke + ptl + ht + ui", data)
    return data, X, y, _fit(X, y)


# --- the page -------------------------------------------------------------------------------------


def _assert_summary(example, neuron, X, y, weights=None):
    table = coefficient_table(neuron, X, y, weights)
    found, error = _r(example, "summary"), _r(example, "summary", "error")
    terms = list(table.index)
    np.testing.assert_allclose(table["estimate"], found[terms], rtol=1e-7)
    np.testing.assert_allclose(table["standard_error"], error[terms], rtol=1e-7)
    # confint interpolates, here between fifty and more refits.
    ends, table = _r(example, "confint"), coefficient_table(neuron, X, y, weights, method="profile")
    for side in ("lower", "upper"):
        expected = ends[[f"{R_NAMES.get(term, term)} {side}" for term in terms]]
        tolerance = 1e-5 * np.asarray(error[terms])
        assert np.all(np.abs(table[side] - np.asarray(expected)) < tolerance)


R_NAMES = {ours: theirs for theirs, ours in NAMES.items()}


def test_summary_and_confint(births):
    _, X, y, neuron = births
    _assert_summary("birthwt", neuron, X, y)
    fit, expected = goodness_of_fit(neuron, X, y), _r("birthwt", "summary")
    assert fit.log_likelihood == pytest.approx(expected["logLik"], rel=1e-9)
    assert fit.aic == pytest.approx(expected["AIC"], rel=1e-9)
    assert fit.bic == pytest.approx(expected["BIC"], rel=1e-9)
    # exp(cbind(coef(fit), confint(fit)))
    table = coefficient_table(neuron, X, y, exponentiate=True)
    np.testing.assert_allclose(table["odds_ratio"], np.exp(expected[list(table.index)]), rtol=1e-8)


def _assert_test(test, expected, prefix):
    assert test.statistic == pytest.approx(expected[f"{prefix} statistic"], rel=1e-7)
    assert test.df == expected[f"{prefix} df"]
    assert test.p_value == pytest.approx(expected[f"{prefix} p_value"], rel=1e-7)


def test_anova_and_linear_hypothesis(births):
    _, X, y, neuron = births
    small = _fit(X[["lwt", *RACE, "smoke", "ht"]], y)
    expected = _r("birthwt", "anova")
    _assert_test(likelihood_ratio_test(neuron, small, X, y), expected, "Chisq")
    _assert_test(score_test(small, X, y), expected, "Rao")
    whole = likelihood_ratio_test(neuron, None, X, y).statistic
    assert whole == pytest.approx(expected["all statistic"], rel=1e-7)
    expected = _r("birthwt", "linearHypothesis")
    test = wald_test(neuron, X, y, ["age = 0", "ptl = 0", "ui = 0"])
    _assert_test(test, expected, "3 age = 0")
    _assert_test(wald_test(neuron, X, y, RACE), expected, "2 race2 = 0")
    test = wald_test(neuron, X, y, f"{RACE[0]} - {RACE[1]} = 0")
    _assert_test(test, expected, "1 race2 - race3 = 0")


def test_predictions(births):
    data, X, y, neuron = births
    mothers = data.iloc[[0, 20]].assign(smoke=1)
    formula = "low ~ age + lwt + C(race) + smoke + ptl + ht + ui"
    _, _, X_new = from_formula(formula, data, new=mothers)
    found = probability_interval(neuron, X, y, X_new)
    value, error = _r("birthwt", "predict"), _r("birthwt", "predict", "error")
    np.testing.assert_allclose(found["probability"], value[["1", "21"]], rtol=1e-7)
    np.testing.assert_allclose(found["standard_error"], error[["1", "21"]], rtol=1e-7)
    np.testing.assert_allclose(found["lower"], value[["1 lower", "21 lower"]], rtol=1e-7)


def test_diagnostics(births):
    _, X, y, neuron = births
    rows = influence(neuron, X, y)
    for name, column in {
        "hatvalues": "leverage",
        "cooks.distance": "cooks_distance",
        "rstandard": "standardized_deviance",
    }.items():
        np.testing.assert_allclose(rows[column], _r("birthwt", name), rtol=1e-6)
    # The page: R's dfbeta uses deviance residuals where influence uses Pearson's.
    theirs = rows["dfbeta_ptl"] * rows["deviance"] / rows["pearson"]
    np.testing.assert_allclose(theirs, _r("birthwt", "dfbeta ptl"), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("vcovCL HC0", {"correction": "groups"}),
        ("vcovCL HC1", {"correction": "HC1"}),
        ("sandwich", {}),
    ],
)
def test_sandwiches(births, name, settings):
    data, X, y, neuron = births
    if settings:
        settings = settings | {"groups": data["age"]}
    found = covariance(neuron, X, y, kind="robust-expected", **settings)
    expected = _r("birthwt", name, "error")[list(found.index)]
    np.testing.assert_allclose(np.sqrt(np.diag(found)), expected, rtol=1e-7)


# --- published examples ---------------------------------------------------------------------------


def test_horseshoe_crabs_of_agresti():
    """Agresti, Categorical Data Analysis, 2nd ed. (2002), chapter 5."""
    data = read("crabs")
    X = pd.DataFrame({f"color{c}": 1.0 * (data["color"] == c) for c in ("light", "medium", "dark")})
    X["width"], y = data["width"], data["y"]
    assert np.array_equal(y, data["satell"] > 0)
    width, both = _fit(X[["width"]], y), _fit(X, y)
    _assert_summary("crabs width", width, X[["width"]], y)
    _assert_summary("crabs color", both, X, y)
    _assert_test(likelihood_ratio_test(both, width, X, y), _r("crabs color", "anova"), "Chisq")


@pytest.mark.parametrize("name", ["budworm", "menarche"])
def test_profile_intervals_of_venables_and_ripley(name):
    data = read(name)
    columns = {"budworm": ["male", "log2_dose"], "menarche": ["age"]}[name]
    events = data["killed" if name == "budworm" else "menarche"]
    X, y, counts = grouped(data[columns], events, data["n"])
    _assert_summary(name, _fit(X, y, counts), X, y, counts)


def _assert_multinom(example, X, y, base, weights=None):
    """Compare with nnet::multinom, which ends within about 1e-4 standard errors of the maximum."""
    neuron = _fit(X, y, weights)
    table = coefficient_table(neuron, X, y, weights, base=base)
    value, error = _r(example, "multinom"), _r(example, "multinom", "error")
    terms = [f"{label} {term}" for label, term in table.index]
    own = np.asarray(error[terms])
    assert np.all(np.abs(table["estimate"] - np.asarray(value[terms])) < 1e-4 * own)
    np.testing.assert_allclose(table["standard_error"], own, rtol=1e-4)
    deviance = goodness_of_fit(neuron, X, y, weights).deviance
    assert deviance == pytest.approx(value["deviance"], rel=1e-9)


def test_women_of_fox():
    data = read("womenlf")
    _assert_multinom(
        "women", data[["hincome", "children"]].astype(float), data["partic"], "not.work"
    )


def test_alligators_of_agresti():
    data = read("alligators")
    X = pd.DataFrame({"small": 1.0 * (data["size"] == "small")})
    for lake in ("Hancock", "Oklawaha", "Trafford"):
        X[f"lake{lake}"] = 1.0 * (data["lake"] == lake)
    _assert_multinom("alligators", X, data["food"], "fish", data["count"].to_numpy(float))


@pytest.mark.parametrize(("discrete", "kind"), [("none", "slope"), ("auto", "0 to 1")])
def test_marginal_effects(births, discrete, kind):
    """R's numerical derivatives have five digits."""
    _, X, y, neuron = births
    effects = marginal_effects(neuron, X, y, discrete=discrete)
    expected = _r("birthwt", f"margins {kind}")
    found = effects.loc[expected.index]
    assert set(found["change"]) == {kind}
    np.testing.assert_allclose(found["effect"], expected, rtol=1e-5)
    error = _r("birthwt", f"margins {kind}", "error")
    np.testing.assert_allclose(found["standard_error"], error, rtol=1e-5)
