"""What the data do not determine has no number: collinear, separated, held, not fitted."""

import warnings

import numpy as np
import pandas as pd
import pytest
from families import PROBABILITIES
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_inference import KINDS
from textbooks import TABLES

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    covariance,
    goodness_of_fit,
    likelihood_ratio_test,
)
from skneuron.separation import detect_separation

NUMBERS = ["estimate", "standard_error", "z", "p_value", "lower", "upper"]


def _data(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    group = rng.integers(0, 3, n)
    y = (rng.logistic(size=n) < X["a"] - 0.5 * X["b"]).astype(int)
    return X, y, group


def _fit(link, X, y, **params):
    """Fit to whatever it may be; a fit that runs away may say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NeuronClassifier(link, **{"C": np.inf, **params}).fit(X, y)


def _assert_split(table, without):
    """Rows named have no number but a note, all others have every number and no note."""
    lost = table["note"] != ""
    assert set(table.index[lost]) == set(without)
    assert table.loc[~lost, NUMBERS].notna().all(axis=None)
    assert np.isfinite(table.loc[~lost, NUMBERS].to_numpy()).all()
    assert (
        table.loc[lost, ["standard_error", "z", "p_value", "lower", "upper"]].isna().all(axis=None)
    )


@pytest.mark.parametrize("link", PROBABILITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_collinear_columns_have_none_and_the_rest_have_theirs(link, kind):
    X, y, _ = _data()
    plain = coefficient_table(_fit(link, X, y), X, y, kind=kind)
    doubled = X.assign(again=2 * X["a"] - X["b"], late=1.6e9 + X["c"].round(3) * 0)
    table = coefficient_table(_fit(link, doubled, y), doubled, y, kind=kind)
    _assert_split(table, ["a", "b", "again", "late", "intercept"])
    np.testing.assert_allclose(
        table.loc["c", NUMBERS].astype(float), plain.loc["c", NUMBERS].astype(float), rtol=1e-6
    )
    assert table.loc["again", "note"] == "collinear with a, b"
    assert table.loc["late", "note"] == "collinear with intercept"
    assert goodness_of_fit(_fit(link, doubled, y), doubled, y).n_parameters == 4


@pytest.mark.parametrize("link", PROBABILITIES)
def test_the_dummy_trap_is_told(link):
    X, y, group = _data()
    trap = X.join(pd.get_dummies(group, prefix="g", dtype=float))
    # In other units, and beside a column far from zero, too.
    trap["g_1"] *= 1e6
    trap["seconds"] = 1.6e9 + 1e3 * np.arange(len(y)) % 977
    table = coefficient_table(_fit(link, trap, y), trap, y)
    _assert_split(table, ["g_0", "g_1", "g_2", "intercept"])
    assert table.loc["g_0", "note"] == "collinear with g_1, g_2, intercept"
    without = coefficient_table(_fit(link, trap, y, fit_intercept=False), trap, y)
    _assert_split(without, [])
    dropped = trap.drop(columns="g_2")
    expected = coefficient_table(_fit(link, dropped, y), dropped, y)
    np.testing.assert_allclose(
        table.loc["a":"c", NUMBERS[0]], expected.loc["a":"c", NUMBERS[0]], rtol=1e-6
    )
    np.testing.assert_allclose(
        table.loc["a":"c", NUMBERS[1]], expected.loc["a":"c", NUMBERS[1]], rtol=1e-6
    )


def test_a_column_of_zeros_is_told():
    X, y, _ = _data()
    X["never"] = 0.0
    for bias in (True, False):
        table = coefficient_table(_fit("probit", X, y, fit_intercept=bias), X, y)
        _assert_split(table, ["never"])
        assert table.loc["never", "note"] == "always zero"


def test_a_constant_far_from_zero_hides_nothing_of_other_columns():
    X, y, _ = _data()
    X["near"] = X["c"] + 1e-6 * np.random.default_rng(1).normal(size=len(y))
    X["constant"] = 1e12
    table = coefficient_table(_fit("sigmoid", X, y), X, y)
    _assert_split(table, ["constant", "intercept"])


@pytest.mark.parametrize("far", [1e3, 1e6, 1e9])
def test_sums_of_columns_far_from_zero_depend_on_them(far):
    """They do so but for rounding, which the fit took for no direction either."""
    X, y, _ = _data()
    X["again"] = X["a"] / 3 + X["b"] / 7 + far
    _assert_split(coefficient_table(_fit("sigmoid", X, y), X, y), ["a", "b", "again", "intercept"])


def test_noise_of_float32_that_was_fitted_is_told():
    """It took weights of 1e7, and no float can hold the others well enough beside them."""
    X, y, _ = _data()
    X = X.assign(again=X["a"] / 3 + X["b"] / 7).astype(np.float32)
    with pytest.raises(ValueError, match="others determine up to rounding"):
        coefficient_table(_fit("sigmoid", X, y), X, y)


def test_covariance_leaves_them_out():
    X, y, _ = _data()
    X["again"] = X["a"]
    found = covariance(_fit("sigmoid", X, y), X, y)
    assert list(found.index) == list(found.columns) == ["b", "c", "intercept"]
    assert np.isfinite(found.to_numpy()).all()


@pytest.mark.parametrize("link", PROBABILITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_separated_category_leaves_the_limit_of_the_rest(link, kind):
    """The rows of a category with one label drop out; all else is the fit without them."""
    X, y, group = _data()
    y = np.where(group == 2, 1, y)
    X = X.assign(g1=(group == 1) * 1.0, g2=(group == 2) * 1.0)
    table = coefficient_table(_fit(link, X, y), X, y, kind=kind)
    _assert_split(table, ["g2"])
    assert table.loc["g2", "note"] == "separated: goes to +inf"
    assert np.isnan(table.loc["g2", "estimate"])
    rest = X.loc[group != 2].drop(columns="g2")
    limit = coefficient_table(_fit(link, rest, y[group != 2]), rest, y[group != 2], kind=kind)
    for name in ("estimate", "standard_error"):
        np.testing.assert_allclose(table.loc[limit.index, name], limit[name], rtol=1e-4)
    flipped = coefficient_table(_fit(link, X.assign(g2=-X["g2"]), y), X.assign(g2=-X["g2"]), y)
    assert flipped.loc["g2", "note"] == "separated: goes to -inf"


@pytest.mark.parametrize("link", PROBABILITIES)
def test_complete_separation_leaves_nothing(link):
    X, _, _ = _data()
    y = (X["a"] + X["b"] > 0.3).astype(int)
    table = coefficient_table(_fit(link, X, y), X, y)
    _assert_split(table, table.index)
    assert (table["note"] == "separated: no finite maximum").all()
    assert covariance(_fit(link, X, y), X, y).shape == (0, 0)


@pytest.mark.parametrize("seed", range(60))
def test_exactly_separated_data_are_told(seed):
    """Small data of whole numbers, many of them separated; the linear program is the judge."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(8, 40)), int(rng.integers(1, 5))
    X = rng.integers(-2, 3, (n, d)).astype(float)
    y = (rng.logistic(size=n) < X @ rng.normal(size=d) * 2).astype(int)
    if len(np.unique(y)) < 2:
        y[0] = 1 - y[0]
    X = X * 10.0 ** rng.integers(-6, 7, d)
    link = PROBABILITIES[seed % len(PROBABILITIES)]
    table = coefficient_table(_fit(link, X, y), X, y)
    noted = table["note"].str.startswith("separated").any()
    assert noted == (detect_separation(X, y).kind != "none")


@pytest.mark.parametrize("link", PROBABILITIES)
def test_ordinary_fits_prove_by_themselves_that_classes_overlap(link, monkeypatch):
    """No linear program is solved; the fit of a table in print is a proof already."""
    import skneuron.inference._information as module

    monkeypatch.setattr(module, "separation_of", None)
    for name in ("birthwt", "spector, logit", "menarche", "vaso", "default, all"):
        X, y, weights = TABLES[name].load()
        neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
        _assert_split(coefficient_table(neuron, X, y, weights), [])


def test_no_alarm_where_probabilities_are_tiny():
    """A few rows in the far tails overlap: the weights are large, and have their errors."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-30, 1, 500), rng.normal(30, 1, 500), rng.normal(0, 1, 40)])
    y = (rng.logistic(size=len(x)) < 2 * x).astype(int)
    table = coefficient_table(_fit("sigmoid", x[:, None], y), x[:, None], y)
    _assert_split(table, [])


# --- penalties and bounds ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"C": 1.0}, "the penalty of C=1.0"),
        ({"C": 0.1, "l1_ratio": 1.0}, "the penalty of C=0.1"),
        ({"bounds": {"b": (0, None)}}, "coefficient of 'b' lies on its bound"),
    ],
)
def test_held_weights_are_refused_unless_asked_for(params, reason):
    X, y, _ = _data()
    neuron = _fit("probit", X, y, **params)
    for function in (coefficient_table, covariance):
        with pytest.raises(ValueError, match=f"{reason}.*C=np.inf.*penalized=True"):
            function(neuron, X, y)
    with pytest.raises(ValueError, match=reason):
        likelihood_ratio_test(neuron, None, X, y)
    fit = goodness_of_fit(neuron, X, y)
    assert (fit.aic, fit.bic) == (None, None)
    assert reason in fit.note
    table = coefficient_table(neuron, X, y, penalized=True)
    held = X.columns[neuron.coef_[0] == 0]
    _assert_split(table, held)
    assert (table.loc[held, "estimate"] == 0).all()


@pytest.mark.parametrize("link", PROBABILITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_penalised_errors_are_the_spread_that_the_formula_says(link, kind):
    """(H + Λ)⁻¹ M (H + Λ)⁻¹ from dense matrices of the columns as they are."""
    X, y, _ = _data()
    X = X * [1.0, 100.0, 0.01] + [0.0, 5.0, 1.0]
    neuron = _fit(link, X, y, C=0.7)
    rows = np.column_stack([X, np.ones(len(y))])
    z = rows @ np.append(neuron.coef_, neuron.intercept_)
    slopes, bends = (
        neuron.activation_.log_proba_derivative(z),
        neuron.activation_.log_proba_derivative2(z),
    )
    p = neuron.predict_proba(X)[:, 1]
    h = {
        "expected": (1 - p) * slopes[0] ** 2 + p * slopes[1] ** 2,
        "observed": -np.where(y == 1, bends[1], bends[0]),
        "robust": np.where(y == 1, slopes[1], slopes[0]) ** 2,
    }
    h["robust-expected"] = h["robust"]
    middle = rows.T @ (h[kind][:, None] * rows)
    hessian = rows.T @ (h["expected" if "expected" in kind else "observed"][:, None] * rows)
    inverse = np.linalg.inv(hessian + np.diag([1 / 0.7] * 3 + [0.0]))
    found = covariance(neuron, X, y, kind=kind, penalized=True)
    np.testing.assert_allclose(found, inverse @ middle @ inverse, rtol=1e-6, atol=1e-12)


def test_active_bounds_condition_on_the_column_being_left_out():
    X, y, _ = _data()
    neuron = _fit("sigmoid", X, y, bounds={"b": (0, None)})
    table = coefficient_table(neuron, X, y, penalized=True)
    without = coefficient_table(_fit("sigmoid", X[["a", "c"]], y), X[["a", "c"]], y)
    assert table.loc["b", "note"] == "held at its bound"
    np.testing.assert_allclose(
        table.loc[without.index, "standard_error"], without["standard_error"], rtol=1e-6
    )


def test_inactive_and_fixed_bounds_are_no_obstacle():
    X, y, _ = _data()
    free = coefficient_table(_fit("sigmoid", X, y), X, y)
    bounded = coefficient_table(_fit("sigmoid", X, y, bounds={"a": (0, None)}), X, y)
    np.testing.assert_allclose(bounded[NUMBERS], free[NUMBERS], rtol=1e-6)
    table = coefficient_table(_fit("sigmoid", X, y, bounds={"c": (0.3, 0.3)}), X, y)
    _assert_split(table, ["c"])
    assert table.loc["c", ["estimate", "note"]].tolist() == [0.3, "fixed by its bounds"]
    for bias in (True, False):
        fixed = _fit("sigmoid", X, y, bounds=(0.3, 0.3), fit_intercept=bias)
        _assert_split(coefficient_table(fixed, X, y), list("abc"))


# --- what is refused ---------------------------------------------------------------------


def test_weights_that_are_no_maximum_are_refused():
    X, y, _ = _data()
    good = _fit("probit", X, y)
    early = _fit("probit", X, y, solver="gd", max_iter=2)
    for neuron, labels in ((early, y), (good, 1 - y), (good, np.roll(y, 1))):
        for ask in (
            coefficient_table,
            covariance,
            lambda *a: likelihood_ratio_test(a[0], None, *a[1:]),
        ):
            with pytest.raises(ValueError, match="standard errors from the maximum"):
                ask(neuron, X, labels)
        fit = goodness_of_fit(neuron, X, labels)
        assert fit.aic is None
        assert "standard errors from the maximum" in fit.note
    with pytest.raises(ValueError, match="standard errors from the maximum"):
        coefficient_table(good, X, y, offset=np.linspace(-1, 1, len(y)))


def test_indefinite_second_derivatives_are_refused():
    """A cauchit's log-likelihood is not concave: this point of slope zero is no maximum."""
    x, y = np.array([-30.0, 30.0, 0.5, -0.5]), np.array([1, 0, 1, 0])
    neuron = NeuronClassifier.from_weights([1.0], 0.0, activation="cauchit")
    low, high = neuron.activation_.log_proba_derivative(x)
    wrong, right = np.split(np.where(y == 1, high, low) * x, 2)
    weights = np.repeat([1.0, -wrong.sum() / right.sum()], 2)
    for kind in ("observed", "robust"):
        with pytest.raises(ValueError, match=r"not positive definite.*kind='expected'"):
            coefficient_table(neuron, x[:, None], y, weights, kind=kind)
    for kind in ("expected", "robust-expected"):
        _assert_split(coefficient_table(neuron, x[:, None], y, weights, kind=kind), [])


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"level": 95}, "level=95. Expected a number between 0 and 1"),
        ({"level": "95 %"}, "level='95 %'. Expected a number between 0 and 1"),
        ({"kind": "HC0"}, "kind='HC0'.*'expected', 'observed', 'robust', 'robust-expected'"),
        ({"offset": [1.0]}, r"offset has shape \(1,\). Expected \(400,\)"),
        ({"sample_weight": np.full(400, -1.0)}, "negative"),
    ],
)
def test_arguments_that_cannot_work(arguments, match):
    X, y, _ = _data()
    with pytest.raises(ValueError, match=match):
        coefficient_table(_fit("sigmoid", X, y), X, y, **arguments)


def test_neurons_that_cannot_be_judged():
    X, y, group = _data()
    cases = [
        (_fit("probit", X, group), ValueError, "3 classes and activation='probit'.*softmax"),
        (_fit("relu", X, y), ValueError, "no likelihood"),
        (_fit("sigmoid", X, y, loss="squared_error"), ValueError, "no likelihood"),
        (_fit("sigmoid", X, y, class_weight="balanced"), ValueError, "class_weight=None"),
        (make_pipeline(StandardScaler(), NeuronClassifier()).fit(X, y), TypeError, "last step"),
        (NeuronClassifier(), ValueError, "not fitted"),
    ]
    for neuron, error, match in cases:
        for ask in (coefficient_table, covariance, goodness_of_fit):
            with pytest.raises(error, match=match):
                ask(neuron, X, y)
    neuron = _fit("sigmoid", X, y)
    with pytest.raises(ValueError, match=r"label 2\. Expected the labels of the fit"):
        coefficient_table(neuron, X, y + 1)
    with pytest.raises(ValueError, match=r"399 labels\. Expected 400"):
        coefficient_table(neuron, X, y[1:])


def test_models_that_are_not_nested():
    X, y, _ = _data()
    neuron, small = _fit("sigmoid", X, y), _fit("sigmoid", X[["a"]], y)
    labels = np.where(y == 1, "yes", "no")
    cases = [
        (neuron, neuron, X, "4 parameters. Expected fewer than the neuron's 4"),
        (small, neuron, X, "Expected fewer than the neuron's 2"),
        (neuron, _fit("probit", X[["a"]], y), X, "activation Probit.*Expected Sigmoid"),
        (_fit("sigmoid", X[["b", "c"]], y), small, X[["b", "c"]], "no column 'a'"),
    ]
    for large, nested, data, match in cases:
        with pytest.raises(ValueError, match=match):
            likelihood_ratio_test(
                large,
                nested,
                data[list(large.feature_names_in_)],
                y,
                X_nested=data if nested is neuron else None,
            )
    a, few = np.asarray(X), X.to_numpy()[:, :1]
    match = "nested neuron has 1 columns and X has 3. Expected its columns as X_nested"
    with pytest.raises(ValueError, match=match):
        likelihood_ratio_test(_fit("sigmoid", a, y), _fit("sigmoid", few, y), a, y)
    with pytest.raises(ValueError, match="'a' of nested is no linear combination"):
        likelihood_ratio_test(
            _fit("sigmoid", X[["b", "c"]], y), small, X[["b", "c"]], y, X_nested=X[["a"]]
        )
    # 0.03 standard errors from the maximum count as converged, but lose to the nested maximum.
    residual = y - small.predict_proba(X[["a"]])[:, 1]
    noise = X["c"] - residual * (X["c"] @ residual) / (residual @ residual)
    error = coefficient_table(small, X[["a"]], y).loc["a", "standard_error"]
    near = NeuronClassifier.from_weights(
        [small.coef_[0, 0] + 0.03 * error, 0.0], small.intercept_[0]
    )
    with pytest.raises(ValueError, match="higher log-likelihood"):
        likelihood_ratio_test(near, small, np.column_stack([X["a"], noise]), y, X_nested=X[["a"]])
    with pytest.raises(ValueError, match="label"):
        likelihood_ratio_test(neuron, _fit("sigmoid", X[["a"]], labels), X, y)
    with pytest.raises(ValueError, match="Expected a nested neuron"):
        likelihood_ratio_test(_fit("sigmoid", X, y, fit_intercept=False), None, X, y)


def test_goodness_of_other_data_has_no_criterion():
    """On a test set the log-likelihood is one, AIC is not."""
    X, y, _ = _data()
    neuron = _fit("sigmoid", X.iloc[:300], y[:300])
    fit = goodness_of_fit(neuron, X.iloc[300:], y[300:])
    p = neuron.predict_proba(X.iloc[300:])[np.arange(100), y[300:]]
    assert fit.log_likelihood == pytest.approx(np.log(p).sum())
    assert fit.aic is None
    with pytest.raises(ValueError, match="one class only"):
        goodness_of_fit(neuron, X.iloc[:3], [1, 1, 1])


def test_weights_of_a_textbook_have_their_table():
    """Typed in with all their digits; to three digits they would be no maximum."""
    X, y, _ = TABLES["spector, logit"].load()
    fitted = _fit("sigmoid", X, y)
    typed = NeuronClassifier.from_weights(
        {"GPA": 2.826113, "TUCE": 0.0951577, "PSI": 2.378688}, -13.02135
    )
    table = coefficient_table(typed, X, y)
    expected = coefficient_table(fitted, X, y)
    np.testing.assert_allclose(table["standard_error"], expected["standard_error"], rtol=1e-5)
