"""Relu neurons die, a warning says so, and they can start anew."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

import skneuron.fitting._monitor
import skneuron.fitting._restart
from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.solvers import GD

RNG = np.random.default_rng(0)
# One sample in twenty fires: a step that is too long throws the bias far below zero.
X = RNG.standard_normal((2000, 2))
Y = (X[:, 0] + X[:, 1] + RNG.standard_normal(2000) > 2.85).astype(int)


def dead(**params):
    neuron = NeuronClassifier("relu", solver=GD(learning_rate=10.0, momentum=0.0))
    return neuron.set_params(**params)


def test_a_dead_neuron_is_named_with_the_way_out():
    with pytest.warns(ConvergenceWarning, match=r"dead, because no sample has z > 0.*restart=3"):
        neuron = dead().fit(X, Y)
    assert not (neuron.activate(X) > 0).any()
    assert not neuron.converged_
    # f is 0 on every sample: F is half the mean square of the targets, as at zero weights.
    assert neuron.objective_ == pytest.approx(Y.mean() / 2, rel=1e-6)
    assert neuron.gap_ == pytest.approx(1.0, rel=1e-6)


def test_a_warm_start_from_death_is_no_convergence():
    with pytest.warns(ConvergenceWarning, match="dead"):
        neuron = dead().fit(X, Y)
    neuron.set_params(solver=GD(), warm_start=True, tol=1e-8)
    with pytest.warns(ConvergenceWarning, match="dead"):
        neuron.fit(X, Y)
    assert not neuron.converged_


def test_restart_revives():
    with pytest.warns(ConvergenceWarning, match="dead"):
        neuron = dead().fit(X, Y)
    neuron.set_params(solver=GD(), warm_start=True, tol=1e-8)
    neuron.set_params(restart=3, random_state=0).fit(X, Y)
    alive = NeuronClassifier("relu", tol=1e-8).fit(X, Y)
    assert neuron.converged_
    assert neuron.objective_ == pytest.approx(alive.objective_, rel=0.05)


def test_restarts_are_reproducible_and_one_neuron_of_three_may_need_them():
    data, y = load_iris(return_X_y=True)
    start = NeuronClassifier.from_weights(
        np.zeros((3, 4)), [-1.0, 0.5, 0.5], activation="relu", classes=(0, 1, 2)
    )
    fitted = []
    for _ in range(2):
        start.set_params(solver=GD(), warm_start=True, restart=5, random_state=1, tol=1e-8)
        fitted.append(start.fit(data, y).coef_.copy())
        start.coef_, start.intercept_ = np.zeros((3, 4)), np.array([-1.0, 0.5, 0.5])
    np.testing.assert_array_equal(*fitted)
    assert (np.abs(fitted[0]).max(axis=1) > 0.1).all()


def test_a_neuron_without_intercept_learns_from_zero_weights():
    """At z = 0 for every sample there are two slopes. The larger one leads away."""
    x, y = np.array([[-1.0], [1.0], [2.0]]), np.array([0, 1, 1])
    start = NeuronClassifier.from_weights([[0.0]], [0.0], activation="relu")
    start.set_params(solver=GD(), warm_start=True, fit_intercept=False, tol=1e-12).fit(x, y)
    # Least squares on the two samples that fire: w = (1 + 2) / (1 + 4), up to the ridge 1/n.
    assert start.coef_[0, 0] == pytest.approx(3 / (5 + 1), rel=1e-5)


def test_an_empty_row_does_not_hide_a_dead_neuron():
    """Its z is 0 at every weight, so that no slope there helps."""
    x, y = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1])
    start = NeuronClassifier.from_weights([[-1.0]], [0.0], activation="relu")
    start.set_params(solver=GD(), warm_start=True, fit_intercept=False, C=np.inf)
    with pytest.warns(ConvergenceWarning, match="dead"):
        start.fit(x, y)


@pytest.mark.parametrize("name", [n for n, cls in ACTIVATIONS.items() if n != "relu"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_nothing_else_dies(name):
    again = NeuronClassifier(name, restart=2, max_iter=3).fit(X, Y)
    plain = NeuronClassifier(name, max_iter=3).fit(X, Y)
    np.testing.assert_array_equal(again.coef_, plain.coef_)


def test_a_dead_neuron_can_be_interrupted_and_does_not_start_anew(monkeypatch):
    with pytest.warns(ConvergenceWarning, match="dead"):
        neuron = dead().fit(X, Y)
    attempts = []
    observe = skneuron.fitting._monitor.FitMonitor.observe

    def interrupted(self, params):
        attempts.append(params)
        if len(attempts) == 2:
            raise KeyboardInterrupt
        return observe(self, params)

    monkeypatch.setattr(skneuron.fitting._monitor.FitMonitor, "observe", interrupted)
    # No tolerance: without a gradient the first line would be the last.
    neuron.set_params(warm_start=True, restart=3, tol=0.0, C=1.0)
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X, Y)
    assert len(attempts) == 2
    assert neuron.n_iter_.max() == 1
    assert not neuron.converged_


def test_a_random_start_is_undecided_on_average(monkeypatch):
    """Columns are centered: the mean of z is the bias, where every neuron starts."""
    means, deviations = [], []
    random_start = skneuron.fitting._restart._random_start

    def spied(objective, rng):
        start = random_start(objective, rng)
        z = objective.linear_predictor(start)
        means.append(z.mean())
        deviations.append(z.std())
        # None of them revives the neuron, so that all of them are seen.
        start[-1] = -1e6
        return start

    monkeypatch.setattr(skneuron.fitting._restart, "_random_start", spied)
    with pytest.warns(ConvergenceWarning, match="dead"):
        dead(restart=20, random_state=0, max_iter=20).fit(X, Y)
    np.testing.assert_allclose(means, 0.5, atol=1e-9)
    assert len(means) == 20
    # The mean square over random directions is 1; of twenty, 1 give or take 0.25 at five columns.
    assert 0.5 < np.mean(np.square(deviations)) < 2


@pytest.mark.parametrize("restart", [-1, 1.5, "yes", True])
def test_bad_values_are_refused(restart):
    with pytest.raises(ValueError, match="restart="):
        NeuronClassifier(restart=restart).fit(X, Y)
