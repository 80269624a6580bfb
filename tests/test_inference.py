"""Standard errors, goodness of fit and tests against statsmodels, mpmath and themselves."""

import builtins
import warnings

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from families import PROBABILITIES
from scipy import sparse
from test_links import LINKS, _glm, _spector, _tumours
from textbooks import TABLES

from skneuron import NeuronClassifier
from skneuron.inference import (
    Table,
    coefficient_table,
    covariance,
    goodness_of_fit,
    likelihood_ratio_test,
)

KINDS = ["expected", "observed", "robust", "robust-expected"]


def _free(link, X, y, weights=None, **params):
    return NeuronClassifier(link, C=np.inf, **params).fit(X, y, weights)


def _counts(y, weighted):
    return np.random.default_rng(0).integers(1, 4, len(y)).astype(float) if weighted else None


def _offset(n):
    return np.linspace(-0.7, 1.1, n)


def _errors_of_sandwich(reference):
    """Return White's errors by the formula of R's sandwich (Zeileis, J. Stat. Softw. 16(9), 2006).

    bread = (Σ s h x xᵀ)⁻¹ with h = f'²/(p (1 - p)), which is vcov(glm); meat = Σ s g² x xᵀ with
    the scores g = (y - p) f'/(p (1 - p)). R was not at hand: p and f' are statsmodels'.
    """
    model = reference.model
    z = model.exog @ reference.params
    if getattr(model, "offset", None) is not None:
        z = z + model.offset
    p, slope = model.family.link.inverse(z), model.family.link.inverse_deriv(z)
    variance = p * (1 - p)
    # Rows whose p rounds to 0 or 1, as their y, add nothing.
    ratio = np.divide(slope, variance, out=np.zeros_like(p), where=variance > 0)
    information = model.freq_weights * slope * ratio
    squares = model.freq_weights * ((model.endog - p) * ratio) ** 2
    bread = np.linalg.inv(model.exog.T @ (information[:, None] * model.exog))
    meat = model.exog.T @ (squares[:, None] * model.exog)
    return np.sqrt(np.diag(bread @ meat @ bread))


def _errors_of_statsmodels(reference, kind):
    if kind == "robust":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return reference.model.fit(tol=1e-14, maxiter=1000, cov_type="HC0").bse
    if kind == "robust-expected":
        return _errors_of_sandwich(reference)
    information = -reference.model.hessian(reference.params, observed=kind == "observed")
    return np.sqrt(np.diag(np.linalg.inv(information)))


@pytest.mark.parametrize("data", [_spector, _tumours])
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("case", ["plain", "weighted", "offset"])
def test_table_and_fit_are_those_of_statsmodels(data, link, case):
    X, y = data()
    weights = _counts(y, case == "weighted")
    offset = _offset(len(y)) if case == "offset" else None
    reference = _glm(link, X, y, freq_weights=weights, offset=offset)
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights, offset=offset)
    order = [*range(1, X.shape[1] + 1), 0]  # statsmodels has the intercept first
    for kind in KINDS:
        table = coefficient_table(neuron, X, y, weights, kind=kind, offset=offset)
        np.testing.assert_allclose(table["estimate"], reference.params[order], rtol=1e-6)
        error = _errors_of_statsmodels(reference, kind)[order]
        np.testing.assert_allclose(table["standard_error"], error, rtol=1e-6)
        assert (table["note"] == "").all()
    table = coefficient_table(neuron, X, y, weights, level=0.9, offset=offset)
    np.testing.assert_allclose(table["z"], reference.tvalues[order], rtol=1e-6)
    np.testing.assert_allclose(table["p_value"], reference.pvalues[order], rtol=1e-4)
    np.testing.assert_allclose(
        table[["lower", "upper"]], reference.conf_int(alpha=0.1)[order], rtol=1e-5
    )
    np.testing.assert_allclose(
        covariance(neuron, X, y, weights, offset=offset),
        reference.cov_params()[np.ix_(order, order)],
        rtol=1e-5,
    )


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("case", ["plain", "weighted", "offset"])
def test_goodness_of_fit_is_that_of_statsmodels(link, case):
    X, y = _spector()
    weights = _counts(y, case == "weighted")
    offset = _offset(len(y)) if case == "offset" else None
    reference = _glm(link, X, y, freq_weights=weights, offset=offset)
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights, offset=offset)
    fit = goodness_of_fit(neuron, X, y, weights, offset=offset)
    assert fit.n_parameters == 4
    assert fit.df_residual == reference.df_resid
    expected = {
        "log_likelihood": reference.llf,
        "null_log_likelihood": reference.llnull,
        "deviance": reference.deviance,
        "null_deviance": reference.null_deviance,
        "aic": reference.aic,
        "bic": reference.bic_llf,
        "mcfadden": 1 - reference.llf / reference.llnull,
    }
    for figure, value in expected.items():
        assert getattr(fit, figure) == pytest.approx(value, rel=1e-9), figure
    # Each row is a pattern of its own.
    assert fit.grouped.n_patterns == 32
    assert fit.grouped.deviance == pytest.approx(reference.deviance, rel=1e-9)
    assert fit.grouped.null_deviance == pytest.approx(reference.null_deviance, rel=1e-9)
    assert fit.grouped.pearson == pytest.approx(reference.pearson_chi2, rel=1e-6)
    test = likelihood_ratio_test(neuron, None, X, y, weights, offset=offset)
    assert test.statistic == pytest.approx(2 * (reference.llf - reference.llnull), rel=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("distance", [30, 200])
def test_null_model_of_a_cauchit_is_the_best_of_several_maxima(sign, distance):
    """Three groups far apart, each with its own hill; one on the side counts for most."""
    y = np.tile([1, 0, 0, 0], 15)
    offset = sign * np.repeat([0.0, distance, -distance], 20)
    counts = np.repeat([1.0, 30.0, 1.0], 20)
    neuron = NeuronClassifier.from_weights([0.0], activation="cauchit")
    found = goodness_of_fit(neuron, np.arange(60.0)[:, None], y, counts, offset=offset)
    bias = np.linspace(-300, 300, 600_001)
    total = np.zeros(len(bias))
    for beside, count in ((0.0, 1), (sign * distance, 30), (-sign * distance, 1)):
        low, high = neuron.activation_.log_proba(bias + beside)
        total += count * (15 * low + 5 * high)
    assert found.null_log_likelihood == pytest.approx(total.max(), rel=1e-6)


def test_likelihood_ratio_is_that_of_statsmodels():
    X, y = TABLES["mroz, logit"].load()[:2]
    few = ["educ", "age", "kidslt6"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        large, small = (sm.Logit(y, sm.add_constant(Z)).fit(disp=0, tol=1e-12) for Z in (X, X[few]))
    neuron, nested = _free("sigmoid", X, y), _free("sigmoid", X[few], y)
    fixed = _free("sigmoid", X, y, bounds={name: (0, 0) for name in X if name not in few})
    for test in (
        likelihood_ratio_test(neuron, nested, X, y),
        likelihood_ratio_test(neuron, nested, X, y, X_nested=X[few]),
        likelihood_ratio_test(neuron, fixed, X, y),
    ):
        assert test.statistic == pytest.approx(2 * (large.llf - small.llf), rel=1e-9)
        assert test.df == 4
        lr = 2 * (large.llf - small.llf)
        assert test.p_value == pytest.approx(float(mp.gammainc(2, lr / 2, regularized=True)))
    test = likelihood_ratio_test(neuron, None, X, y)
    assert (test.statistic, test.p_value) == pytest.approx((large.llr, large.llr_pvalue), rel=1e-8)
    assert goodness_of_fit(neuron, X, y).mcfadden == pytest.approx(large.prsquared, rel=1e-9)


LOG_P = {
    "sigmoid": lambda z: -mp.log1p(mp.exp(-z)),
    "tanh": lambda z: -mp.log1p(mp.exp(-2 * z)),
    "probit": lambda z: mp.log(mp.ncdf(z)),
    "cloglog": lambda z: mp.log(-mp.expm1(-mp.exp(z))),
    "loglog": lambda z: -mp.exp(-z),
    "cauchit": lambda z: mp.log(mp.mpf(1) / 2 + mp.atan(z) / mp.pi),
}
LOG_Q = {name: (lambda z, f=f: f(-z)) for name, f in LOG_P.items()}
LOG_Q["cloglog"], LOG_Q["loglog"] = (lambda z: -mp.exp(z)), (lambda z: LOG_P["cloglog"](-z))


@pytest.mark.parametrize("link", PROBABILITIES)
def test_observed_information_is_the_second_derivative(link):
    X, y = _spector()
    neuron = _free(link, X, y)
    rows = sm.add_constant(X)[:, [1, 2, 3, 0]]
    z = rows @ np.append(neuron.coef_, neuron.intercept_)
    with mp.workdps(50):
        bend = [
            mp.diff((LOG_P if k else LOG_Q)[link], mp.mpf(float(t)), 2)
            for k, t in zip(y, z, strict=True)
        ]
    information = rows.T @ (-np.array(bend, dtype=float)[:, None] * rows)
    expected = np.sqrt(np.diag(np.linalg.inv(information)))
    table = coefficient_table(neuron, X, y, kind="observed")
    np.testing.assert_allclose(table["standard_error"], expected, rtol=1e-8)


@pytest.mark.parametrize("link", ["probit", "cloglog", "cauchit"])
def test_robust_errors_of_both_informations_differ(link):
    """By how much depends on the link; for the sigmoid they are the same, as its informations."""
    X, y = _spector()
    errors = {
        kind: coefficient_table(_free(link, X, y), X, y, kind=kind)["standard_error"]
        for kind in ("robust", "robust-expected")
    }
    assert np.abs(errors["robust"] / errors["robust-expected"] - 1).max() > 0.01
    for link in ("sigmoid", "tanh"):
        neuron = _free(link, X, y)
        same = [coefficient_table(neuron, X, y, kind=kind)["standard_error"] for kind in errors]
        np.testing.assert_allclose(*same, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_tanh_is_half_of_the_sigmoid(kind):
    X, y = _tumours()
    half, whole = (
        coefficient_table(_free(link, X, y), X, y, kind=kind) for link in ("tanh", "sigmoid")
    )
    np.testing.assert_allclose(2 * half["standard_error"], whole["standard_error"], rtol=1e-6)
    np.testing.assert_allclose(half["z"], whole["z"], rtol=1e-6)


@pytest.mark.parametrize("link", PROBABILITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_two_is_the_row_twice(link, kind):
    X, y = _spector()
    counts = _counts(y, weighted=True)
    neuron = _free(link, X, y, counts)
    table = coefficient_table(neuron, X, y, counts, kind=kind)
    again = np.repeat(np.arange(len(y)), counts.astype(int))
    repeated = coefficient_table(neuron, X[again], y[again], kind=kind)
    np.testing.assert_allclose(table["standard_error"], repeated["standard_error"], rtol=1e-10)
    ours, theirs = (
        goodness_of_fit(neuron, X, y, counts),
        goodness_of_fit(neuron, X[again], y[again]),
    )
    assert (ours.aic, ours.bic) == pytest.approx((theirs.aic, theirs.bic), rel=1e-12)
    assert ours.grouped.pearson == pytest.approx(theirs.grouped.pearson, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_stored", [sparse.csr_array, sparse.csc_array, np.asfortranarray])
def test_how_x_is_stored_does_not_matter(kind, as_stored):
    X, y = _tumours()
    neuron = _free("cloglog", X, y)
    table = coefficient_table(neuron, X, y, kind=kind)
    other = coefficient_table(neuron, as_stored(X), y, kind=kind)
    np.testing.assert_allclose(other["standard_error"], table["standard_error"], rtol=1e-10)


def test_units_far_from_one_do_not_matter():
    """A date in seconds beside a tiny column: errors scale as the columns do."""
    X, y = _spector()
    scale, shift = np.array([1e9, 1e-9, 1.0]), np.array([1.6e12, 0.0, 0.0])
    plain = coefficient_table(_free("probit", X, y), X, y)
    table = coefficient_table(_free("probit", X * scale + shift, y), X * scale + shift, y)
    np.testing.assert_allclose(
        table["standard_error"][:3] * scale, plain["standard_error"][:3], rtol=1e-6
    )


def test_far_tails_have_their_p_values():
    n = 20_000
    x = np.linspace(-3, 3, n)
    y = (np.random.default_rng(0).random(n) < 1 / (1 + np.exp(-2 * x))).astype(int)
    row = coefficient_table(_free("sigmoid", x[:, None], y), x[:, None], y).iloc[0]
    assert row["z"] > 38
    assert 0 < row["p_value"] < 1e-300
    x = x[:5000, None]
    row = coefficient_table(_free("sigmoid", x, y[:5000]), x, y[:5000]).iloc[0]
    with mp.workdps(30):
        assert row["p_value"] == pytest.approx(
            float(mp.erfc(abs(mp.mpf(row["z"])) / mp.sqrt(2))), rel=1e-9
        )


def test_without_pandas_the_table_has_the_same_columns(monkeypatch):
    X, y = _spector()
    neuron = _free("probit", X, y)
    frame, matrix = coefficient_table(neuron, X, y), covariance(neuron, X, y)
    found = builtins.__import__

    def without_pandas(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    table = coefficient_table(neuron, X, y)
    assert isinstance(table, Table)
    assert table.index == ["x0", "x1", "x2", "intercept"] == list(frame.index)
    assert list(table.columns) == list(frame.columns)
    for name in table.columns:
        assert table[name].tolist() == frame[name].tolist()
    lines = str(table).splitlines()
    assert len(lines) == 5
    assert lines[0].startswith(frame.columns.name)
    assert lines[0].removeprefix(frame.columns.name).split() == list(frame.columns)
    assert lines[1].split()[:2] == ["x0", "1.62581"]
    assert np.array_equal(np.asarray(covariance(neuron, X, y)), matrix.to_numpy())


def test_names_and_any_labels():
    X, y = TABLES["birthwt"].load()[:2]
    label = np.where(y == 1, "low", "normal")  # "normal" comes last and is what p is of
    table = coefficient_table(_free("sigmoid", X, label), X, label)
    assert list(table.index) == [*X.columns, "intercept"]
    numbers = coefficient_table(_free("sigmoid", X.to_numpy(), y), X.to_numpy(), y)
    np.testing.assert_allclose(table["z"], -numbers["z"], rtol=1e-6)
    assert isinstance(table, pd.DataFrame)


def test_without_a_bias():
    X, y = _spector()
    neuron = _free("probit", X, y, fit_intercept=False)
    model = sm.GLM(y, X, family=sm.families.Binomial(link=LINKS["probit"]()))
    reference = model.fit(tol=1e-14, maxiter=1000)
    table = coefficient_table(neuron, X, y)
    assert list(table.index) == ["x0", "x1", "x2"]
    np.testing.assert_allclose(table["standard_error"], reference.bse, rtol=1e-6)
    fit = goodness_of_fit(neuron, X, y)
    # Nothing is left of it but z = 0, as R has it: heads or tails.
    assert fit.null_deviance == pytest.approx(2 * len(y) * np.log(2))


@pytest.mark.parametrize("kind", KINDS)
def test_errors_follow_weights_of_any_size(kind):
    """All weights times s: errors of the model divided by √s, and so White's."""
    X, y = _spector()
    one, small = (
        coefficient_table(_free("probit", X, y, weights), X, y, weights, kind=kind)
        for weights in (np.ones(len(y)), np.full(len(y), 1e-200))
    )
    np.testing.assert_allclose(small["standard_error"], one["standard_error"] * 1e100, rtol=1e-9)


@pytest.mark.parametrize("activation", PROBABILITIES)
def test_what_is_beyond_float64_is_its_largest_number(activation):
    """The cloglog's log-likelihood of a sample at z = 1,000 is -exp(1000)."""
    neuron = NeuronClassifier.from_weights([1.0], 0.0, activation=activation)
    fit = goodness_of_fit(neuron, [[-1e3], [1e3], [0.0], [0.0]], [1, 0, 1, 0])
    numbers = [fit.log_likelihood, fit.deviance, fit.null_deviance, fit.mcfadden]
    grouped = fit.grouped
    numbers += [grouped.deviance, grouped.null_deviance, grouped.pearson, grouped.log_likelihood]
    assert np.all(np.isfinite(numbers))
    assert fit.deviance == pytest.approx(-2 * fit.log_likelihood) or fit.deviance > 1e308
