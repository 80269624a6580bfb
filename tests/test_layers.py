"""Fits of layers of many weights: the optimum, the gap, hard cases."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss, SoftmaxLogLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers.newton._preconditioner import has_small_blocks


def _layer(n=3_000, d=60, k=5, seed=0, noise=1.0):
    """Correlated columns of many scales, K classes that overlap as much as the noise is large."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, d)) @ (np.eye(d) + 0.5 * rng.normal(size=(d, d)) / np.sqrt(d))
    y = np.argmax(latent @ rng.normal(size=(d, k)) + noise * rng.gumbel(size=(n, k)) * 3, axis=1)
    return latent * np.logspace(-3, 3, d) + 5, y


def _objective(X, y, strength=1e-3):
    k, n = len(np.unique(y)), len(y)
    return Objective.of_data(
        DesignMatrix(X), y, SoftmaxLogLoss(k), np.full(n, 1 / n), Regularization(strength), True
    )


def _softmax_objective(neuron, X, y, C=1.0):
    z = X @ neuron.coef_.T + neuron.intercept_
    top = z.max(axis=1)
    losses = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(y)), y]
    return losses.mean() + 0.5 * np.sum(neuron.coef_**2) / (C * len(y))


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e4])
@pytest.mark.parametrize("noise", [0.05, 1.0])
def test_the_gap_of_a_layer_is_honest(C, noise):
    X, y = _layer(noise=noise)
    best = NeuronClassifier(C=C, solver="newton").fit(X, y)
    assert best.converged_
    zero = np.log(5)
    for tol in (1e-2, 1e-4, 1e-7):
        neuron = NeuronClassifier(C=C, tol=tol).fit(X, y)
        assert neuron.solver_ == "newton-cg"
        assert neuron.converged_
        measured = (_softmax_objective(neuron, X, y, C) - best.objective_) / zero
        assert neuron.gap_ <= tol
        assert measured / 10 <= neuron.gap_ <= 10 * measured + 1e-13


def test_digits_are_those_of_scikit_learn():
    X, y = load_digits(return_X_y=True)
    neuron = NeuronClassifier(tol=1e-18).fit(X, y)
    assert neuron.solver_ == "newton-cg"
    assert neuron.converged_
    peer = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(neuron.coef_, peer.coef_, atol=1e-7 * abs(peer.coef_).max())


def test_blocks_of_many_rows_are_those_of_some():
    X, y = make_classification(
        20_000, 80, n_informative=20, n_classes=4, n_clusters_per_class=1, random_state=0
    )
    # A column that hardly any subsample of rows drawn evenly would hold.
    X[:, 0] = 0
    X[:5, 0] = 100
    neuron = NeuronClassifier(tol=1e-14).fit(X, y)
    exact = NeuronClassifier(solver="newton").fit(X, y)
    assert neuron.solver_ == "newton-cg"
    assert neuron.converged_
    np.testing.assert_allclose(neuron.coef_, exact.coef_, atol=1e-5 * abs(exact.coef_).max())


def test_collinear_columns_of_a_layer_without_a_penalty():
    X, y = _layer(2_000, 45, 5)
    X = np.hstack([X, X[:, :3] + X[:, 3:6]])
    neuron = NeuronClassifier(C=np.inf, tol=1e-10).fit(X, y)
    exact = NeuronClassifier(C=1e8, solver="newton").fit(X, y)
    assert neuron.solver_ == "newton-cg"
    assert neuron.converged_
    np.testing.assert_allclose(neuron.predict_proba(X), exact.predict_proba(X), atol=1e-4)


def test_a_layer_has_blocks_where_they_can_be_factored():
    X, y = _layer(300, 6, 3)
    assert has_small_blocks(_objective(X, y))
    wide = sparse.random(60, 2_500, density=0.01, random_state=0)
    assert not has_small_blocks(_objective(wide.tocsr(), np.arange(60) % 3))
    assert not has_small_blocks(
        Objective.of_data(
            DesignMatrix(X),
            y % 2,
            LogisticLoss(),
            np.full(300, 1 / 300),
            Regularization(0.0),
            True,
        )
    )
