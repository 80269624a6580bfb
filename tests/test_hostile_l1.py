"""L1 penalties with little to hold them: columns alike, or of wild scales, or separating."""

import itertools

import numpy as np
import pytest

from skneuron import NeuronClassifier


def _table(kind, n_rows, n_columns):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(n_rows, n_columns))
    half = n_columns // 2
    if kind == "twice":
        data[:, half:] = data[:, :half]
    if kind == "nearly twice":
        data[:, half:] = data[:, :half] + 1e-3 * rng.normal(size=(n_rows, half))
    if kind == "wild scales":
        data = data * np.exp(4 * rng.normal(size=n_columns))
    if kind == "one factor":
        data += 5 * rng.normal(size=(n_rows, 1))
    if kind == "sums":
        data = np.cumsum(data, axis=1)
    return data, rng


def _slopes(neuron, data, y, C):
    """Of the losses along each weight, in units of the penalty's, by NumPy alone."""
    z = data @ neuron.coef_.T + neuron.intercept_
    p = np.exp(z - z.max(axis=1, keepdims=True))
    error = p / p.sum(axis=1, keepdims=True) - (y[:, None] == neuron.classes_)
    return C * (error.T @ data)


@pytest.mark.parametrize("C", [100.0, 1e5])
@pytest.mark.parametrize("kind", ["twice", "nearly twice", "wild scales"])
def test_layers_do_not_stop_short(kind, C):
    """With the conditions of a minimum (Boyd & Vandenberghe, 2004, section 5.5)."""
    data, rng = _table(kind, 300, 120)
    clean = data[:, :3] / data[:, :3].std(axis=0)
    y = np.argmax(clean + 0.5 * rng.gumbel(size=clean.shape), axis=1)
    neuron = NeuronClassifier(C=C, l1_ratio=1.0).fit(data, y)
    assert neuron.converged_
    slope, w = _slopes(neuron, data, y, C), neuron.coef_
    assert np.all(np.abs(slope[w == 0]) <= 1 + 1e-4)
    np.testing.assert_allclose(slope[w != 0], -np.sign(w[w != 0]), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "n_rows"),
    [*itertools.product(["nearly twice", "one factor", "sums"], [200, 800]), ("wild scales", 800)],
)
def test_both_methods_reach_the_same_minimum(kind, n_rows):
    data, rng = _table(kind, n_rows, 350)
    z = data[:, :10] @ rng.normal(size=10) / data[:, :10].std() + rng.logistic(size=n_rows)
    y = (z > np.median(z)).astype(int)
    fits = [
        NeuronClassifier(C=1000.0, l1_ratio=1.0, solver=solver).fit(data, y)
        for solver in ("newton", "working-set")
    ]
    assert all(fit.converged_ for fit in fits)
    np.testing.assert_allclose(fits[0].objective_, fits[1].objective_, rtol=1e-9)


def test_a_step_that_f_shows_is_taken_though_the_model_promises_more_after_it():
    """Saturated rows: F is small, exact, and falls by what is small beside F at zero."""
    rng = np.random.default_rng(9)
    data = rng.normal(size=(120, 100)) * 10.0 ** rng.integers(-8, 9, size=100)
    z = 3 * data[:, :20] / data[:, :20].std(axis=0) @ rng.normal(size=20)
    y = (z + rng.logistic(size=120) > 0).astype(int)
    assert NeuronClassifier(C=1e5, l1_ratio=1.0, solver="newton").fit(data, y).converged_
