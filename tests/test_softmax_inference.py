"""More than two classes against statsmodels' MNLogit and numerical derivatives."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.optimize import minimize
from scipy.stats import multinomial
from sklearn.datasets import load_iris

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    covariance,
    goodness_of_fit,
    likelihood_ratio_test,
    summary,
)


def _anes():
    """American National Election Studies of 1996, the data of statsmodels' documentation."""
    data = sm.datasets.anes96.load_pandas()
    return data.exog, data.endog.astype(int)


def _fit(X, y, weights=None, **params):
    return NeuronClassifier(C=np.inf, **params).fit(X, y, weights)


def _mnlogit(X, y, **fit):
    """Return statsmodels' fit, from the neuron's start to the last digit."""
    model = sm.MNLogit(np.asarray(y), sm.add_constant(X))
    return model.fit(method="newton", maxiter=100, tol=1e-14, disp=False, **fit)


def _of_statsmodels(columns):
    """One number per class and feature, the intercept last, as in our table."""
    values = np.asarray(columns)
    return np.concatenate([np.roll(values[:, k], -1) for k in range(values.shape[1])])


def test_table_is_that_of_mnlogit():
    X, y = _anes()
    table = coefficient_table(_fit(X, y), X, y)
    theirs = _mnlogit(X, y)
    np.testing.assert_allclose(table["estimate"], _of_statsmodels(theirs.params), rtol=1e-9)
    np.testing.assert_allclose(table["standard_error"], _of_statsmodels(theirs.bse), rtol=1e-9)
    np.testing.assert_allclose(table["z"], _of_statsmodels(theirs.tvalues), rtol=1e-8)
    np.testing.assert_allclose(table["p_value"], _of_statsmodels(theirs.pvalues), rtol=1e-7)
    assert list(table.index.names) == ["class", "term"]
    assert table.index[0] == (1, X.columns[0])
    assert table.loc[(6, "intercept"), "note"] == ""
    vcov = covariance(_fit(X, y), X, y)
    np.testing.assert_allclose(np.sqrt(np.diag(vcov)), table["standard_error"], rtol=1e-12)


def test_robust_errors_are_those_of_mnlogit():
    X, y = _anes()
    theirs = _mnlogit(X, y, cov_type="HC0")
    for kind in ("robust", "robust-expected"):
        table = coefficient_table(_fit(X, y), X, y, kind=kind)
        np.testing.assert_allclose(table["standard_error"], _of_statsmodels(theirs.bse), rtol=1e-8)
    groups = np.asarray(y.index) % 40
    clusters = _mnlogit(
        X, y, cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    table = coefficient_table(_fit(X, y), X, y, kind="robust", groups=groups)
    np.testing.assert_allclose(table["standard_error"], _of_statsmodels(clusters.bse), rtol=1e-8)


def test_another_base_is_a_difference_of_coefficients():
    X, y = _anes()
    neuron = _fit(X, y)
    first, other = (coefficient_table(neuron, X, y, base=base) for base in (0, 3))
    np.testing.assert_allclose(
        other.loc[5, "estimate"], first.loc[5, "estimate"] - first.loc[3, "estimate"], rtol=1e-9
    )
    V = covariance(neuron, X, y)
    for term in [*X.columns, "intercept"]:
        pair = V.loc[[(5, term), (3, term)], [(5, term), (3, term)]].to_numpy()
        error = np.sqrt(pair[0, 0] + pair[1, 1] - 2 * pair[0, 1])
        assert other.loc[(5, term), "standard_error"] == pytest.approx(error, rel=1e-9)
    recoded = _mnlogit(X, np.where(y == 3, -1, y))
    np.testing.assert_allclose(other["standard_error"], _of_statsmodels(recoded.bse), rtol=1e-8)
    with pytest.raises(ValueError, match=r"base=9.*\[0, 1, 2, 3, 4, 5, 6\]"):
        coefficient_table(neuron, X, y, base=9)


def test_goodness_of_fit_and_ratio_test_are_those_of_mnlogit():
    X, y = _anes()
    neuron, theirs = _fit(X, y), _mnlogit(X, y)
    fit = goodness_of_fit(neuron, X, y)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-12)
    assert fit.null_log_likelihood == pytest.approx(theirs.llnull, rel=1e-9)
    assert fit.mcfadden == pytest.approx(theirs.prsquared, rel=1e-8)
    assert fit.aic == pytest.approx(theirs.aic, rel=1e-12)
    assert fit.bic == pytest.approx(theirs.bic, rel=1e-12)
    assert fit.n_parameters == 6 * (X.shape[1] + 1)
    test = likelihood_ratio_test(neuron, None, X, y)
    assert test.statistic == pytest.approx(theirs.llr, rel=1e-8)
    assert test.df == theirs.df_model
    few = list(X.columns[:3])
    nested = likelihood_ratio_test(neuron, _fit(X[few], y), X, y)
    assert nested.statistic == pytest.approx(2 * (theirs.llf - _mnlogit(X[few], y).llf), rel=1e-8)
    assert nested.df == 6 * (X.shape[1] - 3)
    text = str(summary(neuron, X, y, exponentiate=True))
    assert "Softmax regression of 7 classes, against class 0" in text
    assert "6 intercept" in text


def _few(seed=0, n=60):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, (n, 2)).astype(float)
    y = rng.integers(0, 3, n)
    return X, y, rng.integers(1, 5, n).astype(float)


def test_grouped_fit_is_that_of_multinomial_counts():
    X, y, weights = _few()
    neuron = _fit(X, y, weights)
    fit = goodness_of_fit(neuron, X, y, weights).grouped
    counts = (
        pd.DataFrame(X)
        .assign(y=y, s=weights)
        .pivot_table("s", [0, 1], "y", aggfunc="sum", fill_value=0)
    )
    p = neuron.predict_proba(np.array(counts.index.tolist()))
    observed = counts.to_numpy()
    n = observed.sum(axis=1)
    exact = multinomial.logpmf(observed, n, p).sum()
    assert fit.log_likelihood == pytest.approx(exact, rel=1e-10)
    saturated = multinomial.logpmf(observed, n, observed / n[:, None]).sum()
    assert fit.deviance == pytest.approx(2 * (saturated - exact), rel=1e-9)
    expected = n[:, None] * p
    assert fit.pearson == pytest.approx(((observed - expected) ** 2 / expected).sum(), rel=1e-10)
    assert (fit.n_patterns, fit.df_residual) == (9, 2 * 9 - 6)


# A full Newton step from the intercepts without an offset overshoots for offsets of size 30.
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_null_model_with_an_offset_is_the_best_intercept(size):
    X, y, weights = _few(1)
    offset = size * np.random.default_rng(2).normal(size=(len(y), 3))
    neuron = NeuronClassifier.from_weights(
        np.zeros((3, X.shape[1])), np.zeros(3), activation="sigmoid", classes=[0, 1, 2]
    )

    def loss(bias):
        z = np.append(bias, 0) + offset
        own = z[np.arange(len(y)), y] - np.log(np.exp(z).sum(axis=1))
        return -weights @ own

    best = -minimize(loss, np.zeros(2), tol=1e-12).fun
    fit = goodness_of_fit(neuron, X, y, weights, offset=offset)
    assert fit.null_log_likelihood == pytest.approx(best, rel=1e-10)
    assert fit.grouped.n_patterns == len(y)


def test_how_x_is_stored_and_weighted_does_not_matter():
    X, y, weights = _few(3)
    one = coefficient_table(_fit(X, y, weights), X, y, weights, kind="robust")
    columns = sparse.csc_array(X)
    other = coefficient_table(_fit(columns, y, weights), columns, y, weights, kind="robust")
    rows = np.repeat(np.arange(len(y)), weights.astype(int))
    long = coefficient_table(_fit(X[rows], y[rows]), X[rows], y[rows], kind="robust")
    for table in (other, long):
        np.testing.assert_allclose(table.iloc[:, :-1], one.iloc[:, :-1], rtol=1e-7)


def test_collinear_columns_have_notes_in_each_class():
    X, y, weights = _few(4)
    twice = np.column_stack([X, X[:, 0] + 1])
    table = coefficient_table(_fit(twice, y, weights), twice, y, weights)
    assert table["note"].tolist() == [
        "collinear with x2, intercept", "", "collinear with x0, intercept", "collinear with x0, x2",
    ] * 2  # fmt: skip
    plain = coefficient_table(_fit(X, y, weights), X, y, weights)
    for k in (1, 2):
        assert table.loc[(k, "x1"), "standard_error"] == pytest.approx(
            plain.loc[(k, "x1"), "standard_error"], rel=1e-8
        )


def test_separated_classes_are_refused():
    """Setosa is separated; statsmodels prints standard errors of 26,000 there."""
    X, y = load_iris(return_X_y=True, as_frame=True)
    with pytest.warns(UserWarning, match="separate"):
        neuron = _fit(X, y)
    with pytest.raises(ValueError, match=r"separates class 0 .*detect_separation"):
        coefficient_table(neuron, X, y)
    # No class is separated from all others, but the model has no finite maximum.
    x = np.array([[0.0], [1.0], [2.0], [3.0], [0.0], [1.0], [2.0], [3.0]])
    labels = np.array([0, 0, 1, 1, 0, 0, 2, 2])
    with pytest.warns(UserWarning, match="separate"):
        neuron = _fit(x, labels)
    # However far the coefficients have diverged: scores next to zero are rounding errors.
    coef, intercept = neuron.coef_, neuron.intercept_
    for factor in (0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 10):
        neuron.coef_, neuron.intercept_ = factor * coef, factor * intercept
        with pytest.raises(ValueError, match="hyperplane separates class"):
            coefficient_table(neuron, x, labels)


def test_what_a_softmax_has_not_is_refused():
    X, y, weights = _few(5)
    cases = [
        (NeuronClassifier(C=1.0), {}, "C=np.inf"),
        (NeuronClassifier(C=np.inf, bounds=(-0.01, 0.01)), {}, "bound"),
        (NeuronClassifier(C=np.inf, bounds={0: (0.5, 0.5)}), {}, "fixed by bounds"),
        (NeuronClassifier(C=np.inf), {"penalized": True}, "penalized=True supports two classes"),
        (NeuronClassifier("probit", C=np.inf), {}, "one-vs-rest fits have no common likelihood"),
    ]
    for neuron, arguments, match in cases:
        with pytest.raises(ValueError, match=match):
            coefficient_table(neuron.fit(X, y, weights), X, y, weights, **arguments)
    with pytest.raises(ValueError, match="standard errors from the maximum"):
        coefficient_table(_fit(X, y, weights), X, y)
    with pytest.raises(ValueError, match="base=1 for two classes"):
        coefficient_table(_fit(X, y > 0), X, y > 0, base=1)


def test_sparse_coefficients_have_the_same_table():
    X, y, weights = _few(6)
    neuron = _fit(X, y, weights)
    expected = coefficient_table(neuron, X, y, weights)
    found = coefficient_table(neuron.sparsify(), X, y, weights)
    np.testing.assert_allclose(found.iloc[:, :-1], expected.iloc[:, :-1], rtol=1e-12)
