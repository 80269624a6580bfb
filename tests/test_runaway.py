"""Fits whose weights have no end: stopped with a warning that is right, and never otherwise."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from families import PROBABILITIES, trainable
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning

from skneuron import NeuronClassifier
from skneuron.separation import SeparationWarning, detect_separation

DATA = Path(__file__).parent / "data"
LIKELIHOODS = [
    (activation, solver)
    for activation, loss, solver in trainable()
    if activation in PROBABILITIES and loss == "auto"
]


def _quasi(n=400):
    """One rare category with one label only, beside columns that overlap."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 2)), columns=["dose", "age"])
    y = (X["dose"] + rng.logistic(size=n) > 0).to_numpy().astype(int)
    X["rare"] = (np.arange(n) % 20 == 0).astype(float)
    y[X["rare"] == 1] = 1
    return X, y


def _table(name):
    table = pd.read_csv(DATA / f"{name}.csv.gz", comment="#")
    return table.iloc[:, :-1], table.iloc[:, -1]


def _loss_of_zero_weights(activation, y):
    """Mean log loss, from the probabilities that a neuron without weights gives."""
    zero = NeuronClassifier.from_weights([0.0], activation=activation)
    proba = zero.predict_proba(np.zeros((1, 1)))[0]
    return -np.mean(np.log(proba[y.astype(int)]))


@pytest.mark.parametrize(("activation", "solver"), LIKELIHOODS)
def test_complete_separation_stops_every_solver(activation, solver):
    X, y = load_iris(return_X_y=True)
    neuron = NeuronClassifier(activation, C=np.inf, solver=solver)
    with pytest.warns(SeparationWarning, match="complete separation.*columns"):
        neuron.fit(X, y == 0)
    assert not neuron.converged_
    assert neuron.n_iter_.max() <= 100
    # Nothing bounds the loss from below but zero.
    assert neuron.gap_ == pytest.approx(
        neuron.objective_ / _loss_of_zero_weights(activation, y == 0)
    )
    assert neuron.predict_proba(X).shape == (150, 2)


@pytest.mark.parametrize(("activation", "solver"), LIKELIHOODS)
def test_quasi_complete_separation_is_named_by_its_feature(activation, solver):
    """Given a tol at which the weights have begun to run: loose ones end before."""
    X, y = _quasi()
    neuron = NeuronClassifier(activation, C=np.inf, solver=solver, tol=1e-10)
    with pytest.warns(SeparationWarning, match=r"quasi-complete.*the coefficient of rare grows"):
        neuron.fit(X, y)
    assert not neuron.converged_
    assert neuron.n_iter_.max() <= 100
    assert np.all(np.isfinite(neuron.coef_))
    assert np.all(np.isfinite(neuron.predict_log_proba(X)))


@pytest.mark.parametrize(("activation", "solver"), LIKELIHOODS)
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_no_false_alarm(activation, solver, scale):
    """Overlapping, collinear but for rounding, at any scale: an answer, and no warning."""
    X, y = make_classification(200, 4, flip_y=0.2, class_sep=2.0, random_state=3)
    neuron = NeuronClassifier(activation, C=np.inf, solver=solver)
    assert neuron.fit((X + 100) * scale, y).converged_
    assert detect_separation((X + 100) * scale, y).kind == "none"


def test_known_data():
    X, y = _table("sonar")
    with pytest.warns(SeparationWarning, match=r"complete.* and 55 more"):
        NeuronClassifier(C=np.inf).fit(X, y)
    X, y = _table("pima")
    assert NeuronClassifier(C=np.inf).fit(X, y).converged_
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    with pytest.warns(SeparationWarning, match=r"complete.* and 25 more"):
        NeuronClassifier(C=np.inf).fit(X, y)


def test_a_million_certain_rows_of_overlapping_data_are_no_separation():
    """Rows with z beyond 40 are asked about, and found to overlap."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=500), [60.0, -60.0]])
    y = (x + rng.logistic(size=502) > 0).astype(int)
    neuron = NeuronClassifier(C=np.inf).fit(x[:, None], y)
    assert neuron.converged_
    assert neuron.predict_log_proba(x[-1:, None])[0, 1] < -40


def test_layers_name_the_class():
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = y.map({0: "setosa", 1: "versicolor", 2: "virginica"})
    for activation in ("sigmoid", "probit"):
        with pytest.warns(SeparationWarning, match="class 'setosa' from the rest.*petal"):
            NeuronClassifier(activation, C=np.inf).fit(X, y)


def test_a_layer_that_is_separated_as_a_whole():
    X, y = np.array([[-3.0], [-2.0], [0.0], [0.5], [2.0], [3.0]]), [0, 0, 1, 1, 2, 2]
    with pytest.warns(SeparationWarning, match="separates"):
        neuron = NeuronClassifier(C=np.inf).fit(X, y)
    assert neuron.score(X, y) == 1


@pytest.mark.parametrize("C", [1e8, 1e12])
def test_a_weak_penalty_has_an_answer_and_a_warning(C):
    X, y = load_iris(return_X_y=True)
    with pytest.warns(SeparationWarning, match="Only the penalty"):
        neuron = NeuronClassifier(C=C).fit(X, y == 0)
    assert neuron.converged_
    with pytest.warns(SeparationWarning, match=r"quasi-complete.*rare.*Only the penalty"):
        neuron.fit(*_quasi())
    assert neuron.converged_


def test_an_ordinary_penalty_has_no_warning():
    X, y = load_iris(return_X_y=True)
    assert NeuronClassifier(C=1e4).fit(X, y == 0).converged_


def test_bounds_end_the_way_to_infinity():
    X, y = load_iris(return_X_y=True)
    neuron = NeuronClassifier(C=np.inf, bounds=(-1, 1)).fit(X, y == 0)
    assert neuron.converged_


@pytest.mark.parametrize("solver", ["newton", "subsampled-newton"])
def test_bounds_on_one_side_may_leave_the_way_open(solver):
    """Setosa is the small one: with no positive weight it is separated, with no negative not."""
    X, y = load_iris(return_X_y=True)
    with pytest.warns(SeparationWarning, match=r"complete.*petal|complete.*column"):
        neuron = NeuronClassifier(C=np.inf, bounds=(None, 0), solver=solver).fit(X, y == 0)
    assert not neuron.converged_
    assert neuron.score(X, y == 0) == 1
    assert (neuron.coef_ <= 0).all()
    assert NeuronClassifier(C=np.inf, bounds=(0, None), solver=solver).fit(X, y == 0).converged_


def test_weights_that_stand_at_a_bound_prove_nothing():
    """Separated with w = -3, its lower bound: no multiple of it is allowed."""
    X, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), [1, 1, 0, 0]
    neuron = NeuronClassifier(C=np.inf, bounds=(-3, None)).fit(X, y)
    assert neuron.converged_
    assert neuron.coef_[0, 0] == -3


def test_a_warning_of_separation_is_one_of_convergence():
    """Whoever filters ConvergenceWarning has meant this one too."""
    assert issubclass(SeparationWarning, ConvergenceWarning)


def test_weights_of_rows_change_nothing_but_zero():
    X, y = _quasi()
    weights = np.where((X["rare"] == 1) & (np.arange(len(y)) > 0), 0.0, 1e-3)
    y[0] = 0
    with pytest.warns(SeparationWarning, match="rare"):
        NeuronClassifier(C=np.inf).fit(X, y, weights)
    weights = np.where(X["rare"] == 1, 0.0, 2.0)
    assert NeuronClassifier(C=np.inf).fit(X, y, weights).converged_


def test_wide_data_are_told_by_their_loss_alone():
    """No matrix of 5,000 columns is formed."""
    X = sparse.random(60, 5000, 0.02, format="csr", random_state=0)
    with pytest.warns(SeparationWarning, match="complete"):
        NeuronClassifier(C=np.inf).fit(X, np.arange(60) % 2)
