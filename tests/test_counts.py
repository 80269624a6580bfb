"""Counts and fractions as targets, against statsmodels' binomial models."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import sparse
from test_links import LINKS
from textbooks import read

from skneuron import NeuronClassifier, grouped
from skneuron.inference import coefficient_table, goodness_of_fit

BEETLES = read("beetles")
DOSE, KILLED, TRIALS = BEETLES[["log10_dose"]], BEETLES["killed"], BEETLES["n"]
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(200, 3))
FRACTIONS = RNG.beta(2, 3, 200)


@pytest.mark.parametrize("link", LINKS)
def test_counts_are_binomial(link):
    X, y, weights = grouped(DOSE, KILLED, TRIALS)
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    counts = np.column_stack([KILLED, TRIALS - KILLED])
    family = sm.families.Binomial(LINKS[link]())
    reference = sm.GLM(counts, sm.add_constant(DOSE.to_numpy()), family).fit(tol=1e-12)
    found = [neuron.intercept_[0], neuron.coef_[0, 0]]
    np.testing.assert_allclose(found, reference.params, rtol=1e-7)
    table = coefficient_table(neuron, X, y, weights)
    if link != "cauchit":  # statsmodels uses expected, the table observed information
        np.testing.assert_allclose(
            table["standard_error"].to_numpy()[::-1], reference.bse, rtol=1e-4
        )
    fit = goodness_of_fit(neuron, X, y, weights).grouped
    assert fit.n_patterns == len(DOSE)
    assert fit.deviance == pytest.approx(reference.deviance, rel=1e-8)


@pytest.mark.parametrize("link", LINKS)
def test_fractions_as_targets(link):
    """The quasi-likelihood of Papke & Wooldridge (1996): the log loss at fractions."""
    X, y, weights = grouped(FEATURES, FRACTIONS)
    assert weights.sum() == pytest.approx(len(FEATURES))
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    family = sm.families.Binomial(LINKS[link]())
    reference = sm.GLM(FRACTIONS, sm.add_constant(FEATURES), family).fit(tol=1e-12)
    found = np.append(neuron.intercept_, neuron.coef_[0])
    np.testing.assert_allclose(found, reference.params, rtol=1e-6, atol=1e-8)
    p = neuron.predict_proba(FEATURES)[:, 1]
    loss = -np.mean(FRACTIONS * np.log(p) + (1 - FRACTIONS) * np.log(1 - p))
    assert neuron.objective_ == pytest.approx(loss, rel=1e-12)


def test_penalty_offset_and_sample_weight():
    """Fractions times a sample weight are successes out of as many trials."""
    importance, offset = RNG.uniform(0.5, 2, 200), RNG.normal(size=200)
    X, y, weights, z = grouped(FEATURES, FRACTIONS * importance, importance, offset)
    neuron = NeuronClassifier(C=0.3).fit(X, y, weights, offset=z)
    both = np.vstack([FEATURES, FEATURES])
    direct = NeuronClassifier(C=0.3).fit(
        both,
        np.repeat([1, 0], 200),
        np.concatenate([importance * FRACTIONS, importance * (1 - FRACTIONS)]),
        offset=np.append(offset, offset),
    )
    np.testing.assert_allclose(neuron.coef_, direct.coef_, rtol=1e-9)


@pytest.mark.parametrize(
    "kind",
    [
        np.asarray,
        np.asfortranarray,
        lambda X: X.tolist(),
        sparse.csr_array,
        sparse.csc_matrix,
        lambda X: pd.DataFrame(X, columns=["a", "b", "c"], index=range(7, 207)),
        lambda X: pl.DataFrame(X, schema=["a", "b", "c"]),
        lambda X: pytest.importorskip("pyarrow").table(dict(zip("abc", X.T.copy(), strict=True))),
    ],
    ids=["array", "fortran", "list", "csr", "csc", "pandas", "polars", "pyarrow"],
)
def test_every_kind_of_x(kind):
    successes = RNG.integers(0, 4, 200)
    X, y, weights = grouped(kind(FEATURES), successes, 3)
    neuron = NeuronClassifier().fit(X, y, weights)
    expected = NeuronClassifier().fit(*grouped(FEATURES, successes, 3))
    np.testing.assert_allclose(neuron.coef_, expected.coef_, rtol=1e-9)
    if hasattr(kind(FEATURES), "columns"):
        assert neuron.feature_names_in_.tolist() == ["a", "b", "c"]


def test_no_row_without_weight():
    X, y, weights = grouped(FEATURES[:4], [0, 2, 1, 0], [2, 2, 2, 0])
    np.testing.assert_array_equal(X, FEATURES[[1, 2, 0, 2]])
    np.testing.assert_array_equal(y, [1, 1, 0, 0])
    np.testing.assert_array_equal(weights, [2, 1, 2, 1])
    assert not np.shares_memory(X, FEATURES)


def test_labels_are_fractions_too():
    y = (FRACTIONS > 0.4).astype(int)
    X, labels, weights = grouped(FEATURES, y)
    assert len(X) == 200
    np.testing.assert_array_equal(weights, 1)
    np.testing.assert_allclose(
        NeuronClassifier().fit(X, labels, weights).coef_,
        NeuronClassifier().fit(FEATURES, y).coef_,
        rtol=1e-9,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FRACTIONS * 3,), r"Row \d+ has .* successes of 1 trials. Expected numbers from 0"),
        ((-FRACTIONS,), r"successes\[0\]=.* is negative"),
        ((FRACTIONS[:5],), r"successes has the shape \(5,\). Expected \(200,\)"),
        ((FRACTIONS[:, None],), r"shape \(200, 1\)"),
        ((np.full(200, np.nan),), "Input successes contains NaN"),
        ((FRACTIONS, np.full(200, np.inf)), "Input trials contains infinity"),
        ((FRACTIONS * 0, 0), "trials is 0 in every group"),
        ((FRACTIONS, -1), r"trials\[0\]=-1 is negative"),
        ((FRACTIONS, 1, FRACTIONS[:5]), "further array has 5 rows"),
        ((None,), r"Got successes=None. Expected numbers"),
        ((FRACTIONS, None), r"Got trials=None.* leave trials out: grouped\(X, fractions\)"),
        ((np.full(200, 0.1 + 0.2), 0.3), r"has 0.30000000000000004 successes of 0.3 trials"),
        ((np.full(200, 5), 3), r"has 5 successes of 3 trials"),
        ((np.array(["2024-01-01"] * 200, dtype="M8[D]"),), "successes has the type datetime64"),
    ],
    ids=str,
)
def test_bad_counts(arguments, message):
    with pytest.raises(ValueError, match=message):
        grouped(FEATURES, *arguments)


@pytest.mark.parametrize(
    "X",
    [None, "ab", 1.0, np.array(1.0), {"a": [1, 2]}, {1, 2}, pl.DataFrame({"a": [1.0, 2]}).lazy()],
    ids=lambda X: type(X).__name__,
)
def test_values_without_rows(X):
    message = "is a .*Expected an array, a sparse matrix or a data frame in memory"
    with pytest.raises(TypeError, match=f"X {message}"):
        grouped(X, [1, 0])
    with pytest.raises(TypeError, match=f"A further array {message}"):
        grouped([[1.0], [2.0]], [1, 0], 1, X)


def test_no_groups():
    with pytest.raises(ValueError, match=r"X has 0 rows\. Expected one row per group"):
        grouped(FEATURES[:0], [])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_sparse_formats(form):
    X, y, weights = grouped(getattr(sparse, f"{form}_array")(FEATURES[:4]), [0, 2, 1, 0], 2)
    expected = grouped(FEATURES[:4], [0, 2, 1, 0], 2)
    np.testing.assert_array_equal(X.toarray(), expected[0])
    np.testing.assert_array_equal(y, expected[1])
    np.testing.assert_array_equal(weights, expected[2])
