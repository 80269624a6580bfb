"""Fits with bias_reduction="mean" against R's brglm2, firthmodels, and formulas written anew."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from mpmath import mp
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import estimator_checks_generator
from textbooks import grouped, read

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.activations import ACTIVATIONS
from skneuron.activations._derived import relative_curvature
from skneuron.fitting import AbsentClassWarning
from skneuron.inference import (
    coefficient_table,
    covariance,
    goodness_of_fit,
    influence,
    likelihood_ratio_test,
    marginal_effects,
    probability_interval,
    score_test,
    summary,
    wald_test,
)
from skneuron.interop.sklearn import to_logistic_regression
from skneuron.paths import neuron_path
from skneuron.separation import SeparationWarning

# --- R's brglm2, recorded by tests/r_brglm2.R -----------------------------------------------------

R = read("r_brglm2")
LINKS = {"logit": "sigmoid", "probit": "probit", "cloglog": "cloglog", "cauchit": "cauchit"}
PROBABILITIES = [name for name, kind in ACTIVATIONS.items() if kind.is_probability]
# brglm2's scoring goes round in circles there.
LOST_IN_R = {
    ("endometrial", "plain", "cauchit"),
    ("endometrial", "no intercept", "cauchit"),
    ("endometrial", "other class", "cauchit"),
    ("birthwt", "offset", "cloglog"),
    ("birthwt", "weighted and offset", "cloglog"),
}
# The adjusted score of a cauchit may have several roots, see the test below.
ANOTHER_ROOT = ("default", "rare", "cauchit")
FITS = R[R["term"] == "aic"][["table", "case", "link"]].itertuples(index=False, name=None)


def _data(name, case, terms):
    """Return (X, y, weights, offset) as the script gives them to R."""
    table = read(name)
    if case == "grouped":
        offset = 0.1 * table["log2_dose"] ** 2 if name == "budworm" else 0.0
        X, y, weights = grouped(table[terms].assign(offset=offset), table["killed"], table["n"])
        return X[terms], y, weights, X["offset"]
    response = {"endometrial": "HG", "spector": "GRADE", "birthwt": "low", "default": "default"}
    table = table[:500] if case == "rare" else table
    rows, y = np.arange(len(table)), np.asarray(table[response[name]])
    weights = 1.0 + rows % 3 if "weighted" in case else np.ones(len(table))
    offset = (rows % 5) / 4 - 0.5 if "offset" in case else np.zeros(len(table))
    return table[terms].astype(float), 1 - y if case == "other class" else y, weights, offset


def _fit(X, y, weights=None, activation="sigmoid", offset=None, **params):
    neuron = NeuronClassifier(activation, C=np.inf, bias_reduction="mean", **params)
    return neuron.fit(X, y, weights, offset=offset)


def _endometrial():
    table = read("endometrial")
    return table[["NV", "PI", "EH"]].astype(float), table["HG"]


def test_the_record_has_every_link_of_every_table():
    found = set(R[R["term"] == "aic"][["table", "case", "link"]].itertuples(index=False, name=None))
    cases = {(table, case) for table, case, _ in found}
    assert len(cases) == 14
    assert {(*case, link) for case in cases for link in LINKS} - found == LOST_IN_R


@pytest.mark.parametrize(("name", "case", "link"), FITS)
def test_estimates_and_standard_errors_are_those_of_brglm2(name, case, link):
    r = R.query("table == @name and case == @case and link == @link").set_index("term")
    terms = [term for term in r.index if term not in ("intercept", "log_likelihood", "aic")]
    has_intercept = "intercept" in r.index
    X, y, weights, offset = _data(name, case, terms)
    neuron = _fit(X, y, weights, LINKS[link], offset, fit_intercept=has_intercept)
    if (name, case, link) == ANOTHER_ROOT:
        assert neuron.converged_
        assert abs(neuron.coef_[0, 2] - r.loc["student", "value"]) > 1
        neuron.set_params(warm_start=True)
        neuron.coef_ = np.array([r.loc[terms, "value"]])
        neuron.intercept_ = np.array([r.loc["intercept", "value"]])
        neuron.fit(X, y)
    assert neuron.converged_
    assert neuron.gap_ <= 1e-18
    table = coefficient_table(neuron, X, y, weights, offset=offset)
    own = r.loc[[*terms, "intercept"] if has_intercept else terms]
    # Both end within about 1e-8 standard errors of the root.
    assert np.all(np.abs(table["estimate"] - own["value"]) < 5e-8 * own["error"])
    np.testing.assert_allclose(table["standard_error"], own["error"], rtol=1e-7)
    if case != "grouped":
        # Of counts, R's log-likelihood has binomial coefficients.
        fit = goodness_of_fit(neuron, X, y, weights, offset=offset)
        assert fit.log_likelihood == pytest.approx(r.loc["log_likelihood", "value"], rel=1e-9)
        assert fit.aic == pytest.approx(r.loc["aic", "value"], rel=1e-9)
        assert fit.note == ""
        assert -neuron.objective_ * weights.sum() == pytest.approx(fit.log_likelihood, rel=1e-12)


def test_loglog_is_the_cloglog_of_the_other_class():
    X, y = _endometrial()
    r = R.query("table == 'endometrial' and case == 'other class' and link == 'cloglog'")
    neuron = _fit(X, y, activation="loglog")
    found = np.append(neuron.coef_, neuron.intercept_)
    expected = -r.set_index("term").loc[["NV", "PI", "EH", "intercept"], "value"]
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_other_generics_of_r():
    X, y = _endometrial()
    neuron = _fit(X, y)
    rows = influence(neuron, X, y)
    r = R.query("case == 'influence'").set_index("term")["value"]
    columns = {"hatvalues": "leverage", "cooks.distance": "cooks_distance"}
    for name in ("hatvalues", "cooks.distance", "pearson", "deviance"):
        expected = [r[f"{name} {k}"] for k in range(1, 6)]
        np.testing.assert_allclose(rows[columns.get(name, name)][:5], expected, rtol=1e-7)
    robust = coefficient_table(neuron, X, y, kind="robust-expected")["standard_error"]
    expected = R.query("case == 'sandwich'").set_index("term")["error"]
    np.testing.assert_allclose(robust, expected[list(robust.index)], rtol=1e-7)


# --- formulas written anew ------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBABILITIES)
def test_relative_curvature_is_the_ratio_of_derivatives(name):
    activation = ACTIVATIONS[name]()
    z = np.linspace(-5, 5, 41)
    expected = activation.derivative2(z) / activation.derivative(z)
    np.testing.assert_allclose(relative_curvature(activation, z), expected, rtol=1e-9, atol=1e-9)
    far = relative_curvature(activation, np.array([-1e9, -800.0, 800.0, 1e9]))
    assert np.all(np.isfinite(far))
    assert np.all(far[:2] > 0)
    assert np.all(far[2:] < 0)


# The density of each distribution, for mpmath.
DENSITIES = {
    "sigmoid": lambda z: mp.e**-z / (1 + mp.e**-z) ** 2,
    "tanh": lambda z: 2 * mp.e ** (-2 * z) / (1 + mp.e ** (-2 * z)) ** 2,
    "probit": lambda z: mp.npdf(z),
    "cloglog": lambda z: mp.exp(z - mp.e**z),
    "loglog": lambda z: mp.exp(-z - mp.e**-z),
    "cauchit": lambda z: 1 / (mp.pi * (1 + z**2)),
}
DISTRIBUTIONS = {
    "sigmoid": lambda z: 1 / (1 + mp.e**-z),
    "tanh": lambda z: 1 / (1 + mp.e ** (-2 * z)),
    "probit": lambda z: mp.ncdf(z),
    "cloglog": lambda z: 1 - mp.exp(-(mp.e**z)),
    "loglog": lambda z: mp.exp(-(mp.e**-z)),
    "cauchit": lambda z: mp.mpf(1) / 2 + mp.atan(z) / mp.pi,
}


def _adjusted_score(name, X, y, weights, coef, intercept):
    """Return the adjusted score in 40 digits, by Kosmidis & Firth (2009), section 4.3."""
    mp.dps = 40
    density, distribution = DENSITIES[name], DISTRIBUTIONS[name]
    rows = [[mp.mpf(float(v)) for v in row] + [mp.mpf(1)] for row in X]
    w = [*map(float, coef), float(intercept)]
    z = [sum(a * mp.mpf(b) for a, b in zip(row, w, strict=True)) for row in rows]
    p, f1 = [distribution(v) for v in z], [density(v) for v in z]
    f2 = [mp.diff(density, v) for v in z]
    working = [m * d**2 / (q * (1 - q)) for m, d, q in zip(weights, f1, p, strict=True)]
    size = range(len(w))
    information = mp.matrix(
        [
            [sum(h * row[i] * row[j] for h, row in zip(working, rows, strict=True)) for j in size]
            for i in size
        ]
    )
    inverse = information**-1
    out = [mp.mpf(0) for _ in size]
    for i, row in enumerate(rows):
        column = mp.matrix(row)
        leverage = working[i] * (column.T * inverse * column)[0]
        slope = weights[i] * f1[i] * (int(y[i]) - p[i]) / (p[i] * (1 - p[i]))
        for j in size:
            out[j] += (slope + leverage * f2[i] / f1[i] / 2) * row[j]
    errors = [mp.sqrt(inverse[j, j]) for j in size]
    return [float(value * error) for value, error in zip(out, errors, strict=True)]


@pytest.mark.parametrize("name", PROBABILITIES)
def test_the_adjusted_score_is_zero(name):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(12, 2)).round(2)
    y, weights = X[:, 0] > 0.3, rng.integers(1, 4, 12).astype(float)
    neuron = _fit(X, y, weights, name)
    assert neuron.converged_
    score = _adjusted_score(name, X, y, weights, neuron.coef_[0], neuron.intercept_[0])
    # In units of the standard errors, so that it is the distance from the root.
    np.testing.assert_allclose(score, 0, atol=3e-8)


def test_the_logit_maximizes_the_penalized_likelihood():
    X, y = _endometrial()
    design = np.column_stack([X, np.ones(len(X))]) * [1, 0.1, 1, 1]

    def minus_penalized(w):
        z = design @ w
        p = 1 / (1 + np.exp(-z))
        information = (design.T * (p * (1 - p))) @ design
        return np.logaddexp(0, np.where(y, -z, z)).sum() - np.linalg.slogdet(information)[1] / 2

    found = minimize(minus_penalized, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    neuron = _fit(X, y)
    expected = np.append(neuron.coef_, neuron.intercept_)
    np.testing.assert_allclose(found.x * [1, 0.1, 1, 1], expected, atol=1e-4)


def test_a_saturated_fit_adds_half_a_success_and_half_a_failure():
    """The logit of a rate is log((r + ½) / (n - r + ½)), Haldane's estimate."""
    X, y, counts = [[0.0], [1.0]] * 2, [1, 1, 0, 0], [3.0, 0.0, 7.0, 5.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        neuron = _fit(X, y, counts)
    first = np.log(3.5 / 7.5)
    assert neuron.intercept_[0] == pytest.approx(first, rel=1e-8)
    assert neuron.coef_[0, 0] == pytest.approx(np.log(0.5 / 5.5) - first, rel=1e-8)


# --- data -----------------------------------------------------------------------------------------


def _random(seed=0, n=40, d=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, (X[:, 0] + 0.3 * rng.normal(size=n) > 0.2).astype(int)


@pytest.mark.parametrize("name", PROBABILITIES)
@pytest.mark.parametrize("seed", range(5))
def test_separated_classes_have_finite_coefficients(name, seed):
    X, _ = _random(seed, n=8 + 3 * seed, d=2)
    y = X[:, 0] > np.median(X[:, 0])
    neuron = _fit(X, y, activation=name)
    assert neuron.converged_
    assert np.all(np.isfinite(neuron.coef_))
    assert np.abs(neuron.decision_function(X)).max() < 1e3
    table = coefficient_table(neuron, X, y)
    assert np.all(table["note"] == "")
    assert np.all(table["standard_error"] > 0)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_units_change_no_prediction(name):
    X, y = _random()
    units = np.array([1e-8, 1e8, 3.0])
    one, other = _fit(X, y, activation=name), _fit(X * units + [0, 0, 1e3], y, activation=name)
    np.testing.assert_allclose(other.coef_ * units, one.coef_, rtol=1e-7)
    expected, found = (
        coefficient_table(one, X, y),
        coefficient_table(other, X * units + [0, 0, 1e3], y),
    )
    np.testing.assert_allclose(found["z"][:3], expected["z"][:3], rtol=1e-6)


@pytest.mark.parametrize("name", ["sigmoid", "cloglog"])
def test_weights_count_rows(name):
    X, y = _random()
    weights = 1 + np.arange(40) % 3
    whole = _fit(X, y, weights, name)
    repeated = _fit(np.repeat(X, weights, axis=0), np.repeat(y, weights), activation=name)
    np.testing.assert_allclose(whole.coef_, repeated.coef_, rtol=1e-7)
    # The adjustment is smaller for more rows, so the size of weights matters.
    assert not np.allclose(_fit(X, y, 2 * weights, name).coef_, whole.coef_, rtol=1e-2)
    # Rows of weight zero are left out.
    few = _fit(X, y, np.where(np.arange(40) < 30, weights, 0), name)
    np.testing.assert_allclose(few.coef_, _fit(X[:30], y[:30], weights[:30], name).coef_, rtol=1e-8)


def test_sparse_float32_and_large_data_give_the_same():
    X, y = _random(n=300)
    X[np.abs(X) < 0.5] = 0
    expected = _fit(X, y)
    for kind in (sparse.csr_array, sparse.csc_matrix):
        np.testing.assert_allclose(_fit(kind(X), y).coef_, expected.coef_, rtol=1e-9)
    single = _fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    assert single.converged_
    np.testing.assert_allclose(single.coef_, expected.coef_, rtol=1e-5)
    # The rounding of the stored coefficients is a part of the gap.
    assert 1e-18 < single.gap_ < 1e-10


def test_blocks_give_the_same_as_columns_in_memory(monkeypatch):
    X, y = _random(n=500)
    expected = _fit(X, y, activation="probit").coef_
    monkeypatch.setattr("skneuron.fitting._adjusted_score._KEPT_ELEMENTS", 0)
    monkeypatch.setattr("skneuron.fitting._adjusted_score._BLOCK_ELEMENTS", 64)
    monkeypatch.setattr("skneuron.inference._held._KEPT_ELEMENTS", 0)
    neuron = _fit(X, y, activation="probit")
    np.testing.assert_allclose(neuron.coef_, expected, rtol=1e-9)
    logit = _fit(X[:60], y[:60])
    found = coefficient_table(logit, X[:60], y[:60], method="profile")
    monkeypatch.undo()
    expected = coefficient_table(logit, X[:60], y[:60], method="profile")
    np.testing.assert_allclose(found["upper"], expected["upper"], rtol=1e-7)


@pytest.mark.parametrize("name", ["sigmoid", "probit", "cauchit"])
def test_dependent_and_constant_columns_change_no_prediction(name):
    X, y = _random()
    expected = _fit(X, y, activation=name)
    wide = np.column_stack([X, X[:, 0] - 2 * X[:, 1], np.full(40, 7.0)])
    neuron = _fit(wide, y, activation=name)
    assert neuron.converged_
    np.testing.assert_allclose(
        neuron.decision_function(wide), expected.decision_function(X), rtol=1e-7
    )
    table = coefficient_table(neuron, wide, y)
    assert list(table["note"] == "") == [False, False, True, False, False, False]
    own = coefficient_table(expected, X, y).loc["x2"]
    assert table.loc["x2", "standard_error"] == pytest.approx(own["standard_error"], rel=1e-7)


def test_more_columns_than_rows():
    """Each row has a parameter of its own: probabilities of ¾ and ¼ by Haldane's estimate."""
    X, y = _random(n=6, d=10)
    neuron = _fit(X, y)
    assert neuron.converged_
    np.testing.assert_allclose(neuron.predict_proba(X)[range(6), y], 0.75, rtol=1e-7)


def test_a_class_without_weight_has_a_positive_probability():
    """Firth's estimate of a rate of n among n is (n + ½) / (n + 1)."""
    _, y = _random(n=20)
    weights = (y == 1).astype(float)
    n = weights.sum()
    with pytest.warns(AbsentClassWarning, match="may still predict"):
        neuron = _fit(np.zeros((20, 1)), y, weights)
    assert neuron.predict_proba([[0.0]])[0, 1] == pytest.approx((n + 0.5) / (n + 1), rel=1e-8)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_two_rows_and_columns_of_zeros(name):
    """Two rows have the probabilities ¼ and ¾ for the logit; without any column the fit is empty."""
    neuron = _fit([[0.0], [1.0]], [0, 1], activation=name)
    assert neuron.converged_
    p = neuron.predict_proba([[0.0], [1.0]])[:, 1]
    assert p[0] < 0.5 < p[1]
    if name in ("sigmoid", "tanh"):
        np.testing.assert_allclose(p, [0.25, 0.75], rtol=1e-8)
    empty = _fit(np.zeros((6, 2)), [0, 1] * 3, activation=name, fit_intercept=False)
    assert empty.converged_
    assert not empty.coef_.any()


def test_a_validation_set_and_callbacks_see_the_iterations(capsys):
    X, y = _random()
    neuron = NeuronClassifier(C=np.inf, bias_reduction="mean", verbose=1)
    neuron.fit(X, y, X_val=X[:10], y_val=y[:10])
    assert len(capsys.readouterr().out.splitlines()) == neuron.n_iter_[0]
    losses = -np.log(neuron.predict_proba(X[:10])[range(10), y[:10]])
    assert neuron.history_["validation_loss"][-1] == pytest.approx(losses.mean(), rel=1e-9)


def test_an_extreme_offset_ends_without_a_wrong_claim():
    X, y = _random()
    offset = np.where(np.arange(40) % 2, 1e4, -1e4)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        neuron = _fit(X, y, activation="probit", offset=offset)
    assert not neuron.converged_
    assert neuron.gap_ > 1e-13


# --- the estimator --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "probit", "cauchit"])
def test_checks_of_scikit_learn(name):
    neuron = NeuronClassifier(name, C=np.inf, bias_reduction="mean")
    n_checks = 0
    for estimator, check in estimator_checks_generator(neuron):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(estimator)
        n_checks += 1
    assert n_checks > 50


def test_clones_pickles_and_searches():
    X, y = _random()
    neuron = _fit(X, y)
    assert clone(neuron).bias_reduction == "mean"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(neuron)).coef_, neuron.coef_)
    grid = {"activation": ["sigmoid", "cloglog"], "bias_reduction": [None, "mean"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)
        search = GridSearchCV(NeuronClassifier(C=np.inf), grid, scoring="neg_log_loss").fit(X, y)
    assert search.best_params_["bias_reduction"] == "mean"


def test_attributes_and_history():
    X, y = _endometrial()
    neuron = _fit(X, y)
    assert neuron.solver_ == "FisherScoring"
    assert neuron.history_["objective"][-1] == pytest.approx(neuron.objective_, rel=1e-12)
    assert len(neuron.history_["n_passes"]) == neuron.n_iter_[0] > 1
    again = NeuronClassifier(C=np.inf, bias_reduction="mean", warm_start=True).fit(X, y)
    assert again.fit(X, y).n_iter_[0] == 1
    np.testing.assert_allclose(again.coef_, neuron.coef_, rtol=1e-8)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_a_fit_that_ends_early_says_so(name):
    X, y = _endometrial()
    for max_iter in (0, 2):
        with pytest.warns(ConvergenceWarning, match="max_iter ended the fit"):
            neuron = _fit(X, y, activation=name, max_iter=max_iter)
        assert not neuron.converged_
        assert neuron.gap_ > 1e-6
        with pytest.raises(ValueError, match="standard errors from the root of the adjusted score"):
            coefficient_table(neuron, X, y)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_every_tolerance_ends(name):
    X, y = _endometrial()
    for tol in (0.0, 1e-30):
        neuron = _fit(X, y, activation=name, tol=tol)
        assert neuron.converged_
        assert neuron.n_iter_[0] < 100
    rough = _fit(X, y, activation=name, tol=1e-4)
    assert rough.gap_ <= 1e-4
    assert rough.n_iter_[0] < neuron.n_iter_[0]


def test_the_gap_is_half_of_the_squared_distance_in_standard_errors():
    X, y = _endometrial()
    best, rough = _fit(X, y), _fit(X, y, tol=1e-5)
    away = np.append(rough.coef_ - best.coef_, rough.intercept_ - best.intercept_)
    information = np.linalg.inv(np.asarray(covariance(best, X, y)))
    expected = away @ information @ away / 2 / len(y) / np.log(2)
    # The score is linear in the distance up to the derivative of the adjustment.
    assert expected / 3 < rough.gap_ < 3 * expected


REFUSED = {
    "C": ({"C": 1.0}, "got C=1.0. Expected C=np.inf"),
    "l1_ratio": ({"l1_ratio": 0.5}, "got l1_ratio=0.5. Expected l1_ratio=0.0"),
    "penalty_factor": ({"penalty_factor": [1, 1, 0]}, "Expected penalty_factor=None"),
    "bounds": ({"bounds": (0, None)}, "Expected bounds=None"),
    "solver": ({"solver": "sgd"}, "got solver='sgd'. Expected solver='auto'"),
    "early_stopping": ({"early_stopping": True}, "Expected early_stopping=False"),
    "loss": ({"loss": "squared_error"}, "the loss 'squared_error', which is no likelihood"),
    "activation": ({"activation": "relu"}, "activation='relu' and the loss 'squared_error'"),
    "step": ({"activation": "step"}, "activation='step' and the loss 'perceptron'"),
    "value": ({"bias_reduction": "median"}, "bias_reduction='median'. Expected None or 'mean'"),
    "number": ({"bias_reduction": 1}, "bias_reduction=1. Expected None or 'mean'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    params, message = REFUSED[case]
    X, y = _random()
    neuron = NeuronClassifier(**({"C": np.inf, "bias_reduction": "mean"} | params))
    with pytest.raises(ValueError, match=message):
        neuron.fit(X, y)
    assert not hasattr(neuron, "coef_")


def test_three_classes_and_many_columns_are_refused():
    X, y = _random()
    with pytest.raises(ValueError, match=r"got 3 classes\. Fit one neuron for each class"):
        _fit(X, np.arange(40) % 3)
    with pytest.raises(ValueError, match=r"got 2001 features\. Expected at most 2000"):
        _fit(np.zeros((40, 2001)), y)


def test_partial_fit_is_not_available():
    X, y = _random()
    neuron = NeuronClassifier(C=np.inf, bias_reduction="mean")
    with pytest.raises(AttributeError) as caught:
        neuron.partial_fit(X, y, classes=[0, 1])
    assert "needs the leverages of all rows" in str(caught.value.__cause__)


def test_a_search_for_c_and_a_logistic_regression_have_no_bias_reduction():
    message = "because the search chooses a penalty"
    with pytest.raises(TypeError, match=message):
        NeuronClassifierCV(bias_reduction="mean")
    with pytest.raises(ValueError, match=message):
        NeuronClassifierCV().set_params(bias_reduction="mean")
    X, y = _random()
    neuron = NeuronClassifier(C=np.inf, bias_reduction="mean")
    with pytest.raises(ValueError, match="a path has penalties and the adjusted score has none"):
        neuron_path(X, y, [1.0, np.inf], neuron=neuron)
    with pytest.raises(ValueError, match="LogisticRegression has no bias_reduction"):
        to_logistic_regression(_fit(X, y))


# --- inference ------------------------------------------------------------------------------------


def test_profile_intervals_are_those_of_firthmodels():
    """firthmodels 0.8.2, conf_int(method="pl", tol=1e-10) of a fit with gtol=xtol=1e-8."""
    X, y = _endometrial()
    table = coefficient_table(_fit(X, y), X, y, method="profile")
    lower = [0.60972444, -0.12445872, -4.36518325, 1.08253711]
    upper = [7.85463171, 0.04045547, -1.23272106, 7.2092805]
    np.testing.assert_allclose(table["lower"], lower, atol=2e-7)
    np.testing.assert_allclose(table["upper"], upper, atol=2e-7)
    # Its likelihood ratio tests of NV, EH and the intercept. It has none for PI.
    p_values = table["p_value"][["NV", "EH", "intercept"]]
    np.testing.assert_allclose(
        p_values, [9.12366755e-03, 2.50686721e-05, 4.19362789e-03], rtol=1e-6
    )


def test_the_tanh_has_half_of_the_profile_intervals_of_the_logit():
    X, y = _endometrial()
    logit, tanh = (
        coefficient_table(_fit(X, y, activation=name), X, y, method="profile")
        for name in ("sigmoid", "tanh")
    )
    for column in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(2 * tanh[column], logit[column], rtol=1e-7)
    np.testing.assert_allclose(tanh["p_value"], logit["p_value"], rtol=1e-6)


def _noisy(n, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = rng.random(n) < 1 / (1 + np.exp(-2 * X[:, 0]))
    return X, y, 1.0 + np.arange(n) % 2, 0.3 * X[:, 1] ** 2


def test_profile_intervals_with_weights_offset_and_a_dependent_column():
    X, y, weights, offset = _noisy(40)
    expected = coefficient_table(
        _fit(X, y, weights, offset=offset), X, y, weights, offset=offset, method="profile"
    )
    wide = np.column_stack([X, X[:, 0] + X[:, 1]])
    found = coefficient_table(
        _fit(wide, y, weights, offset=offset), wide, y, weights, offset=offset, method="profile"
    )
    for column in ("lower", "upper", "p_value"):
        np.testing.assert_allclose(found.loc["x2", column], expected.loc["x2", column], rtol=1e-6)
    A = np.column_stack([X[:, 1:], np.ones(40)])

    def statistic(held):
        """Return minus twice the maximum of the penalized log-likelihood, with x0 held."""

        def minus(w):
            z = A @ w + held * X[:, 0] + offset
            p = 1 / (1 + np.exp(-z))
            full = np.column_stack([A, X[:, 0]])
            information = (full.T * (weights * p * (1 - p))) @ full
            losses = weights @ np.logaddexp(0, np.where(y, -z, z))
            return 2 * losses - np.linalg.slogdet(information)[1]

        return minimize(minus, np.zeros(3), method="BFGS").fun

    best = statistic(expected.loc["x0", "estimate"])
    for end in ("lower", "upper"):
        distance = statistic(expected.loc["x0", end]) - best
        assert distance == pytest.approx(3.841458820694124, abs=1e-5)
    test = statistic(0.0) - best
    assert expected.loc["x0", "z"] ** 2 == pytest.approx(test, abs=1e-5)


def test_several_maxima_of_the_penalized_likelihood_are_refused():
    X, y = _random(n=25)
    weights, offset = 1.0 + np.arange(25) % 2, 0.3 * X[:, 1] ** 2
    neuron = _fit(X, y, weights, offset=offset)
    with pytest.raises(ValueError, match=r"several maxima with the coefficient held at 16\.6"):
        coefficient_table(neuron, X, y, weights, offset=offset, method="profile")


def test_the_other_functions_use_the_inverse_information():
    X, y = _endometrial()
    neuron = _fit(X, y)
    table, V = coefficient_table(neuron, X, y), np.asarray(covariance(neuron, X, y))
    np.testing.assert_allclose(np.sqrt(np.diag(V)), table["standard_error"], rtol=1e-12)
    test = wald_test(neuron, X, y, ["NV = 0", "EH = 0"])
    own = np.asarray(table["estimate"])[[0, 2]]
    expected = own @ np.linalg.solve(V[np.ix_([0, 2], [0, 2])], own)
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    interval = probability_interval(neuron, X, y, X[:3])
    np.testing.assert_allclose(interval["probability"], neuron.predict_proba(X[:3])[:, 1])
    design = np.column_stack([X[:3], np.ones(3)])
    z_error = np.sqrt(np.einsum("ij,jk,ik->i", design, V, design))
    p = neuron.predict_proba(X[:3])[:, 1]
    np.testing.assert_allclose(interval["standard_error"], z_error * p * (1 - p), rtol=1e-9)
    p = neuron.predict_proba(X)[:, 1]
    effects = marginal_effects(neuron, X, y, discrete="none")
    np.testing.assert_allclose(effects["effect"], (p * (1 - p)).mean() * table["estimate"][:3])


def test_the_summary_names_the_method():
    X, y = _endometrial()
    neuron = _fit(X, y)
    text = str(summary(neuron, X, y))
    assert text.startswith("Logit regression, mean bias-reduced, P(HG = 1)")
    test = wald_test(neuron, X, y, ["NV", "PI", "EH"])
    assert f"Wald χ²(3)         {test.statistic:.3f}" in text


def test_tests_of_the_likelihood_are_refused():
    X, y = _endometrial()
    neuron, nested = _fit(X, y), _fit(X[["PI"]], y)
    maximum = NeuronClassifier(C=np.inf).fit(X[["PI", "EH"]], y)
    for arguments in ((neuron, nested), (neuron, None), (maximum, nested)):
        with pytest.raises(ValueError, match="likelihood_ratio_test needs a maximum"):
            likelihood_ratio_test(*arguments, X[["PI", "EH"]] if arguments[0] is maximum else X, y)
    with pytest.raises(ValueError, match="score_test needs a maximum of the likelihood"):
        score_test(nested, X, y)
    probit = _fit(X, y, activation="probit")
    with pytest.raises(ValueError, match="gradient of no penalized likelihood"):
        coefficient_table(probit, X, y, method="profile")
    with pytest.raises(ValueError, match="class_weight"):
        coefficient_table(_fit(X, y, class_weight="balanced"), X, y)


def test_the_warning_about_separated_classes_names_it():
    X, y = _endometrial()
    with pytest.warns(SeparationWarning, match="C=1.0 or bias_reduction='mean' for finite"):
        NeuronClassifier(C=np.inf).fit(X, y)
    # More than two classes have no bias reduction.
    with pytest.warns(SeparationWarning) as caught:
        NeuronClassifier(C=np.inf).fit(pd.DataFrame({"x": range(9)}), np.repeat([0, 1, 2], 3))
    assert "bias_reduction" not in str(caught[0].message)
