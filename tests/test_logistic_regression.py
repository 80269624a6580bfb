"""The sigmoid neuron is logistic regression: the same coefficients on raw columns."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier


def _binary(loader):
    X, y = loader(return_X_y=True)
    return X[y < 2], y[y < 2]


DATA = {
    "breast_cancer": load_breast_cancer(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "iris": load_iris(return_X_y=True),
    "digits": load_digits(return_X_y=True),
    "wine_binary": _binary(load_wine),
    "iris_binary": _binary(load_iris),
    "digits_binary": _binary(load_digits),
}


def _weights(name):
    return np.random.default_rng(7).uniform(0.2, 3.0, len(DATA[name][1]))


def _reference(X, y, sample_weight=None, **params):
    with warnings.catch_warnings():
        # It complains of singular Hessians on the way, and goes on.
        warnings.simplefilter("ignore")
        return LogisticRegression(
            solver="newton-cholesky", tol=1e-12, max_iter=10000, **params
        ).fit(X, y, sample_weight)


def _assert_same(neuron, reference, X):
    largest = np.abs(reference.coef_).max()
    assert neuron.coef_.shape == reference.coef_.shape
    assert np.abs(neuron.coef_ - reference.coef_).max() <= 1e-6 * largest
    bias = max(largest, np.abs(reference.intercept_).max())
    assert np.abs(neuron.intercept_ - reference.intercept_).max() <= 1e-6 * bias
    np.testing.assert_allclose(neuron.predict_proba(X), reference.predict_proba(X), atol=1e-6)
    assert neuron.converged_


SETTINGS = {
    "plain": {},
    "weighted": {"weighted": True},
    "balanced": {"class_weight": "balanced"},
    "class_weight_and_weighted": {"class_weight": {0: 2.0, 1: 0.5}, "weighted": True},
    "no_intercept": {"fit_intercept": False},
}


# Every setting on every set is minutes on digits, where one fit of the reference takes
# seconds: there the plain setting and one that combines the rest have to do.
CASES = [
    (name, setting)
    for name in DATA
    for setting in SETTINGS
    if name != "digits" or setting in ("plain", "class_weight_and_weighted")
]


@pytest.mark.parametrize(("name", "setting"), CASES)
@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3])
def test_same_coefficients_at_default_settings(name, setting, C):
    X, y = DATA[name]
    params = dict(SETTINGS[setting])
    sample_weight = _weights(name) if params.pop("weighted", False) else None
    reference = _reference(X, y, sample_weight, C=C, **params)
    for solver in ("newton", "lbfgs", "auto"):
        neuron = NeuronClassifier(C=C, solver=solver, **params).fit(X, y, sample_weight)
        _assert_same(neuron, reference, X)


# With little penalty gradient descent takes ten thousands of steps: one setting each there.
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "iris", "digits_binary"])
@pytest.mark.parametrize(
    ("C", "setting"),
    [
        (1e-3, "plain"),
        (1.0, "plain"),
        (1.0, "class_weight_and_weighted"),
        (1.0, "no_intercept"),
        (1e3, "plain"),
    ],
)
def test_same_coefficients_by_gradient_descent(name, C, setting):
    X, y = DATA[name]
    params = dict(SETTINGS[setting])
    sample_weight = _weights(name) if params.pop("weighted", False) else None
    reference = _reference(X, y, sample_weight, C=C, **params)
    neuron = NeuronClassifier(C=C, solver="gd", max_iter=1_000_000, **params)
    _assert_same(neuron.fit(X, y, sample_weight), reference, X)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_equals_dense(name, solver, container):
    X, y = DATA[name]
    # Both at the last digits: at the default each may stop anywhere below 1e-18.
    neuron = NeuronClassifier(solver=solver, tol=1e-24)
    dense = neuron.fit(X, y)
    coef, intercept = dense.coef_, dense.intercept_
    thin = neuron.fit(container(X), y)
    np.testing.assert_allclose(thin.coef_, coef, atol=1e-10 * np.abs(coef).max(), rtol=0)
    np.testing.assert_allclose(
        thin.intercept_, intercept, atol=1e-10 * np.abs(coef).max() + 1e-10, rtol=0
    )
    np.testing.assert_allclose(thin.predict_proba(container(X)), thin.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine", "digits"])
def test_sparse_equals_dense_at_default_settings(name):
    X, y = DATA[name]
    dense, thin = NeuronClassifier().fit(X, y), NeuronClassifier().fit(sparse.csr_array(X), y)
    largest = np.abs(dense.coef_).max()
    np.testing.assert_allclose(thin.coef_, dense.coef_, atol=1e-10 * largest, rtol=0)


def test_objective_is_that_of_logistic_regression():
    X, y = DATA["breast_cancer"]
    neuron = NeuronClassifier(C=0.1).fit(X, y)
    z = X @ neuron.coef_[0] + neuron.intercept_[0]
    log_loss = np.mean(np.logaddexp(0, np.where(y, -z, z)))
    expected = log_loss + np.sum(neuron.coef_**2) / (2 * 0.1 * len(y))
    assert neuron.objective_ == pytest.approx(expected, rel=1e-12)


def test_tanh_has_half_the_unpenalised_weights():
    X, y = DATA["breast_cancer"]
    X = X[:, :3]
    sigmoid = NeuronClassifier(C=np.inf).fit(X, y)
    tanh = NeuronClassifier("tanh", C=np.inf).fit(X, y)
    np.testing.assert_allclose(2 * tanh.coef_, sigmoid.coef_, rtol=1e-9)
    np.testing.assert_allclose(tanh.predict_proba(X), sigmoid.predict_proba(X), atol=1e-10)


def test_logistic_regression_unscaled_by_default_warns_and_ours_does_not():
    """The reason to exist, as a test."""
    from sklearn.exceptions import ConvergenceWarning

    X, y = DATA["breast_cancer"]
    with pytest.warns(ConvergenceWarning):
        LogisticRegression().fit(X, y)
    NeuronClassifier().fit(X, y)  # warnings are errors here


def test_more_parameters_than_a_hessian_is_formed_for():
    """L-BFGS and conjugate gradients, on scaled columns, against LogisticRegression."""
    rng = np.random.default_rng(0)
    X = sparse.random(300, 2500, density=0.02, random_state=rng, format="csr")
    y = (np.asarray(X @ rng.normal(size=2500)) > 0).astype(int)
    neuron = NeuronClassifier(C=10.0, tol=1e-18).fit(X, y)
    assert neuron.solver_ == "newton-cg"
    _assert_same(neuron, _reference(X.toarray(), y, C=10.0), X)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_steps_are_longer_where_data_are_nearly_separable(container):
    """The log loss flattens along a Newton step: steps of length one take nine."""
    X, y = DATA["breast_cancer"]
    neuron = NeuronClassifier(solver="newton").fit(container(X), y)
    assert neuron.converged_
    assert neuron.n_iter_.max() <= 7
