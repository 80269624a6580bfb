"""Wald and score tests against statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from test_links import LINKS
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    covariance,
    influence,
    likelihood_ratio_test,
    score_test,
    wald_test,
)
from skneuron.plotting import OddsRatioDisplay


def _births():
    births = read("birthwt")
    return births[["age", "lwt", "smoke", "ht", "ui"]].astype(float), births["low"]


def _fit(X, y, link="sigmoid", weights=None, **params):
    return NeuronClassifier(link, C=np.inf, **params).fit(X, y, weights)


def _glm(X, y, link="sigmoid"):
    family = sm.families.Binomial(LINKS[link]())
    return sm.GLM(y, X.assign(intercept=1.0), family=family)


HYPOTHESES = [
    ("age = 0", "age = 0"),
    ("age - lwt = 0", "age - lwt = 0"),
    ("2 * age + 1.5e0*lwt = 0.1 - ht", "2 * age + 1.5 * lwt + ht = 0.1"),
    ("-age", "-age = 0"),
    (["smoke = 0", "ht = 1", "ui = smoke"], "smoke = 0, ht = 1, ui - smoke = 0"),
    ("intercept = 1", "intercept = 1"),
]


@pytest.mark.parametrize(("ours", "theirs"), HYPOTHESES)
@pytest.mark.parametrize("link", LINKS)
def test_wald_tests_are_those_of_statsmodels(link, ours, theirs):
    X, y = _births()
    reference = _glm(X, y, link).fit(tol=1e-14, maxiter=500, tol_criterion="params")
    test = wald_test(_fit(X, y, link), X, y, ours)
    expected = reference.wald_test(theirs, scalar=True)
    assert test.statistic == pytest.approx(float(expected.statistic), rel=1e-4)
    assert test.df == expected.df_denom
    assert test.p_value == pytest.approx(float(expected.pvalue), rel=1e-3)
    single = reference.t_test(theirs)
    columns = np.column_stack(
        [single.effect, single.sd.ravel(), single.tvalue.ravel(), single.conf_int()]
    )
    found = test.contrasts[["estimate", "standard_error", "z", "lower", "upper"]]
    np.testing.assert_allclose(found, columns, rtol=1e-4, atol=1e-6)


def test_arrays_and_text_agree_and_units_do_not_matter():
    X, y = _births()
    neuron = _fit(X, y)
    L = [[1, -1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 2]]
    one = wald_test(neuron, X, y, L, [0, 3])
    other = wald_test(neuron, X, y, ["age = lwt", "smoke + 2 * intercept = 3"])
    assert one.statistic == pytest.approx(other.statistic, rel=1e-12)
    assert list(one.contrasts.index) == ["row 0", "row 1"]
    assert wald_test(neuron, X, y, L[0]).df == 1
    tiny = X.assign(lwt=X["lwt"] * 1e9)
    pair = ["lwt = 0", "age = 0"]
    found = wald_test(_fit(tiny, y), tiny, y, pair)
    assert found.statistic == pytest.approx(wald_test(neuron, X, y, pair).statistic, rel=1e-6)
    # A redundant hypothesis changes nothing.
    more = wald_test(neuron, X, y, [*pair, "lwt + age = 0"])
    assert (more.df, more.statistic) == (
        2, pytest.approx(wald_test(neuron, X, y, pair).statistic, rel=1e-9)
    )  # fmt: skip
    table = coefficient_table(neuron, X, y, kind="robust", correction="HC1")
    robust = wald_test(neuron, X, y, "ht = 0", kind="robust", correction="HC1")
    assert robust.statistic == pytest.approx(table.loc["ht", "z"] ** 2, rel=1e-9)


def test_wald_test_of_more_classes_is_that_of_mnlogit():
    data = sm.datasets.anes96.load_pandas()
    X, y = data.exog, data.endog.astype(int)
    reference = sm.MNLogit(y, X.assign(intercept=1.0)).fit(
        method="newton", maxiter=100, tol=1e-14, disp=False
    )
    test = wald_test(_fit(X, y), X, y, ["5:age - 1:age = 0", "6:income = 0"])
    k = X.shape[1] + 1
    L = np.zeros((2, 6 * k))
    age, income = X.columns.get_loc("age"), X.columns.get_loc("income")
    L[0, 4 * k + age], L[0, age], L[1, 5 * k + income] = 1, -1, 1
    params = np.asarray(reference.params).T.ravel()
    away = L @ params
    expected = away @ np.linalg.solve(L @ np.asarray(reference.cov_params()) @ L.T, away)
    assert test.statistic == pytest.approx(expected, rel=1e-8)


def test_names_with_operators_and_spaces():
    X, y = _births()
    X = X.rename(columns={"age": "age (years)", "lwt": "age", "ht": "a+b = c", "ui": "e"})
    neuron = _fit(X, y)
    L = [[1, -1, 0, 0, 0, 0], [0, 0, 0, 1, -1, 0]]
    expected = wald_test(neuron, X, y, L).statistic
    found = wald_test(neuron, X, y, ["age (years) - age = 0", "a+b = c = e"]).statistic
    assert found == pytest.approx(expected, rel=1e-12)


def test_names_with_two_meanings_are_refused_in_text():
    X, y = _births()
    X = X.rename(columns={"age": "intercept", "lwt": "2"})
    neuron = _fit(X, y)
    for text, name in (("intercept = 0", "intercept"), ("ht = 2", "2"), ("2 * smoke = 2", "2")):
        with pytest.raises(ValueError, match=rf"'{name}' is .*\[1, 0, 0, 0, 0, 0\]"):
            wald_test(neuron, X, y, text)
    table = coefficient_table(neuron, X, y)
    for k in range(len(table)):
        test = wald_test(neuron, X, y, np.eye(6)[k])
        assert test.statistic == pytest.approx(table["z"].iloc[k] ** 2, rel=1e-9)
    assert wald_test(neuron, X, y, "smoke = 3").df == 1
    for function in (covariance, influence):
        with pytest.raises(ValueError, match=r"name 'intercept'.*X\.rename"):
            function(neuron, X, y)
    display = OddsRatioDisplay.from_estimator(neuron, X, y)
    assert display.names == ["intercept", *X.columns[1:]]
    np.testing.assert_allclose(display.ratios[0], np.exp(neuron.coef_[0, 0]))


def test_hypotheses_that_cannot_be_tested():
    X, y = _births()
    neuron = _fit(X, y)
    cases = [
        ("agee = 0", {}, r"'agee = 0'.*'agee = 0' as no name.*'age', 'lwt'"),
        ("age lwt = 0", {}, "'age lwt = 0'"),
        ("age = 1 = 2", {}, "Got the hypothesis"),
        ("age - age = 0", {}, "Got the hypothesis"),
        ("3 = 3", {}, "Got the hypothesis"),
        ("", {}, "Got the hypothesis"),
        ("age =", {}, "Got the hypothesis"),
        ("age = 0", {"c": 1}, "c=1 with a hypothesis as text"),
        ([1, 0], {}, r"shape \(2,\). Expected 6 columns"),
        (np.zeros((1, 6)), {}, "zeros only"),
        (np.full((1, 6), np.nan), {}, "NaN or infinity"),
        (np.eye(6), {"c": [1, 2]}, r"c has shape \(2,\)"),
        (["age = 0", "age = 1"], {}, "contradict"),
    ]
    for hypotheses, arguments, match in cases:
        with pytest.raises(ValueError, match=match):
            wald_test(neuron, X, y, hypotheses, **arguments)
    twice = X.assign(pounds=2 * X["lwt"])
    with pytest.raises(ValueError, match="'lwt' has no standard error: collinear with pounds"):
        wald_test(_fit(twice, y), twice, y, "lwt = 0")
    with pytest.raises(ValueError, match=r"C=np\.inf"):
        wald_test(NeuronClassifier().fit(X, y), X, y, "age = 0")


@pytest.mark.parametrize("link", LINKS)
def test_score_test_is_that_of_statsmodels(link):
    X, y = _births()
    few = ["age", "lwt"]
    nested = _fit(X[few], y, link)
    test = score_test(nested, X, y)
    model = _glm(X[few], y, link)
    at = np.append(nested.coef_, nested.intercept_)
    statistic, p, df = model.score_test(at, exog_extra=X.drop(columns=few), observed=False)
    assert test.statistic == pytest.approx(np.ravel(statistic)[0], rel=1e-7)
    assert test.p_value == pytest.approx(np.ravel(p)[0], rel=1e-6)
    assert test.df == df == 3
    # Both tests converge to the same distribution.
    ratio = likelihood_ratio_test(_fit(X, y, link), nested, X, y)
    assert test.statistic == pytest.approx(ratio.statistic, rel=0.2)


def test_score_test_of_a_table_is_pearsons_chi_square():
    """For one factor the score test is Pearson's test of independence."""
    table = np.array([[86, 29], [44, 30], [10, 25]])
    group, y = np.divmod(np.arange(6), 2)
    X = pd.DataFrame({"b": group == 1, "c": group == 2}, dtype=float)
    none = pd.DataFrame({"zero": np.zeros(6)})
    neuron = _fit(none, y, weights=table.ravel())
    test = score_test(neuron, X, y, table.ravel(), X_nested=none)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    assert test.statistic == pytest.approx(((table - expected) ** 2 / expected).sum(), rel=1e-10)
    assert test.df == 2


def test_score_tests_that_cannot_be_made():
    X, y = _births()
    nested = _fit(X[["age"]], y)
    with pytest.raises(ValueError, match="Expected more parameters in X"):
        score_test(nested, X[["age"]], y)
    with pytest.raises(ValueError, match=r"C=np\.inf"):
        score_test(NeuronClassifier().fit(X[["age"]], y), X, y)
    with pytest.raises(ValueError, match="standard errors from the maximum"):
        score_test(nested, X, 1 - y)
    with pytest.raises(ValueError, match="score_test expected two classes"):
        score_test(_fit(X[["age"]], y + X["smoke"]), X, y + X["smoke"])
    with pytest.raises(ValueError, match="NaN"):
        score_test(nested, X.assign(lwt=np.nan), y)


def _squares(X):
    return np.column_stack([X["age"] ** 2, X["lwt"]])


# Columns of a nested model of (age, lwt, smoke), and the message if the model is not nested.
NESTED = [
    (lambda X: X[["age", "lwt"]], None),
    (lambda X: np.column_stack([X["age"] - 2 * X["lwt"] + 0.1 * X["smoke"]]), None),
    (lambda X: np.column_stack([1e9 * X["smoke"] + 1e-3, X["age"] / 3]), None),
    (lambda X: 1e3 + X[["lwt", "age"]] / 7, None),
    (lambda X: X[["age", "lwt"]].astype(np.float32), None),
    (lambda X: sparse.csr_array(X[["lwt", "smoke"]].to_numpy()), None),
    (_squares, "'x0' of nested"),
    (lambda X: X[["age"]] + 1e-4 * X[["ht"]].to_numpy(), "'age' of nested"),
    (lambda X: 1e3 + X[["ht"]], "'ht' of nested"),
    (lambda X: X[["smoke", "ui"]], "'ui' of nested"),
    (lambda X: sparse.csr_array(X[["lwt", "ui"]].to_numpy()), "'x1' of nested"),
]


@pytest.mark.parametrize("k", range(len(NESTED)))
def test_models_that_are_not_nested_are_refused(k):
    X, y = _births()
    columns, match = NESTED[k]
    few, whole = columns(X), X[["age", "lwt", "smoke"]]
    nested, neuron = _fit(few, y), _fit(whole, y)
    tests = [
        lambda: likelihood_ratio_test(neuron, nested, whole, y, X_nested=few),
        lambda: score_test(nested, whole, y, X_nested=few),
    ]
    for test in tests:
        if match is None:
            assert test().df == 3 - few.shape[1]
        else:
            with pytest.raises(ValueError, match=match):
                test()


def test_fixed_coefficients_and_intercepts_of_nested_models():
    X, y = _births()
    X = X[["age", "lwt", "smoke"]]
    neuron = _fit(X, y)
    fixed = _fit(X, y, bounds={"smoke": (0.5, 0.5)})
    test = likelihood_ratio_test(neuron, fixed, X, y)
    theirs = [
        sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial()).fit(tol=1e-14).llf,
        sm.GLM(
            y, sm.add_constant(X[["age", "lwt"]]), family=sm.families.Binomial(),
            offset=0.5 * X["smoke"],
        ).fit(tol=1e-14).llf,
    ]  # fmt: skip
    assert (test.df, test.statistic) == (
        1, pytest.approx(2 * (theirs[0] - theirs[1]), rel=1e-6)
    )  # fmt: skip
    # The larger model has another fixed coefficient, or no intercept.
    few = _fit(X[["age"]], y)
    with pytest.raises(ValueError, match="fixed coefficients of nested"):
        likelihood_ratio_test(fixed, few, X, y)
    both = _fit(X, y, bounds={"smoke": (0.5, 0.5), "age": (0.0, 0.0)})
    assert likelihood_ratio_test(fixed, both, X, y).df == 1
    # The same fixed part up to rounding errors, in another unit.
    unit, larger = X[["lwt", "smoke"]] / 0.3, _fit(X, y, bounds={"lwt": (-0.01, -0.01)})
    same = _fit(unit, y, bounds={"lwt": (-0.003, -0.003)})
    assert likelihood_ratio_test(larger, same, X, y, X_nested=unit).df == 1
    with pytest.raises(ValueError, match="intercept of nested"):
        likelihood_ratio_test(_fit(X, y, fit_intercept=False), few, X, y)
    # The columns of dummies of all levels have the intercept.
    levels = X[["age"]].assign(smoke=X["smoke"], not_smoke=1 - X["smoke"])
    assert likelihood_ratio_test(_fit(levels, y, fit_intercept=False), few, levels, y).df == 1


def test_models_of_classes_that_are_not_nested_are_refused():
    data = sm.datasets.anes96.load_pandas()
    X, y = data.exog, data.endog.astype(int)
    neuron, few = _fit(X, y), X[["age", "income"]]
    assert likelihood_ratio_test(neuron, _fit(few, y), X, y, X_nested=few).df == 18
    square = np.asarray(X[["age"]]) ** 2
    with pytest.raises(ValueError, match="'x0' of nested"):
        likelihood_ratio_test(neuron, _fit(square, y), X, y, X_nested=square)
