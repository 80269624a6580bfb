"""Means and units of columns change no test and no standard error of a probability."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from test_links import LINKS

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    covariance,
    influence,
    marginal_effects,
    probability_interval,
    wald_test,
)

# Means of a column with a deviation of 11.5.
MEANS = [0.0, 1e4, 1e5, 738000.0, 1e7]
SCALES = [1e-280, 1e-200, 1e-156, 1e-150, 1.0, 1e6, 1e8, 1e150, 1e200, 1e300]


def _data():
    x = np.arange(40.0)
    y = (x >= 20).astype(int)
    y[18], y[21] = 1, 0
    return np.column_stack([x, np.cos(x)]), y


def _fit(X, y, link="sigmoid", **params):
    with warnings.catch_warnings():
        # A mean far above the deviation costs digits of F.
        warnings.filterwarnings("ignore", "The solver 'newton' converged, but the terms of")
        return NeuronClassifier(link, C=np.inf, **params).fit(X, y)


def _reference(link="sigmoid"):
    """The fit of statsmodels to columns of small means."""
    X, y = _data()
    family = sm.families.Binomial(LINKS[link]())
    model = sm.GLM(y, sm.add_constant(X - [20.0, 0.0]), family=family)
    return model.fit(tol=1e-14, maxiter=500, tol_criterion="params")


@pytest.mark.parametrize("link", ["sigmoid", "probit", "cloglog"])
@pytest.mark.parametrize("mean", [*MEANS, 1e9])
def test_intervals_and_effects_do_not_depend_on_means(mean, link):
    X, y = _data()
    moved, rows = X + np.array([mean, 0.0]), [3, 15, 25]
    neuron = _fit(moved, y, link)
    found = probability_interval(neuron, moved, y, moved[rows])
    theirs = _reference(link).get_prediction(sm.add_constant(X - [20.0, 0.0])[rows])
    # The rounding errors of the column of mean 1e9 are 1e-8 of its deviation.
    rtol = 1e-6 if mean < 1e9 else 3e-5
    # statsmodels' cloglog has an absolute error of 1e-16.
    ends = found[["lower", "upper"]]
    np.testing.assert_allclose(ends, theirs.conf_int(), rtol=rtol, atol=1e-15)
    if link != "cloglog":
        model = {"sigmoid": sm.Logit, "probit": sm.Probit}[link]
        fit = model(y, sm.add_constant(X - [20.0, 0.0])).fit(disp=False, tol=1e-13)
        for at in ("overall", "mean"):
            effects = marginal_effects(neuron, moved, y, at=at, kind="observed")
            margins = fit.get_margeff(at=at)
            expected = np.column_stack([margins.margeff, margins.margeff_se])
            np.testing.assert_allclose(effects[["effect", "standard_error"]], expected, rtol=rtol)


@pytest.mark.parametrize("mean", MEANS)
def test_wald_tests_do_not_depend_on_means(mean):
    X, y = _data()
    moved = X + np.array([mean, 0.0])
    test = wald_test(_fit(moved, y), moved, y, ["x0 = 0", "intercept = 0"])
    # A model without x0 has the same intercept for each mean of x0.
    theirs = _reference().wald_test("x1 = 0, const = 0", scalar=True)
    assert test.df == 2
    assert test.statistic == pytest.approx(float(theirs.statistic), rel=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_wald_tests_and_profiles_do_not_depend_on_units(scale):
    X, y = _data()
    reference = _reference()
    for unit in ([1.0, scale], [scale, 1.0]):
        scaled = X * unit
        neuron = _fit(scaled, y)
        test = wald_test(neuron, scaled, y, "x1 = 0")
        assert test.statistic == pytest.approx(float(reference.tvalues[2]) ** 2, rel=1e-6)
        expected = float(reference.wald_test("x1 = 0, x2 = 0", scalar=True).statistic)
        for pair in (["x0 = 0", "x1 = 0"], ["x0 = 0", "x0 - x1 = 0"], ["x1 = 0", "x0 = x1"]):
            test = wald_test(neuron, scaled, y, [*pair, "2*x0 = 0"])
            assert (test.df, test.statistic) == (2, pytest.approx(expected, rel=1e-6))
        table = coefficient_table(neuron, scaled, y)
        assert table["z"].iloc[0] == pytest.approx(float(reference.tvalues[1]), rel=1e-6)
        ends = ["lower", "upper"]
        own = coefficient_table(neuron, scaled, y, method="profile").iloc[:2][ends]
        plain = coefficient_table(_fit(X, y), X, y, method="profile").iloc[:2][ends]
        np.testing.assert_allclose(own.to_numpy() * np.reshape(unit, (2, 1)), plain, rtol=1e-6)
        changes = influence(neuron, scaled, y, random_state=0)["dfbeta_x0"] * unit[0]
        few = influence(_fit(X, y), X, y, random_state=0)["dfbeta_x0"]
        np.testing.assert_allclose(changes, few, rtol=1e-6)
        error = np.asarray(marginal_effects(neuron, scaled, y)["standard_error"]) * unit
        expected = marginal_effects(_fit(X, y), X, y)["standard_error"]
        np.testing.assert_allclose(error, expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_factors_may_undo_the_units(scale):
    X, y = _data()
    scaled = X * [1.0, scale]
    test = wald_test(_fit(scaled, y), scaled, y, ["x0 = 0", f"x0 - {scale} * x1 = 0"])
    expected = float(_reference().wald_test("x1 = 0, x2 = 0", scalar=True).statistic)
    assert (test.df, test.statistic) == (2, pytest.approx(expected, rel=1e-6))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_a_covariance_outside_of_float64_is_an_error(scale):
    X, y = _data()
    scaled = X * [scale, 1.0]
    with pytest.raises(ValueError, match=r"'x0' has the standard error .*Fit in other units"):
        covariance(_fit(scaled, y), scaled, y)


@pytest.mark.parametrize("factor", [1e-200, 1e-170, 1e-160, 1e155, 1e200])
def test_factors_of_hypotheses_do_not_matter(factor):
    X, y = _data()
    neuron = _fit(X, y)
    one = wald_test(neuron, X, y, [[1, 0, 0], [0, 2, 1]], [0.5, 1])
    L = np.array([[1, 0, 0], [0, 2 * factor, factor]])
    many = wald_test(neuron, X, y, L, [0.5, factor])
    assert (many.df, many.statistic) == (2, pytest.approx(one.statistic, rel=1e-12))
    ratio = many.contrasts["standard_error"] / one.contrasts["standard_error"]
    np.testing.assert_allclose(ratio, [1, factor], rtol=1e-12)


def test_right_sides_beyond_float64_are_an_error():
    X, y = _data()
    neuron = _fit(X, y)
    for hypotheses, c in (("x0 = 1e200", 0), ([1e-300, 0, 0], 1e300), (["x1 = 0", "x0=1e308"], 0)):
        with pytest.raises(ValueError, match=r"standard errors from the estimate.*units"):
            wald_test(neuron, X, y, hypotheses, c)
    far = wald_test(neuron, X, y, "x0 = 1e100")
    assert far.p_value > 0
    assert far.statistic == pytest.approx((1e100 / 0.53157) ** 2, rel=1e-4)


def test_rounding_errors_of_a_matrix_are_no_hypotheses():
    X, y = _data()
    neuron = _fit(X, y)
    one = wald_test(neuron, X, y, [1, 2, 0])
    noise = 0.1 + 0.2 - 0.3
    both = wald_test(neuron, X, y, [[1, 2, 0], [0.1 + 0.2, 0.6, noise]])
    assert (both.df, both.statistic) == (1, pytest.approx(one.statistic, rel=1e-10))
    with pytest.raises(ValueError, match="contradict"):
        wald_test(neuron, X, y, [[1, 0, 0], [0, 1, 0], [0, 2, 0]], [1e12, 0, 1])
    kept = wald_test(neuron, X, y, [[1, 0, 0], [0, 1, 0], [0, 2, 0]], [1e12, 0.5, 1])
    assert kept.df == 2


def test_more_hypotheses_than_clusters_are_an_error():
    X, y = _data()
    neuron = _fit(X, y)
    groups = np.arange(40) % 2
    arguments = {"kind": "robust", "groups": groups}
    assert wald_test(neuron, X, y, "x1 = 0", **arguments).df == 1
    with pytest.raises(ValueError, match="covariance of the 2 hypotheses is singular"):
        wald_test(neuron, X, y, ["x0 = 0", "x1 = 0"], **arguments)
