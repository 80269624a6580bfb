"""Directions that change no sample: found once, then left to Cholesky."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss
from skneuron.objective import Hessian, Objective, Regularization


def _levels(rng, n=3_000, factors=(4, 5, 6)):
    """One column per level of each factor, none left out: they add up to one."""
    levels = [rng.integers(k, size=n) for k in factors]
    X = np.hstack([np.eye(k)[level] for k, level in zip(factors, levels, strict=True)])
    y = (X @ rng.standard_normal(X.shape[1]) + rng.logistic(size=n) > 0).astype(int)
    return X, y


def _objective(X, y, strength=0.0):
    weights = np.full(len(y), 1 / len(y))
    return Objective.of_data(
        DesignMatrix(X), y, LogisticLoss(), weights, Regularization(strength), True
    )


def _found(objective):
    params = np.zeros(objective.dims.n_params)
    return objective.curvature(params).flat_directions(objective.curvature(params).matrix())


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_all_levels_of_factors_are_found(rng, form):
    X, y = _levels(rng)
    objective = _objective(form(X), y)
    flat = _found(objective)
    assert len(flat) == X.shape[1] + 1 - np.linalg.matrix_rank(
        np.column_stack([X, np.ones(len(X))])
    )
    np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-14)
    for direction in flat:
        np.testing.assert_allclose(objective.linear_predictor(direction), 0, atol=1e-13)


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-8, 1e-10])
def test_what_differs_a_little_is_not_flat(rng, size):
    X, y = _levels(rng)
    X = np.column_stack([X[:, 1:3], X[:, 1] + size * rng.standard_normal(len(X))])
    assert len(_found(_objective(X, y))) == 0


def test_regular_columns_and_penalties_have_none(rng):
    X, y = _levels(rng)
    assert len(_found(_objective(X[:, [0, 1, 4, 5]], y))) == 0
    assert len(_found(_objective(X, y, strength=1e-12))) == 0


def test_the_way_is_newtons_and_the_answer_of_least_norm(rng, monkeypatch):
    X, y = _levels(rng)
    monkeypatch.setattr(Hessian, "root", lambda *_: pytest.fail("a root was formed"))
    neuron = NeuronClassifier(C=np.inf, solver="newton").fit(X, y)
    assert neuron.converged_
    assert neuron.n_iter_.max() <= 8
    # Without one level of each factor the model is the same, and regular.
    kept = np.delete(X, [0, 4, 9], axis=1)
    exact = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(kept, y)
    np.testing.assert_allclose(
        neuron.decision_function(X), exact.decision_function(kept), rtol=1e-8, atol=1e-9
    )
    objective = _objective(X, y)
    params = objective.coordinates.from_weights(neuron.coef_, neuron.intercept_)
    np.testing.assert_allclose(_found(objective) @ params, 0, atol=1e-9)


@pytest.mark.parametrize("activation", ["probit", "cloglog", "loglog", "cauchit", "tanh"])
def test_every_link_takes_it(rng, activation):
    X, y = _levels(rng)
    kept = np.delete(X, [0, 4, 9], axis=1)
    all_levels = NeuronClassifier(activation, C=np.inf).fit(X, y)
    without = NeuronClassifier(activation, C=np.inf).fit(kept, y)
    assert all_levels.converged_
    assert all_levels.objective_ == pytest.approx(without.objective_, rel=1e-10)
