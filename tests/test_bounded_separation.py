"""Separation by weights that keep to bounds."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from skneuron import NeuronClassifier
from skneuron.separation import SeparationWarning, separation_of


def _judge(X, y, low, high, fit_intercept):
    """Return the kind by linear programs whose variables have the signs that may grow."""
    A = np.where(y == 1, 1.0, -1.0)[:, None] * np.hstack([X, np.ones((len(X), int(fit_intercept)))])
    cone = [
        (0 if np.isfinite(a) else None, 0 if np.isfinite(b) else None)
        for a, b in zip(low, high, strict=True)
    ] + [(None, None)] * int(fit_intercept)
    strict = linprog(np.zeros(A.shape[1]), -A, -np.ones(len(X)), bounds=cone)
    if strict.status == 0:
        return "complete"
    box = [(-1 if a is None else 0, 1 if b is None else 0) for a, b in cone]
    weak = linprog(-A.sum(axis=0), -A, np.zeros(len(X)), bounds=box)
    return "quasi-complete" if -weak.fun > 1e-6 else "none"


def test_kinds_are_those_of_linear_programs():
    counts = {}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        d, fit_intercept = int(rng.integers(1, 6)), bool(seed % 4)
        X = rng.integers(-2, 3, (int(rng.integers(d + 2, 5 * d + 6)), d)).astype(float)
        if seed % 5 == 0:
            X = np.column_stack([X, -X[:, 0]])
        z = X @ rng.integers(-2, 3, X.shape[1]) + fit_intercept * rng.integers(-1, 2)
        y = np.where(z == 0, rng.integers(0, 2, len(X)), z > 0).astype(int)
        y[:2] = 0, 1
        low = np.where(rng.random(X.shape[1]) < 0.4, -rng.random(X.shape[1]), -np.inf)
        high = np.where(rng.random(X.shape[1]) < 0.4, rng.random(X.shape[1]), np.inf)
        expected = _judge(X, y, low, high, fit_intercept)
        for data in (X, sparse.csr_array(X)):
            names = range(X.shape[1])
            answer = separation_of(data, y == 1, names, fit_intercept, (low, high))
            assert answer.kind == expected, seed
        counts[expected] = counts.get(expected, 0) + 1
        if expected != "none":
            coef, bias = answer.direction
            assert np.all(coef[np.isfinite(low)] >= 0)
            assert np.all(coef[np.isfinite(high)] <= 0)
            margins = np.where(y == 1, 1, -1) * (X @ coef + bias)
            assert margins.min() >= -1e-9
            assert margins.max() > 1e-6
    assert min(counts[kind] for kind in ("none", "quasi-complete", "complete")) > 20


def _rare(n=400):
    """One in twenty has a mark, and all of these are ones."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=n), rng.random(n) < 0.05])
    y = (rng.random(n) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    y[X[:, 1] == 1] = 1
    return X, y


@pytest.mark.parametrize("solver", ["newton", "subsampled-newton", "working-set"])
@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog"])
def test_a_sign_may_leave_the_way_open(activation, solver):
    X, y = _rare()
    neuron = NeuronClassifier(activation, C=np.inf, solver=solver, bounds=(0, None))
    with pytest.warns(
        SeparationWarning, match=r"quasi-complete.*the coefficient of column 1 grows"
    ):
        neuron.fit(X, y)
    assert not neuron.converged_
    assert (neuron.coef_ >= 0).all()


@pytest.mark.parametrize("bounds", [(None, 0), (0, 5), [(None, None), (None, 3)]])
def test_a_bound_may_close_it(bounds):
    X, y = _rare()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        neuron = NeuronClassifier(C=np.inf, bounds=bounds).fit(X, y)
    assert neuron.converged_
