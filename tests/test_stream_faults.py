"""Chunks that are refused or interrupted: the stream is as it was, and goes on."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

import skneuron.fitting._stream
from skneuron import NeuronClassifier
from skneuron.results import History
from skneuron.solvers import SOLVERS

X, Y = load_breast_cancer(return_X_y=True)
STREAMING = [name for name, cls in SOLVERS.items() if cls.streams and "gradient" in cls.needs]


def begun(**settings):
    """Return a neuron after two chunks."""
    neuron = NeuronClassifier(**settings)
    for rows in (slice(200), slice(200, 400)):
        neuron.partial_fit(X[rows], Y[rows], classes=[0, 1])
    return neuron


@pytest.mark.parametrize(
    "change", [{"activation": "probit"}, {"loss": "squared_error"}, {"fit_intercept": False}]
)
def test_a_stream_stays_that_of_one_neuron(change):
    neuron = NeuronClassifier().partial_fit(X[:300], Y[:300], classes=[0, 1])
    before = pickle.dumps(vars(neuron))
    neuron.set_params(**change)
    with pytest.raises(ValueError, match=r"Expected activation=Sigmoid\(\), loss='log_loss'"):
        neuron.partial_fit(X[300:], Y[300:])
    neuron.set_params(**{name: getattr(NeuronClassifier(), name) for name in change})
    assert pickle.dumps(vars(neuron)) == before


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        ((np.where(X > 1000, np.nan, X), Y), "NaN"),
        ((X[:, :5], Y), "features"),
        ((X, Y + 1), "label 2"),
        ((X, Y[:10]), "inconsistent"),
    ],
)
def test_a_refused_chunk_leaves_the_stream_as_it_was(chunk, message):
    neuron = begun()
    other = begun()
    before = dict(vars(neuron))
    with pytest.raises(ValueError, match=message):
        neuron.partial_fit(*chunk)
    assert vars(neuron) == before
    neuron.partial_fit(X[400:], Y[400:])
    np.testing.assert_array_equal(neuron.coef_, other.partial_fit(X[400:], Y[400:]).coef_)


@pytest.mark.parametrize("solver", ["newton", *STREAMING])
def test_an_interrupted_chunk_was_never_there(monkeypatch, solver):
    """After the solver has done all its work."""
    neuron, other = (begun(solver=solver, random_state=0) for _ in range(2))
    before = dict(vars(neuron))

    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(skneuron.fitting._stream, "as_stored", interrupted)
        with pytest.raises(KeyboardInterrupt):
            neuron.partial_fit(X[400:], Y[400:])
    assert vars(neuron) == before
    for one in (neuron, other):
        one.partial_fit(X[400:], Y[400:])
    np.testing.assert_array_equal(neuron.coef_, other.coef_)


def test_a_chunk_that_is_interrupted_on_the_way_was_never_there(monkeypatch):
    neuron = begun()
    before = dict(vars(neuron))
    add = History.add

    def interrupted(self, *args, **kwargs):
        if len(self):
            raise KeyboardInterrupt
        add(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(History, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            neuron.partial_fit(X[400:], Y[400:])
    assert vars(neuron) == before


def test_balanced_weights_and_early_stopping_are_refused():
    with pytest.raises(ValueError, match="cannot use class_weight='balanced'"):
        NeuronClassifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match="cannot use early_stopping=True"):
        NeuronClassifier(early_stopping=True).partial_fit(X, Y, classes=[0, 1])
