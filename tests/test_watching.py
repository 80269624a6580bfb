"""Histories, validation sets, early stopping, callbacks and interrupts."""

import warnings

import numpy as np
import pytest
from families import trainable
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skneuron.fitting._monitor
from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS, get_activation
from skneuron.fitting import AbsentClassWarning, EarlyStoppingWarning, StopAfter
from skneuron.solvers import SOLVERS
from skneuron.validation import check_training_data, split_off

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_breast_cancer(return_X_y=True)
X3, Y3 = load_iris(return_X_y=True)


def one_of_each_solver():
    found = {}
    for activation, loss, solver in trainable():
        found.setdefault(solver, (activation, loss, solver))
    assert set(found) == set(SOLVERS)
    return list(found.values())


# --- history --------------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "loss", "solver"), trainable())
def test_columns_are_equally_long_and_finite(activation, loss, solver):
    neuron = NeuronClassifier(activation, loss=loss, solver=solver, max_iter=20)
    neuron.fit(X3, Y3, X_val=X3[::2], y_val=Y3[::2])
    lengths = {len(column) for column in neuron.history_.values()}
    assert lengths == {neuron.n_iter_.max()}
    assert all(np.isfinite(column).all() for column in neuron.history_.values())
    assert "validation_loss" in neuron.history_
    assert ("saturation" in neuron.history_) == ACTIVATIONS[activation].differentiable


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if ACTIVATIONS[n].differentiable])
def test_saturation_is_the_share_of_flat_slopes(name):
    # Unpenalised and nearly separable: weights are large, and many samples saturate.
    data, y = make_classification(400, 5, class_sep=3.0, flip_y=0.05, random_state=0)
    neuron = NeuronClassifier(name, C=100.0, max_iter=30).fit(data, y)
    z = data @ neuron.coef_[0] + neuron.intercept_[0]
    slope = get_activation(name).derivative(z)
    largest = get_activation(name).derivative(np.linspace(-3, 3, 601)).max()
    expected = np.mean(slope <= 1e-3 * largest)
    # The last line is the fit itself, up to samples at the very edge.
    assert neuron.history_["saturation"][-1] == pytest.approx(expected, abs=0.006)


def test_saturation_of_a_softmax():
    neuron = NeuronClassifier(C=1e4).fit(X3, Y3)
    p = neuron.predict_proba(X3)
    expected = np.mean(p * (1 - p) < 1e-3 / 4)
    assert 0.2 < expected < 0.9
    assert neuron.history_["saturation"][-1] == pytest.approx(expected, abs=0.003)


def test_saturation_of_many_rows_is_looked_at_on_a_thousand():
    data, y = make_classification(50_000, 5, class_sep=2.0, random_state=0)
    neuron = NeuronClassifier(C=np.inf).fit(data, y)
    p = neuron.predict_proba(data)[:, 1]
    expected = np.mean(p * (1 - p) < 1e-3 / 4)
    assert 0.01 < expected < 0.9
    assert neuron.history_["saturation"][-1] == pytest.approx(expected, abs=0.05)


# --- validation -----------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog"])
def test_validation_loss_is_the_log_loss(activation):
    weights = np.linspace(0.0, 2.0, 169)
    neuron = NeuronClassifier(activation).fit(
        X[:400], Y[:400], X_val=X[400:], y_val=Y[400:], sample_weight_val=weights
    )
    expected = log_loss(Y[400:], neuron.predict_proba(X[400:]), sample_weight=weights)
    assert neuron.history_["validation_loss"][-1] == pytest.approx(expected, rel=1e-9)


def test_validation_loss_of_a_softmax_and_of_sparse_rows():
    from scipy import sparse

    neuron = NeuronClassifier().fit(X3[::2], Y3[::2], X_val=sparse.csr_array(X3), y_val=Y3)
    expected = log_loss(Y3, neuron.predict_proba(X3))
    assert neuron.history_["validation_loss"][-1] == pytest.approx(expected, rel=1e-9)


def test_a_validation_set_alone_changes_nothing():
    plain = NeuronClassifier().fit(X, Y)
    watched = NeuronClassifier().fit(X, Y, X_val=X[:50], y_val=Y[:50])
    np.testing.assert_array_equal(plain.coef_, watched.coef_)


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd"])
def test_early_stopping_keeps_the_weights_of_the_lowest_loss(solver):
    rng = np.random.default_rng(0)
    data = rng.standard_normal((120, 40))
    y = (data[:, 0] + rng.standard_normal(120) > 0).astype(int)
    sets = {"X_val": data[60:], "y_val": y[60:]}
    neuron = NeuronClassifier(solver=solver, C=1e3, early_stopping=True, n_iter_no_change=3)
    neuron.fit(data[:60], y[:60], **sets)
    losses = neuron.history_["validation_loss"]
    kept = log_loss(y[60:], neuron.predict_proba(data[60:]))
    assert kept == pytest.approx(losses.min(), rel=1e-9)
    assert neuron.n_iter_.max() == len(losses) == int(losses.argmin()) + 1 + 3
    assert not neuron.converged_
    assert neuron.gap_ > 1e-6
    assert kept < log_loss(
        y[60:], NeuronClassifier(C=1e3).fit(data[:60], y[:60]).predict_proba(data[60:])
    )


def test_early_stopping_holds_a_share_of_each_class_out():
    neuron = NeuronClassifier(early_stopping=True, random_state=0).fit(X, Y)
    again = NeuronClassifier(early_stopping=True, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(neuron.coef_, again.coef_)
    assert "validation_loss" in neuron.history_
    assert not np.array_equal(neuron.coef_, NeuronClassifier().fit(X, Y).coef_)


def test_the_penalty_of_the_rest_is_that_of_its_own_weight(monkeypatch):
    """C weighs the sum of the losses that are left, as if the others had never been there."""
    seen = []
    original = skneuron.fitting._monitor.FitMonitor.__init__

    def spy(self, objective, *rest):
        seen.append(objective)
        original(self, objective, *rest)

    monkeypatch.setattr(skneuron.fitting._monitor.FitMonitor, "__init__", spy)
    NeuronClassifier(C=0.01, early_stopping=True, random_state=0).fit(X, Y)
    (left,) = seen
    assert left.dims.n_samples == 512
    strength = left.penalty.ridge[:-1] * left.coordinates.scale**2
    np.testing.assert_allclose(strength, 1 / (0.01 * 512), rtol=1e-12)


def test_early_stopping_that_max_iter_ends_says_so():
    """Also where the best weights are earlier ones."""
    rng = np.random.default_rng(0)
    data = rng.standard_normal((120, 40))
    y = (data[:, 0] + rng.standard_normal(120) > 0).astype(int)
    neuron = NeuronClassifier(
        solver="gd", C=1e3, early_stopping=True, max_iter=20, n_iter_no_change=100
    )
    with pytest.warns(ConvergenceWarning, match="max_iter ended the fit"):
        neuron.fit(data[:60], y[:60], X_val=data[60:], y_val=y[60:])
    assert neuron.history_["validation_loss"].argmin() < 19


def test_a_pipeline_sends_the_validation_set_through():
    with config_context(enable_metadata_routing=True):
        neuron = NeuronClassifier().set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("neuron", neuron)], transform_input=["X_val"]
        )
        pipeline.fit(X[:400], Y[:400], X_val=X[400:], y_val=Y[400:])
    loss = pipeline["neuron"].history_["validation_loss"][-1]
    assert loss == pytest.approx(log_loss(Y[400:], pipeline.predict_proba(X[400:])), rel=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X}, "has no y_val"),
        ({"y_val": Y}, "has no X_val"),
        ({"sample_weight_val": np.ones(3)}, "without X_val and y_val"),
        ({"X_val": X[:, :3], "y_val": Y}, "features"),
        ({"X_val": X[:10], "y_val": Y}, "inconsistent"),
        ({"X_val": X, "y_val": Y + 1}, "label 2"),
        ({"X_val": np.where(X > 1000, np.nan, X), "y_val": Y}, "NaN"),
        ({"X_val": X, "y_val": Y, "sample_weight_val": -np.ones(len(Y))}, "weights >= 0"),
        ({"X_val": X, "y_val": Y, "sample_weight_val": np.ones(3)}, "shape"),
    ],
)
def test_bad_validation_sets_are_refused(given, message):
    neuron = NeuronClassifier().fit(X, Y)
    before = neuron.coef_
    with pytest.raises(ValueError, match=message):
        neuron.fit(X, Y, **given)
    assert neuron.coef_ is before


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": "yes"},
        {"validation_fraction": 0.0},
        {"validation_fraction": 1.0},
        {"n_iter_no_change": 0},
        {"n_iter_no_change": 1.5},
    ],
)
def test_bad_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        NeuronClassifier(**params).fit(X, Y)


@pytest.mark.parametrize("rare", [[3], [3, 7]])
def test_with_too_few_samples_to_hold_out_there_is_no_early_stopping(rare):
    """The fit is the one without early stopping, and says so once."""
    y = Y[:60].copy()
    y[:] = 0
    y[rare] = 1
    weights = np.ones(60)
    weights[rare[1:]] = 0.0  # a row of zero weight cannot be held out
    neuron = NeuronClassifier(early_stopping=True)
    with pytest.warns(EarlyStoppingWarning) as caught:
        neuron.fit(X[:60], y, weights)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert str(caught[0].message) == (
        "early_stopping=True has no effect, because class 1 has one sample of positive sample weight. "
        "Expected two or more samples of each class, as at least one of them is held out. Pass a "
        "validation set, fit(X, y, X_val=X_val, y_val=y_val), or set early_stopping=False."
    )
    plain = NeuronClassifier().fit(X[:60], y, weights)
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)
    assert neuron.converged_
    assert "validation_loss" not in neuron.history_


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("counts", [(2, 2), (2, 30), (3, 5, 40), (2, 2, 2, 2)])
def test_of_each_class_a_row_is_held_out_and_a_row_is_left(fraction, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    rng = np.random.default_rng(0)
    data = check_training_data(
        NeuronClassifier(), rng.normal(size=(len(y), 2)), y, rng.uniform(0.1, 2, len(y)), None
    )
    kept, held = split_off(data, fraction, 0)
    for k, count in enumerate(counts):
        out = int((held.y == k).sum())
        assert 1 <= out <= count - 1
        assert out + int((kept.y == k).sum()) == count
        assert abs(out - fraction * count) <= 1
    assert kept.weights.sum() == pytest.approx(1)
    assert held.weights.sum() == pytest.approx(1)
    # No row is on both sides, and none is lost.
    rows = np.concatenate([kept.X, held.X])
    np.testing.assert_array_equal(np.unique(rows, axis=0), np.unique(data.X, axis=0))


@pytest.mark.parametrize("n", [12, 20, 40])
def test_early_stopping_in_an_ensemble_of_small_bags(n):
    """Bags without a class, with one row of a class, and with enough of them."""
    rng = np.random.default_rng(n)
    data = rng.normal(size=(n, 3))
    y = np.zeros(n, int)
    y[:3] = 1
    bag = BaggingClassifier(NeuronClassifier(early_stopping=True), n_estimators=20, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag.fit(data, y)
    assert {w.category for w in caught} <= {EarlyStoppingWarning, AbsentClassWarning}
    assert EarlyStoppingWarning in {w.category for w in caught}
    proba = bag.predict_proba(data)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    seen = ["validation_loss" in neuron.history_ for neuron in bag.estimators_]
    assert any(seen)


# --- stops ----------------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "loss", "solver"), one_of_each_solver())
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("data", [(X, Y), (X3, Y3)], ids=["binary", "three classes"])
def test_a_stop_at_an_iteration_is_a_stop_there(activation, loss, solver, k, data):
    pytest.importorskip("sklearn.callback")
    neuron = NeuronClassifier(activation, loss=loss, solver=solver)
    neuron.set_callbacks(StopAfter(iterations=k)).fit(*data)
    assert neuron.n_iter_.max() == k
    assert neuron.score(*data) > 0.3
    assert all(len(column) == k for column in neuron.history_.values())
    assert set(vars(clone(neuron))) >= set(neuron.get_params())


def test_a_stop_of_one_neuron_limits_those_after_it():
    pytest.importorskip("sklearn.callback")

    class StopFirst(StopAfter):
        def on_fit_task_end(self, estimator, context):
            return context.parent is not None and context.parent.task_name == "neuron 0"

    neuron = NeuronClassifier("probit").set_callbacks(StopFirst(iterations=1)).fit(X3, Y3)
    assert neuron.n_iter_.max() == 1


def test_histories_of_neurons_side_by_side():
    neuron = NeuronClassifier("probit", C=1e3).fit(X3, Y3)
    alone = [NeuronClassifier("probit", C=1e3).fit(X3, k == Y3).history_ for k in range(3)]

    def at(name, k):
        return np.array([h[name][min(k, len(h[name]) - 1)] for h in alone])

    for k in range(neuron.n_iter_.max()):
        objective, norm = (neuron.history_[name][k] for name in ("objective", "gradient_norm"))
        assert objective == pytest.approx(at("objective", k).sum(), rel=1e-9)
        expected = np.sqrt((at("gradient_norm", k) ** 2).sum())
        assert norm == pytest.approx(expected, rel=1e-6, abs=1e-12)
        share = neuron.history_["saturation"][k]
        assert share == pytest.approx(at("saturation", k).mean(), abs=1e-12)
    assert neuron.history_["saturation"].max() > 0.3


def test_warnings_point_at_the_caller():
    with pytest.warns(ConvergenceWarning) as caught:
        NeuronClassifier(max_iter=1).fit(X, Y)
    assert caught[0].filename == __file__


def test_a_stop_warns_of_nothing(recwarn):
    pytest.importorskip("sklearn.callback")
    neuron = NeuronClassifier().set_callbacks(StopAfter(iterations=2)).fit(X, Y)
    assert not neuron.converged_
    assert neuron.gap_ > 1e-3
    assert not recwarn.list


def test_a_stop_reaches_through_a_search_over_pipelines():
    pytest.importorskip("sklearn.callback")
    pipeline = make_pipeline(StandardScaler(), NeuronClassifier(solver="gd"))
    search = GridSearchCV(pipeline, {"neuronclassifier__C": [1.0, 10.0]}, cv=3)
    search.set_callbacks(StopAfter(iterations=4)).fit(X, Y)
    assert search.best_estimator_[-1].n_iter_.max() == 4


def test_a_stop_after_seconds():
    pytest.importorskip("sklearn.callback")
    neuron = NeuronClassifier(solver="gd").set_callbacks(StopAfter(seconds=1e-9)).fit(X, Y)
    assert neuron.n_iter_.max() == 1


def test_scores_are_those_of_the_neuron_at_each_iteration():
    callback = pytest.importorskip("sklearn.callback")
    monitor = callback.ScoringMonitor(scoring="neg_log_loss")
    neuron = NeuronClassifier().set_callbacks(monitor).fit(X, Y)
    lines = [line for line in monitor.get_logs().data if line["task_name"] == "iteration"]
    assert len(lines) == neuron.n_iter_.max()
    for k, line in enumerate(lines[:3]):
        stopped = NeuronClassifier().set_callbacks(StopAfter(iterations=k + 1)).fit(X, Y)
        expected = -log_loss(Y, stopped.predict_proba(X))
        assert line["neg_log_loss"] == pytest.approx(expected, rel=1e-9)


def test_scores_of_one_neuron_per_class():
    callback = pytest.importorskip("sklearn.callback")
    monitor = callback.ScoringMonitor(scoring="accuracy")
    neuron = NeuronClassifier("probit").set_callbacks(monitor).fit(X3, Y3)
    lines = [line["accuracy"] for line in monitor.get_logs().data]
    assert neuron.score(X3, Y3) in lines
    assert len(lines) > neuron.n_iter_.max()


@pytest.mark.parametrize("given", [{}, {"iterations": 0}, {"iterations": 1.5}, {"seconds": -1}])
def test_a_stop_has_to_know_when(given):
    with pytest.raises(ValueError, match="StopAfter"):
        StopAfter(**given)


# --- interrupts -----------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "loss", "solver"), one_of_each_solver())
def test_an_interrupt_leaves_the_last_finished_iteration(monkeypatch, activation, loss, solver):
    iterates = []
    observe = skneuron.fitting._monitor.FitMonitor.observe

    def interrupted(self, params):
        if len(iterates) == 2:
            raise KeyboardInterrupt
        iterates.append(self._objective.coordinates.to_weights(params))
        return observe(self, params)

    monkeypatch.setattr(skneuron.fitting._monitor.FitMonitor, "observe", interrupted)
    neuron = NeuronClassifier(activation, loss=loss, solver=solver, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X, Y)
    np.testing.assert_array_equal(neuron.coef_, iterates[-1][0])
    assert neuron.n_iter_.max() == 2
    assert not neuron.converged_
    # It can be used; how well it does after two iterations is another matter.
    np.testing.assert_array_equal(neuron.predict(X), neuron.decision_function(X) > 0)


def test_an_interrupt_in_one_neuron_gives_the_others_one_iteration(monkeypatch):
    calls = []
    observe = skneuron.fitting._monitor.FitMonitor.observe

    def interrupted(self, params):
        calls.append(params)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return observe(self, params)

    monkeypatch.setattr(skneuron.fitting._monitor.FitMonitor, "observe", interrupted)
    neuron = NeuronClassifier("probit")
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X3, Y3)
    assert len(calls) == 3 + 2
    assert neuron.n_iter_.max() == 2


def test_an_interrupt_before_the_first_iteration_leaves_all_as_it_was(monkeypatch):
    neuron = NeuronClassifier().fit(X, Y)
    before = dict(vars(neuron))

    def interrupted(self, params):
        raise KeyboardInterrupt

    monkeypatch.setattr(skneuron.fitting._monitor.FitMonitor, "observe", interrupted)
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X[:, :3], Y)
    assert vars(neuron) == before


def test_the_model_is_still_that_of_logistic_regression():
    neuron = NeuronClassifier().fit(X, Y, X_val=X, y_val=Y)
    peer = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, Y)
    np.testing.assert_allclose(neuron.coef_, peer.coef_, rtol=1e-6)
