"""Warm starts go on: k fits of one iteration are one fit of k iterations."""

import copy
import pickle

import numpy as np
import pytest
from families import trainable
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_classification

from skneuron import NeuronClassifier
from skneuron.solvers import GD, LBFGS, SOLVERS, NewtonCG, OnlinePerceptron, Perceptron

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Why a solver does not go on from where it was, in docs/model.md too.
EXCEPTIONS = {
    "lbfgs": "SciPy keeps what L-BFGS-B has gathered to itself",
    "subsampled-newton": "each fit draws rows anew",
    "sgd": "each fit draws batches anew",
    "adam": "each fit draws batches anew",
}

IRIS = load_iris(return_X_y=True)
TWO = IRIS[0][50:], IRIS[1][50:]
CANCER = load_breast_cancer(return_X_y=True)
DIGITS = tuple(part[:500] for part in load_digits(return_X_y=True))
WIDE = make_classification(150, 400, n_informative=20, random_state=0)
DATA = {"two classes": TWO, "three classes": IRIS, "raw columns": CANCER}


def both(data, k, **params):
    """Return a fit of k iterations, and k warm-started fits of one."""
    params = {"random_state": 0, "tol": 1e-18} | params
    one = NeuronClassifier(max_iter=k, **params).fit(*data)
    many = NeuronClassifier(max_iter=1, warm_start=True, **params)
    for _ in range(k):
        many.fit(*data)
    return one, many


def assert_same(one, many, rtol=1e-6):
    scale = np.abs(one.coef_).max()
    np.testing.assert_allclose(many.coef_, one.coef_, rtol=0, atol=rtol * scale)
    scale = max(np.abs(one.intercept_).max(), 1e-3)
    np.testing.assert_allclose(many.intercept_, one.intercept_, rtol=0, atol=rtol * scale)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(
    ("activation", "loss", "solver"),
    [case for case in trainable() if case[2] not in EXCEPTIONS],
)
def test_many_fits_are_one(activation, loss, solver, data):
    for k in (2, 3, 8):
        one, many = both(DATA[data], k, activation=activation, loss=loss, solver=solver)
        assert_same(one, many)


def test_the_case_that_was_reported():
    """newton-cg on iris had differed by 0.11."""
    one, many = both(IRIS, 2, solver="newton-cg")
    assert np.abs(one.coef_ - many.coef_).max() < 1e-12


@pytest.mark.parametrize("solver", ["newton", "working-set"])
@pytest.mark.parametrize("params", [{"l1_ratio": 1.0}, {"l1_ratio": 0.5}, {"bounds": (-0.1, 0.1)}])
@pytest.mark.parametrize("data", [TWO, IRIS, CANCER, WIDE], ids=["two", "three", "raw", "wide"])
def test_l1_penalties_and_bounds(solver, params, data):
    for k in (2, 5):
        assert_same(*both(data, k, solver=solver, **params), rtol=1e-5)


@pytest.mark.parametrize("solver", ["newton-cg", "gd"])
@pytest.mark.parametrize("data", [DIGITS, WIDE], ids=["digits", "wide"])
def test_more_weights(solver, data):
    """Where L-BFGS pairs run over, and conjugate gradients step in."""
    for k in (7, 20):
        assert_same(*both(data, k, solver=solver))


@pytest.mark.parametrize(
    "solver",
    [
        GD(learning_rate=0.1),
        GD(learning_rate=0.1, momentum=0.9),
        GD(momentum=0.0),
        Perceptron(keep="average"),
        Perceptron(keep="last"),
        OnlinePerceptron(keep="average"),
        OnlinePerceptron(keep="last"),
        OnlinePerceptron(shuffle=False),
    ],
    ids=repr,
)
def test_parameters_of_solvers(solver):
    activation = "sigmoid" if isinstance(solver, GD) else "step"
    # Classes that no line separates: no neuron has converged before the others.
    data = CANCER[0][:, 10:14], CANCER[1]
    for k in (2, 5):
        assert_same(*both(data, k, activation=activation, solver=solver), rtol=1e-9)


def test_every_solver_goes_on_or_says_why():
    assert set(EXCEPTIONS) < set(SOLVERS)
    for name in EXCEPTIONS:
        assert "warm" in SOLVERS[name].__doc__, f"{name} says nothing of warm starts"


@pytest.mark.parametrize("solver", EXCEPTIONS)
def test_the_others_start_from_the_weights(solver):
    """F never rises from fit to fit, and they all come to the optimum."""
    neuron = NeuronClassifier(solver=solver, max_iter=3, warm_start=True, random_state=0)
    values = [neuron.fit(*TWO).objective_ for _ in range(30)]
    optimum = NeuronClassifier(tol=1e-14).fit(*TWO).objective_
    assert np.all(np.diff(values) <= 1e-12)
    assert values[-1] == pytest.approx(optimum, rel=1e-2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["newton-cg", "gd"])
def test_weights_that_are_rounded(solver, dtype):
    data = CANCER[0].astype(dtype), CANCER[1]
    assert_same(*both(data, 5, solver=solver), rtol=1e-5 if dtype == np.float32 else 1e-9)


SOLVERS_WITH_STATE = [
    ("sigmoid", "newton-cg"),
    ("sigmoid", "gd"),
    ("step", "perceptron"),
    ("step", "online-perceptron"),
]


@pytest.mark.parametrize(("activation", "solver"), SOLVERS_WITH_STATE)
@pytest.mark.parametrize("other", ["C", "rows", "columns in other units", "labels", "weights"])
def test_the_state_is_of_no_use_for_another_objective(activation, solver, other):
    """Then the fit is that of the weights alone, as if they came from elsewhere."""
    X, y = TWO
    neuron = NeuronClassifier(
        activation, solver=solver, max_iter=4, warm_start=True, random_state=0
    ).fit(X, y)
    stranger = copy.deepcopy(neuron)
    del stranger._states
    weights = None
    if other == "C":
        if activation == "step":
            return  # it has no penalty
        neuron.set_params(C=1e-3), stranger.set_params(C=1e-3)
    elif other == "rows":
        X, y = X[::2], y[::2]
    elif other == "columns in other units":
        X = X * [1.0, 10.0, 1.0, 1.0]
    elif other == "labels":
        y = y[::-1]
    else:
        weights = np.linspace(0.1, 1, len(y))
    np.testing.assert_array_equal(
        neuron.fit(X, y, weights).coef_, stranger.fit(X, y, weights).coef_
    )


@pytest.mark.parametrize(("activation", "solver"), SOLVERS_WITH_STATE)
def test_the_state_is_never_changed_in_place(activation, solver):
    """A refused or repeated fit finds it as it was, and a pickle has it."""
    X, y = CANCER[0][:, 10:14], CANCER[1]
    params = {"activation": activation, "solver": solver, "random_state": 0}
    neuron = NeuronClassifier(max_iter=3, warm_start=True, **params).fit(X, y)
    again = pickle.loads(pickle.dumps(neuron))
    twin = copy.copy(neuron)
    with pytest.raises(ValueError, match="NaN"):
        neuron.fit(np.full_like(X, np.nan), y)
    whole = NeuronClassifier(max_iter=6, **params).fit(X, y)
    for copied in (neuron, again, twin):
        assert_same(whole, copied.fit(X, y), rtol=1e-9)


def test_without_warm_start_nothing_is_kept():
    neuron = NeuronClassifier(solver="gd", max_iter=3).fit(*TWO)
    assert not hasattr(neuron, "_states")
    neuron.set_params(warm_start=True).fit(*TWO)
    assert hasattr(neuron, "_states")
    neuron.set_params(warm_start=False).fit(*TWO)
    assert not hasattr(neuron, "_states")


def test_another_solver_begins_anew():
    neuron = NeuronClassifier(solver=GD(momentum=0.5), max_iter=3, warm_start=True).fit(*TWO)
    stranger = copy.deepcopy(neuron)
    del stranger._states
    for solver in (GD(momentum=0.6), NewtonCG(), LBFGS()):
        a, b = copy.copy(neuron), copy.copy(stranger)
        a.set_params(solver=solver).fit(*TWO)
        b.set_params(solver=solver).fit(*TWO)
        np.testing.assert_array_equal(a.coef_, b.coef_)
