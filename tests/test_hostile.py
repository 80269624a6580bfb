"""Hostile but legal input: a finite answer or a clear error, for every combination."""

import warnings

import numpy as np
import pytest
from families import trainable
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from skneuron import NeuronClassifier
from skneuron.fitting import AbsentClassWarning

# Seeds of the data rather than the data themselves: numbers of all magnitudes come
# from `factors`, and shrinking leads to few rows and few columns.
problems = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "rows": st.integers(1, 8),  # per class
        "features": st.integers(1, 12),
        "classes": st.integers(2, 3),
        "factors": st.lists(
            st.sampled_from([1e-150, 1e-30, 1e-3, 1.0, 1e3, 1e30, 1e150]), min_size=1, max_size=4
        ),
        "columns": st.sampled_from(["plain", "constant", "duplicate", "near", "far", "separable"]),
        "weights": st.sampled_from([None, "some", "extreme"]),
        "layout": st.sampled_from(["C", "F", "csr", "csc", "float32"]),
    }
)


def _data(problem):
    rng = np.random.default_rng(problem["seed"])
    y = np.repeat(np.arange(problem["classes"]), problem["rows"])
    n, d = len(y), problem["features"]
    X = rng.normal(size=(n, d)).round(2)
    kind = problem["columns"]
    if kind == "separable":
        X[:, 0] = 10 * y + X[:, 0] / 10
    X = X * np.resize(problem["factors"], d)
    if kind == "constant":
        X[:, 0] = X[0, 0]
    elif kind == "duplicate":
        X = np.hstack([X, X])
    elif kind == "near":
        X = np.hstack([X, X * (1 + 1e-9 * rng.normal(size=X.shape))])
    elif kind == "far":
        X = X + 1e7 * np.abs(X).max(axis=0)
    weights = None
    if problem["weights"] == "some":
        weights = rng.uniform(0.1, 10, n)
    elif problem["weights"] == "extreme":
        weights = 10.0 ** rng.uniform(-300, 300, n)
    if problem["layout"] == "float32":
        with np.errstate(over="ignore", under="ignore"):
            X = np.clip(X, -1e38, 1e38).astype(np.float32)
    convert = {"F": np.asfortranarray, "csr": sparse.csr_array, "csc": sparse.csc_array}
    return convert.get(problem["layout"], np.asarray)(X), y, weights


def check_finite_or_refused(neuron, problem):
    X, y, weights = _data(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        if problem["weights"] == "extreme":
            # Next to a weight of 1e300 the weights of a whole class may round to zero.
            warnings.simplefilter("ignore", AbsentClassWarning)
        try:
            neuron.fit(X, y, weights)
            decision = neuron.decision_function(X)
        except ValueError as error:
            refusal = str(error)
        else:
            refusal = None
        if refusal is not None:
            # One of ours; NumPy's and SciPy's own would not say what to do.
            words = ("rescale", "float64", "class")
            assert any(word in refusal.lower() for word in words), refusal
            return
        assert np.all(np.isfinite(neuron.coef_))
        assert np.all(np.isfinite(neuron.intercept_))
        assert np.all(np.isfinite(decision))
        assert np.isfinite(neuron.objective_)
        assert neuron.gap_ >= 0
        for values in neuron.history_.values():
            assert len(values) == neuron.n_iter_.max()
        assert set(neuron.predict(X)) <= set(neuron.classes_)
        assert np.all(np.isfinite(neuron.activate(X)))
        if hasattr(neuron, "predict_proba"):
            proba = neuron.predict_proba(X)
            assert np.all((proba >= 0) & (proba <= 1))
            tolerance = 1e-12 if proba.dtype == np.float64 else 1e-5
            np.testing.assert_allclose(proba.sum(axis=1), 1, atol=tolerance)
            assert np.all(np.isfinite(neuron.predict_log_proba(X)))


@pytest.mark.parametrize(("activation", "loss", "solver"), trainable())
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    problem=problems,
    C=st.sampled_from([1e-300, 1e-3, 1.0, 1e6, 1e300, np.inf]),
    fit_intercept=st.booleans(),
)
def test_finite_or_refused(activation, loss, solver, problem, C, fit_intercept):
    neuron = NeuronClassifier(
        activation, loss=loss, solver=solver, C=C, fit_intercept=fit_intercept, max_iter=150
    )
    check_finite_or_refused(neuron, problem)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    problem=problems,
    C=st.sampled_from([1e-300, 1e-3, 1.0, 1e6, 1e300, np.inf]),
    fit_intercept=st.booleans(),
    class_weight=st.sampled_from([None, "balanced", {0: 1e-5, 1: 1e5}]),
)
def test_finite_or_refused_by_default(problem, C, fit_intercept, class_weight):
    neuron = NeuronClassifier(C=C, fit_intercept=fit_intercept, class_weight=class_weight)
    check_finite_or_refused(neuron, problem)
    if hasattr(neuron, "n_iter_"):
        assert neuron.n_iter_.max() < 500  # it ends long before max_iter


def test_ends_of_a_double_are_refused_with_a_sentence():
    wide = NeuronClassifier().fit(np.array([[-1e308], [1e308], [1.7e308], [0.0]]), [0, 1, 1, 0])
    assert np.all(np.isfinite(wide.coef_))
    X = np.array([[0.0], [1e-320], [3e-320], [2e-320]])
    with pytest.raises(ValueError, match=r"Column 0 of X has values so small.*Rescale"):
        NeuronClassifier(C=np.inf).fit(X, [0, 1, 1, 0])


@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog", "cauchit"])
def test_separable_data_with_next_to_no_penalty_give_a_finite_answer(activation):
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    neuron = NeuronClassifier(activation, C=1e7).fit(X, y)
    assert neuron.converged_
    assert neuron.score(X, y) == 1
    assert np.all(np.isfinite(neuron.coef_))


def test_nearly_collinear_columns_are_solved():
    """Condition 1e9: its square is lost in a Hessian, and found by QR."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    y = (rng.random(200) < 1 / (1 + np.exp(-a - 2 * b))).astype(int)
    X = np.column_stack([a, a + 1e-9 * b])
    with pytest.warns(ConvergenceWarning, match="the terms of .* cancel"):
        neuron = NeuronClassifier(C=np.inf).fit(X, y)
    honest = NeuronClassifier(C=np.inf).fit(np.column_stack([a, (X[:, 1] - X[:, 0]) / 1e-9]), y)
    assert not neuron.converged_
    # Weights of 1e9 on columns of doubles: half a digit of a column, 1.1e-16, is 1e-7 of z, and
    # 1e-8 of a mean of 200; three times that.
    assert neuron.objective_ == pytest.approx(honest.objective_, rel=3e-8)
    assert (neuron.objective_ - honest.objective_) / np.log(2) < neuron.gap_ < 3e-8
    np.testing.assert_allclose(neuron.coef_[0, 1] * 1e-9, honest.coef_[0, 1], rtol=1e-5)


def test_duplicate_columns_share_the_weight():
    rng = np.random.default_rng(1)
    x = rng.normal(size=100)
    y = (rng.random(100) < 1 / (1 + np.exp(-x))).astype(int)
    twice = NeuronClassifier(C=np.inf).fit(np.column_stack([x, x]), y)
    once = NeuronClassifier(C=np.inf).fit(x[:, None], y)
    np.testing.assert_allclose(twice.coef_[0], once.coef_[0, 0] / 2, rtol=1e-8)
