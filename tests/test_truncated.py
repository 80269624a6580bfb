"""Layers of many weights: conjugate gradients, what divides them, and what they reach."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix
from skneuron.losses import SoftmaxLogLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers._conjugate import conjugate_gradients, settled
from skneuron.solvers._preconditioner import SharedCurvature


def _layer(rng, *, sparse_rows=False, fit_intercept=True):
    X, weights = rng.normal(size=(50, 5)) + 1.0, rng.uniform(0.1, 1, 50)
    design = DesignMatrix(sparse.csr_matrix(X) if sparse_rows else X)
    y = np.arange(50) % 3
    return Objective(
        design, y, SoftmaxLogLoss(3), weights / weights.sum(), Regularization(0.1), fit_intercept
    )


def test_conjugate_gradients_solve_and_tell_the_gap():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(12, 12))
    H, g = root @ root.T + np.eye(12), rng.normal(size=12)
    diagonal = np.diag(H)
    step, gap, products = conjugate_gradients(
        H.dot, g, lambda u: u / diagonal, lambda _: False, most=12
    )
    exact = np.linalg.solve(H, -g)
    np.testing.assert_allclose(step, exact, rtol=1e-6, atol=1e-9)
    assert gap == pytest.approx(-0.5 * g @ exact, rel=1e-9)
    assert products == 12


def test_settled_looks_at_the_last_terms():
    assert not settled([1.0, 0.01], 2)
    assert settled([1.0, 0.01, 0.01], 2)
    assert not settled([1.0, 0.3, 0.01], 2)


@pytest.mark.parametrize("sparse_rows", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("remembers", [False, True])
def test_the_shared_matrix_is_the_mean_of_the_outputs_own_blocks(
    sparse_rows, fit_intercept, remembers
):
    rng = np.random.default_rng(1)
    objective = _layer(rng, sparse_rows=sparse_rows, fit_intercept=fit_intercept)
    if remembers:
        objective.memory = objective.expansion(np.zeros(objective.n_params))
    params = 0.3 * rng.normal(size=objective.n_params)
    params = (params.reshape(3, -1) - params.reshape(3, -1).mean(axis=0)).ravel()
    h = 1e-5

    def slopes(at):
        return objective.value_gradient(at)[1]

    columns = [
        (slopes(params + h * e) - slopes(params - h * e)) / (2 * h)
        for e in np.eye(objective.n_params)
    ]
    m = objective.n_params // 3
    blocks = np.array(columns).reshape(3, m, 3, m)
    mean = sum(blocks[k, :, k] for k in range(3)) / 3
    matrix = objective.shared_curvature(params)
    np.testing.assert_allclose(matrix, mean, rtol=1e-5, atol=1e-7)


def test_the_matrix_is_divided_by():
    rng = np.random.default_rng(2)
    objective = _layer(rng)
    params = 0.3 * rng.normal(size=objective.n_params)
    vector = rng.normal(size=objective.n_params)
    divided = SharedCurvature(objective).at(params).divide(vector)
    matrix = objective.shared_curvature(params)
    back = (matrix @ divided.reshape(3, -1).T).T.ravel()
    np.testing.assert_allclose(back, vector, rtol=1e-6)


@pytest.mark.parametrize("C", [1.0, 100.0])
def test_digits_reach_the_optimum_and_tell_the_gap(C):
    X, y = load_digits(return_X_y=True)
    exact = NeuronClassifier(C=C, solver="newton", tol=1e-12).fit(X, y).objective_
    fit = NeuronClassifier(C=C, solver="newton-cg", tol=1e-5).fit(X, y)
    measured = (fit.objective_ - exact) / np.log(10)
    assert fit.converged_
    assert measured <= 1e-5
    assert measured / 10 <= fit.gap_ + 1e-12
    assert fit.gap_ <= 10 * measured + 1e-12


def test_a_layer_of_many_weights_agrees_with_logistic_regression():
    X, y = load_digits(return_X_y=True)
    fit = NeuronClassifier().fit(X, y)
    peer = LogisticRegression(tol=1e-8, solver="newton-cg", max_iter=1000).fit(X, y)
    np.testing.assert_allclose(fit.predict_proba(X), peer.predict_proba(X), atol=1e-4)
