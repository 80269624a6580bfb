"""Separation of three and more classes at once, judged by a linear program written out."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from skneuron import NeuronClassifier
from skneuron.separation import SeparationWarning, detect_separation, layer_separation_of


def _kind(X, y, n_classes):
    """Albert & Anderson's definition, all weights of all classes: how far can rows get apart?"""
    rows = np.column_stack([X, np.ones(len(X))])
    m = rows.shape[1]
    lifted = []
    for row, label in zip(rows, y, strict=True):
        for k in range(n_classes):
            if k != label:
                lifted.append(np.zeros((n_classes, m)))
                lifted[-1][label], lifted[-1][k] = row, -row
    A = np.array(lifted).reshape(len(lifted), -1)
    n = len(A)
    # Maximise the sum of margins t in [0, 1] with A β >= t.
    gain = np.concatenate([np.zeros(A.shape[1]), -np.ones(n)])
    box = [(-1e3, 1e3)] * A.shape[1] + [(0, 1)] * n
    solved = linprog(gain, np.hstack([-A, np.eye(n)]), np.zeros(n), bounds=box)
    margins = solved.x[-n:]
    if margins.min() > 1e-6:
        return "complete"
    return "quasi-complete" if margins.max() > 1e-6 else "none"


def _tables(n_cases):
    for seed in range(n_cases):
        rng = np.random.default_rng(seed)
        n_classes, d = rng.integers(3, 5), rng.integers(1, 4)
        n = int(rng.integers(n_classes + 1, 8 * n_classes))
        X = rng.integers(-1, 3, (n, d)).astype(float)
        y = np.append(np.arange(n_classes), rng.integers(0, n_classes, n - n_classes))
        if seed % 2:
            y = np.argmax(X @ rng.normal(size=(d, n_classes)) + rng.gumbel(size=n_classes), axis=1)
        if len(np.unique(y)) == n_classes:
            yield X, y, int(n_classes)
        # Three sectors of a plane, no two of them together convex; on their borders by chance.
        X = rng.integers(-2, 3, (40, 2)).astype(float)
        score = X @ np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
        ties = score == score.max(axis=1, keepdims=True)
        y = np.argmax(ties * rng.random(score.shape), axis=1)
        y[: seed % 3 // 2] = 0
        yield X, y, 3


def test_kinds_are_those_of_a_linear_program():
    counts, only_at_once = {}, 0
    for X, y, n_classes in _tables(150):
        expected = _kind(X, y, n_classes)
        for data in (X, sparse.csr_array(X)):
            answer = layer_separation_of(data, y, n_classes, True)
            assert answer.kind == expected
            assert (answer.margin > 0) == (expected == "none")
        counts[expected] = counts.get(expected, 0) + 1
        alone = {found.kind for found in detect_separation(X, y)}
        assert expected != "none" or alone == {"none"}
        only_at_once += expected != "none" and alone == {"none"}
    assert min(counts[kind] for kind in ("none", "quasi-complete", "complete")) > 20
    assert only_at_once > 5


def _ruled_out(n=600):
    """One of ten samples has a mark, and is then of the first two classes, by chance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    mark = rng.random(n) < 0.1
    y = np.where(mark, rng.integers(0, 2, n), rng.integers(0, 3, n))
    return np.column_stack([X, mark]), y


def _ordered(n=300):
    """Classes in the order of x, of which neighbours overlap, the first and the last do not."""
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 3, n)
    y = np.clip(np.floor(x + rng.uniform(-0.4, 0.4, n)), 0, 2).astype(int)
    return x[:, None], y


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "newton-cg"])
def test_a_class_that_a_mark_rules_out(solver):
    X, y = _ruled_out()
    with pytest.warns(SeparationWarning, match=r"class 2 from the rest \(quasi.*column 3 grows"):
        neuron = NeuronClassifier(C=np.inf, solver=solver).fit(X, y)
    assert not neuron.converged_
    with pytest.warns(SeparationWarning, match="Only the penalty"):
        assert NeuronClassifier(C=1e9, solver=solver).fit(X, y).converged_


def test_no_alarm_where_all_overlap():
    """Rows far out rule a class out for certain, and nothing runs away."""
    X, y = _ordered()
    assert layer_separation_of(X, y, 3, True).kind == "none"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        neuron = NeuronClassifier(C=np.inf).fit(X, y)
    z = neuron.decision_function(X)
    assert np.ptp(z, axis=1).max() > 14


def test_too_many_to_tell():
    X, y = np.ones((5_000, 40)), np.arange(5_000) % 10
    X[:, 1:] += np.random.default_rng(0).normal(size=(5_000, 39))
    assert layer_separation_of(X, y, 10, True) is None
