"""Profile likelihood intervals against R's printed ones, refits by statsmodels, and limits."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from scipy.stats import chi2
from test_links import LINKS
from textbooks import TABLES, read

from skneuron import NeuronClassifier
from skneuron.inference import coefficient_table, likelihood_ratio_test, summary

QUANTILE = chi2.ppf(0.95, 1)


def _fit(X, y, weights=None, link="sigmoid", **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NeuronClassifier(link, C=np.inf, **params).fit(X, y, weights)


def _profile(X, y, weights=None, link="sigmoid", **params):
    neuron = _fit(X, y, weights, link, **params)
    return coefficient_table(neuron, X, y, weights, method="profile")


def _endometrial():
    data = read("endometrial")
    return data[["NV", "PI", "EH"]].astype(float), data["HG"]


def test_budworm_intervals_are_those_of_r():
    """R's confint, which interpolates: help page of MASS; www.clayford.net has the last one."""
    data = read("budworm")
    X = pd.DataFrame({"F": 1.0 - data["male"], "M": data["male"], "ldose": data["log2_dose"]})
    X = pd.concat([X, X], ignore_index=True)
    y = np.repeat([1, 0], len(data))
    weights = np.concatenate([data["killed"], data["n"] - data["killed"]]).astype(float)
    table = _profile(X, y, weights, fit_intercept=False)
    printed = [(-4.4581438, -2.613736), (-3.1728745, -1.655117), (0.8228708, 1.3390581)]
    np.testing.assert_allclose(table[["lower", "upper"]], printed, rtol=1e-4)


def _deviance(X, y, weights, link, offset):
    """Minus twice the maximal log-likelihood, by statsmodels."""
    family = sm.families.Binomial(LINKS[link]())
    model = sm.GLM(y, np.asarray(X), family=family, freq_weights=weights, offset=offset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # overflows of exp in its links
        return -2 * model.fit(tol=1e-13, maxiter=1000, method="IRLS").llf


@pytest.mark.parametrize("name", ["birthwt", "spector, logit", "menarche", "budworm"])
@pytest.mark.parametrize("link", LINKS)
def test_refits_by_statsmodels_confirm_each_end(name, link):
    X, y, weights = TABLES[name].load()
    X = X.iloc[:, :4]
    if name == "spector, logit" and link in ("cauchit", "loglog"):
        pytest.skip("statsmodels' scoring diverges on these data")
    table = _profile(X, y, weights, link)
    full = sm.add_constant(X, prepend=False)
    top = _deviance(full, y, weights, link, np.zeros(len(y)))
    for k, column in enumerate(full.columns):
        others = full.drop(columns=column)
        for end in ("lower", "upper"):
            value = table[end].iloc[k]
            away = _deviance(others, y, weights, link, value * full[column].to_numpy()) - top
            assert away == pytest.approx(QUANTILE, abs=2e-4), (column, end, value)


def test_ends_far_away_in_a_skewed_column_are_confirmed():
    """Full Newton steps overshoot here: the refits need shorter steps."""
    rng = np.random.default_rng(7)
    rng.integers(12, 40)
    X = pd.DataFrame(rng.normal(size=(38, 2)), columns=["a", "b"])
    X["a"] = np.exp(3 * X["a"])
    y = (rng.logistic(size=38) < 2 * X["a"]).astype(int)
    table = _profile(X, y)
    full = np.column_stack([X, np.ones(38)])
    sign = np.where(y == 1, -1.0, 1.0)

    def deviance(columns, offset):
        """Minus twice the maximal log-likelihood. statsmodels' steps diverge here."""
        start = np.zeros(columns.shape[1])
        for _ in range(3):  # BFGS stops early in narrow valleys.
            found = minimize(
                lambda w: 2 * np.logaddexp(0, sign * (columns @ w + offset)).sum(),
                start, jac=lambda w: 2 * columns.T @ (sign * expit(sign * (columns @ w + offset))),
                tol=1e-10,
            )  # fmt: skip
            start = found.x
        return found.fun

    top = deviance(full, 0.0)
    for k in range(3):
        for end in ("lower", "upper"):
            offset = table[end].iloc[k] * full[:, k]
            away = deviance(np.delete(full, k, axis=1), offset) - top
            assert away == pytest.approx(QUANTILE, abs=2e-4), (k, end)


def test_z_and_p_value_are_those_of_the_likelihood_ratio_test():
    X, y = _endometrial()
    neuron = _fit(X, y)
    table = coefficient_table(neuron, X, y, method="profile")
    for name in X.columns:
        others = X.drop(columns=name)
        test = likelihood_ratio_test(neuron, _fit(others, y), X, y)
        assert table.loc[name, "z"] ** 2 == pytest.approx(test.statistic, rel=1e-6)
        assert table.loc[name, "p_value"] == pytest.approx(test.p_value, rel=1e-5)
    assert table["z"].apply(np.sign).tolist() == [1, -1, -1, 1]


def test_separated_coefficient_has_an_infinite_end():
    """Heinze & Schemper (2002): the profile of NV is monotone."""
    X, y = _endometrial()
    table = _profile(X, y)
    assert np.isnan(table.loc["NV", "estimate"])
    assert table.loc["NV", "upper"] == np.inf
    low = table.loc["NV", "lower"]
    assert low == pytest.approx(1.284, abs=5e-4)
    # The supremum is the likelihood of the rows with NV = 0: the others have probability 1.
    inside = X["NV"] == 0
    design = sm.add_constant(X[["PI", "EH"]])
    limit = sm.Logit(y[inside], design[inside]).fit(disp=False, tol=1e-12).llf
    held = sm.GLM(y, design, family=sm.families.Binomial(), offset=low * X["NV"].to_numpy()).fit(
        tol=1e-14
    )
    assert 2 * (limit - held.llf) == pytest.approx(QUANTILE, abs=1e-6)
    ratios = coefficient_table(_fit(X, y), X, y, method="profile", exponentiate=True)
    assert ratios.loc["NV", "lower"] == pytest.approx(np.exp(low))
    assert ratios.loc["NV", "upper"] == np.inf
    other = _profile(X.assign(NV=-X["NV"]), y).loc["NV"]
    assert (other["lower"], other["upper"]) == (-np.inf, pytest.approx(-low))


@pytest.mark.parametrize("link", ["sigmoid", "probit", "cloglog", "loglog"])
def test_complete_separation_leaves_one_end(link):
    """All n rows are certain at the supremum, so 2 Σ log P(y) at the lower end is -3.84."""
    X, y = np.array([[-1.0], [-1.0], [-1.0], [1.0], [1.0], [1.0]]), [0, 0, 0, 1, 1, 1]
    table = _profile(X, y, link=link, fit_intercept=False)
    low, high = table.loc["x0", ["lower", "upper"]]
    assert high == np.inf
    activation = _fit(X, y, link=link, fit_intercept=False).activation_
    zero, one = activation.log_proba(low * X[:, 0])
    assert -2 * np.where(np.asarray(y) == 1, one, zero).sum() == pytest.approx(QUANTILE, abs=1e-6)


@pytest.mark.parametrize("link", ["sigmoid", "probit", "cloglog", "loglog"])
def test_ends_under_complete_separation_are_those_of_a_grid(link):
    """Intercept and slope of four rows: each end by a search over the other parameter."""
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    neuron = _fit(X, y, link=link)
    table = coefficient_table(neuron, X, y, method="profile")
    assert table["lower"].tolist() == [pytest.approx(table.loc["x0", "lower"]), -np.inf]
    assert table["upper"].tolist()[0] == np.inf

    def best(bias, slope):
        zero, one = neuron.activation_.log_proba(bias + slope * X[:, 0])
        return -2 * np.where(y == 1, one, zero).sum()

    low = minimize_scalar(
        lambda bias: best(bias, table.loc["x0", "lower"]), bounds=(-20, 20), method="bounded"
    )
    assert low.fun == pytest.approx(QUANTILE, abs=1e-5)
    high = minimize_scalar(
        lambda slope: best(table.loc["intercept", "upper"], slope), bounds=(-20, 20),
        method="bounded",
    )  # fmt: skip
    assert high.fun == pytest.approx(QUANTILE, abs=1e-5)


def test_features_that_separate_nothing_have_infinite_ends():
    """The first feature separates alone, so any value of the others is possible."""
    X = np.random.default_rng(0).normal(size=(12, 2))
    table = _profile(X, (X[:, 0] > 0.1).astype(int))
    assert table.loc["x0", "upper"] == np.inf
    assert table.loc["x0", "lower"] > 0
    np.testing.assert_array_equal(
        table.loc["x1", ["lower", "upper"]].astype(float), [-np.inf, np.inf]
    )
    assert table.loc["x1", "p_value"] > 0.999


def test_a_refit_that_does_not_converge_is_an_error():
    """The likelihood of a cauchit is too flat far away from its maximum."""
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    with pytest.raises(ValueError, match=r"did not converge.*method='wald'"):
        _profile(X, y, link="cauchit")


def test_a_coefficient_without_information_has_no_ends():
    """A column that is 0 in all rows but one, in complete separation of this row."""
    X = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [1.5, 1]])
    y = [0, 1, 0, 1, 1]
    table = _profile(X, y)
    assert table.loc["x1", "upper"] == np.inf
    # With χ² = 3.84 and one row, even the odds 0 of the row are within the interval's reach.
    design = sm.add_constant(X[:4, :1])
    limit = sm.Logit(y[:4], design).fit(disp=False).llf
    low = table.loc["x1", "lower"]
    held = sm.GLM(
        y, sm.add_constant(X[:, :1]), family=sm.families.Binomial(), offset=low * X[:, 1]
    ).fit(tol=1e-14)
    assert 2 * (limit - held.llf) == pytest.approx(QUANTILE, abs=1e-6)


def test_levels_units_offsets_and_fixed_columns():
    X, y, weights = _births()
    offset = np.linspace(-1, 1, len(y))
    neuron = NeuronClassifier(C=np.inf).fit(X, y, weights, offset=offset)
    table = coefficient_table(neuron, X, y, weights, offset=offset, method="profile")
    columns = X.assign(known=offset)
    held = NeuronClassifier(C=np.inf, bounds={"known": (1, 1)}).fit(columns, y, weights)
    other = coefficient_table(held, columns, y, weights, method="profile")
    numbers = ["lower", "upper", "z"]
    np.testing.assert_allclose(other.loc[table.index, numbers], table[numbers], rtol=1e-6)
    assert np.isnan(other.loc["known", "lower"])
    first = X.columns[0]
    tiny = X.assign(**{first: X[first] * 1e-6 + 5e-3})
    scaled = _profile_with(tiny, y, weights, offset)
    np.testing.assert_allclose(
        scaled.loc[first, ["lower", "upper"]].astype(float) * 1e-6,
        table.loc[first, ["lower", "upper"]].astype(float),
        rtol=1e-5,
    )
    narrow = coefficient_table(neuron, X, y, weights, 0.5, offset=offset, method="profile")
    assert (narrow["lower"] > table["lower"]).all()
    assert (narrow["upper"] < table["upper"]).all()


def _births():
    births = read("birthwt")
    return births[["age", "lwt", "smoke"]].astype(float), births["low"], np.ones(len(births))


def _profile_with(X, y, weights, offset):
    neuron = NeuronClassifier(C=np.inf).fit(X, y, weights, offset=offset)
    return coefficient_table(neuron, X, y, weights, offset=offset, method="profile")


def test_collinear_columns_stay_without_numbers():
    X, y, _ = _births()
    twice = X.assign(pounds=2 * X["lwt"])
    table, plain = _profile(twice, y), _profile(X, y)
    assert table.loc[["lwt", "pounds"], ["lower", "upper", "z"]].isna().all(axis=None)
    np.testing.assert_allclose(
        table.loc["age", ["lower", "upper"]].astype(float),
        plain.loc["age", ["lower", "upper"]].astype(float),
        rtol=1e-6,
    )


def test_a_normal_likelihood_has_walds_interval():
    """With many rows the log-likelihood is quadratic."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40_000, 2))
    y = rng.random(40_000) < 1 / (1 + np.exp(-X @ [0.2, -0.1]))
    neuron = _fit(X, y)
    wald, profile = (coefficient_table(neuron, X, y, method=m) for m in ("wald", "profile"))
    for column, close in (("lower", 2e-3), ("upper", 2e-3), ("z", 0.01)):
        np.testing.assert_allclose(profile[column], wald[column], rtol=close)


def test_arguments_that_cannot_work():
    X, y, _ = _births()
    neuron = _fit(X, y)
    cases = [
        ({"method": "likelihood"}, "Got method='likelihood'. Expected 'wald' or 'profile'"),
        ({"kind": "robust"}, "kind='robust' does not"),
        ({"penalized": True}, "a penalty"),
    ]
    for arguments, match in cases:
        with pytest.raises(ValueError, match=match):
            coefficient_table(neuron, X, y, **{"method": "profile", **arguments})
    layer = _fit(X, y + X["smoke"])
    with pytest.raises(ValueError, match="supports two classes"):
        coefficient_table(layer, X, y + X["smoke"], method="profile")
    text = str(summary(neuron, X, y, method="profile"))
    assert f"{_profile(X, y).loc['lwt', 'lower']:.4g}" in text
