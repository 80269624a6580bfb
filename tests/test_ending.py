"""Every fit ends: when no float64 step lowers F any further, whatever ``tol`` is.

It never returns coefficients that are worse than its start, or than zero.
"""

import warnings

import numpy as np
import pytest
from exact import objective
from families import PROBABILITIES, trainable
from fuzzing.attempt import Attempt
from fuzzing.draw import draw
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers import SOLVERS
from skneuron.solvers._stopping import StoppingRule
from skneuron.solvers.newton._curvature import Curvature

_log_loss_solvers = sorted({solver for name, _, solver in trainable() if name == "sigmoid"})
_x = np.arange(40.0)
_y = (_x >= 20).astype(int)
_y[18], _y[21] = 1, 0


def _passengers():
    """Return survival by age, sex and class of 1,300 made-up passengers."""
    rng = np.random.default_rng(30)
    n = 1300
    male = rng.random(n) < 0.64
    cl = rng.integers(1, 4, n)
    age = rng.normal(30, 13, n).clip(0.5, 80).round()
    z = 2 - 2.4 * male - (cl == 2) - 1.9 * (cl == 3) - 0.03 * (age - 30)
    y = rng.random(n) < 1 / (1 + np.exp(-z))
    return np.c_[age, male, cl == 2, cl == 3].astype(float), y


def test_lbfgs_ends_when_its_steps_have_no_length():
    """It once made 9,990 iterations of zero length."""
    X, y = _passengers()
    neuron = NeuronClassifier("probit", C=10.0, solver="lbfgs").fit(X, y)
    exact = NeuronClassifier("probit", C=10.0, solver="newton").fit(X, y)
    assert neuron.converged_
    assert neuron.n_iter_.max() < 100
    np.testing.assert_allclose(neuron.coef_, exact.coef_, rtol=1e-7)


@pytest.mark.parametrize(("activation", "loss", "solver"), trainable())
def test_a_tolerance_of_zero_ends(activation, loss, solver):
    """At the precision of float64, which counts as converged for solvers with curvature."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 2))
    y = (X[:, 0] + rng.logistic(size=40) > 0).astype(int)
    neuron = NeuronClassifier(activation, loss=loss, solver=solver, tol=0.0, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        neuron.fit(X, y)
    assert neuron.n_iter_.max() < neuron.max_iter or "perceptron" in solver
    if "hessian" in SOLVERS[solver].needs:
        assert neuron.converged_
        assert neuron.gap_ < 1e-13
        assert not caught


def test_two_currencies_end():
    """The same money twice, rounded to cents: the columns differ in the 13th digit.

    The minimum of F is 0.61430428050134, by Newton's method in extended precision on the
    columns a and Z₂ - 0.9137 a.
    """
    rng = np.random.default_rng(1)
    a = np.round(1e11 * rng.lognormal(size=2000), 2)
    X = np.c_[a, np.round(a * 0.9137, 2)]
    y = np.log(a / 1e11) + rng.logistic(size=2000) > 0
    with pytest.warns(ConvergenceWarning, match="collinear") as caught:
        neuron = NeuronClassifier().fit(X, y)
    assert neuron.n_iter_.max() < 100
    assert "max_iter" not in str(caught[0].message)
    measured = (objective(neuron, X, y) - 0.61430428050134) / np.log(2)
    assert 0 < measured < min(1e-8, 10 * neuron.gap_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("C", [1.0, 100.0, np.inf])
def test_cauchit_converges_on_small_tables(C):
    """Fisher's curvature alone took up to 1,361 iterations."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n, d = rng.integers(12, 200), rng.integers(1, 6)
        X = rng.normal(size=(n, d))
        y = X @ rng.normal(size=d) + rng.standard_cauchy(n) * rng.choice([0.3, 1, 3]) > 0
        if y.all() or not y.any():
            continue
        assert NeuronClassifier("cauchit", C=C).fit(X, y).n_iter_.max() <= 100, seed


def test_a_fit_that_cannot_go_on_does_not_advise_more_iterations():
    """Not even if the last iteration allowed is the one that shows it."""
    x = 1e9 + np.arange(40.0)
    X = np.c_[x, x + 1e-7 * np.sin(x), x - 1e-7 * np.cos(x)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        neuron = NeuronClassifier(C=1e9, tol=0.0).fit(X, _y)
    assert neuron.n_iter_.max() < 1000
    assert not any("Raise max_iter" in str(warning.message) for warning in caught)


# --- offsets ---------------------------------------------------------------------------------


def _mean_loss(neuron, X, y, offset):
    return -neuron.predict_log_proba(X, offset=offset)[np.arange(len(y)), y].mean()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("solver", _log_loss_solvers)
@pytest.mark.parametrize("spread", [1.0, 30.0, 1e3])
@pytest.mark.parametrize("C", [1e-3, 1.0, np.inf])
def test_no_solver_ends_above_zero_weights(solver, spread, C):
    """The offset itself separates the classes: zero weights have nearly no loss."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(80, 2))
    offset = spread * rng.normal(size=80)
    y = (offset > 0).astype(int)
    zero = np.logaddexp(0, -np.where(y == 1, 1, -1) * offset).mean()
    neuron = NeuronClassifier(C=C, solver=solver, max_iter=20, random_state=0)
    neuron.fit(W, y, offset=offset)
    assert objective(neuron, W, y, offset) <= zero * (1 + 1e-12)


@pytest.mark.parametrize("activation", PROBABILITIES)
@pytest.mark.parametrize("spread", [10.0, 100.0])
def test_wide_offsets_that_say_nothing_of_the_class(activation, spread):
    """F of the fit is at most that of zero weights with the best intercept of a grid."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 2))
    offset = spread * rng.normal(size=80)
    y = rng.integers(0, 2, 80)
    neuron = NeuronClassifier(activation).fit(X, y, offset=offset)
    assert neuron.converged_
    assert neuron.n_iter_.max() < 50
    none = NeuronClassifier.from_weights([0.0, 0.0], 0.0, activation=activation)
    grid = np.linspace(-3 * spread, 3 * spread, 200)
    best = min(_mean_loss(none, X, y, offset + shift) for shift in grid)
    assert _mean_loss(neuron, X, y, offset) <= best


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_softmax_with_wide_offsets():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(80, 2)), rng.integers(0, 3, 80)
    offset = 1e3 * rng.normal(size=(80, 3))
    neuron = NeuronClassifier(C=1e-3).fit(X, y, offset=offset)
    none = NeuronClassifier.from_weights(np.zeros((3, 2)), np.zeros(3), classes=[0, 1, 2])
    assert neuron.converged_
    assert _mean_loss(neuron, X, y, offset) <= _mean_loss(none, X, y, offset)


def test_an_offset_beyond_the_loss_is_refused():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(25, 2)), rng.integers(0, 2, 25)
    with pytest.raises(ValueError, match="with this offset"):
        NeuronClassifier("cloglog", fit_intercept=False).fit(X, y, offset=1e9 * rng.normal(size=25))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_warm_start_far_off_is_not_kept():
    """Coefficients of other units, worse than zero, are no start for a single iteration."""
    X, y = load_breast_cancer(return_X_y=True)
    scaled = StandardScaler().fit_transform(X)
    neuron = NeuronClassifier(warm_start=True, solver="gd").fit(scaled, y)
    neuron.set_params(max_iter=1).fit(1000 * X, y)
    assert neuron.objective_ <= np.log(2)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "identity", "sigmoid"])
def test_one_iteration_is_not_worse_than_zero(activation):
    X, y = load_iris(return_X_y=True)
    X, y = X[50:] * [1e3, 1, 1e-3, 1], y[50:] - 1
    neuron = NeuronClassifier(activation, loss="squared_error", solver="gd", max_iter=1)
    neuron.fit(X, y)
    value = neuron.activation_.value(np.zeros(1))[0]
    zero = 0.5 * np.mean((y - value) ** 2)
    assert neuron.objective_ <= zero * (1 + 1e-12)


# --- what has come to nothing at an iterate is not tried there again ---------------------------


def _of_seed(seed):
    """Return the fit of a seed of the fuzzer."""
    return Attempt(draw(seed)).neuron


@pytest.mark.parametrize("seed", [8101, 8179], ids=["lbfgs", "working-set"])
def test_a_step_of_no_length_is_not_repeated(seed):
    """The next round would start at the same iterate, and do the same."""
    moved = _of_seed(seed).history_["step"] > 0
    assert np.any(moved)
    assert len(moved) - 1 - np.flatnonzero(moved)[-1] <= 2


def test_no_curvature_is_factored_twice(monkeypatch):
    """The gap of a fit that ends early has the curvature of the last iterate."""
    points, of_class = [], Curvature.__init__

    def counted(self, objective, params, hessian=None):
        points.append((objective, params))
        of_class(self, objective, params, hessian)

    monkeypatch.setattr(Curvature, "__init__", counted)
    X, y = load_breast_cancer(return_X_y=True)
    neuron = NeuronClassifier(solver="newton", max_iter=2)
    with pytest.warns(ConvergenceWarning):
        neuron.fit(X, y)
    assert len(points) > 2
    again = [p for k, (f, p) in enumerate(points) if any(f is g and p is q for g, q in points[:k])]
    assert again == []


def test_f_that_rises_is_rounding():
    """It ends a fit on a plateau, where F that stays the same does not."""
    X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    F = Objective.of_data(
        DesignMatrix(X), y, LogisticLoss(), np.full(2, 0.5), Regularization(0.0), True
    )
    for last, is_rounding in ((0.5, False), (0.5 + 1e-9, True)):
        rule = StoppingRule(F, F.zero_value, patience=2)
        values = [0.5, 0.5 + 1e-9, last]
        assert [rule.is_stuck(value, 1e-3) for value in values] == [False, False, True]
        assert rule.is_exhausted is is_rounding
