"""What surrounds a search for C: callbacks, interrupts, repeated fits and separable folds."""

import warnings
from itertools import chain

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.activations import Sigmoid
from skneuron.separation import SeparationWarning

X, Y = make_classification(120, 6, n_informative=3, flip_y=0.2, random_state=0)
CS = [0.01, 0.1, 1.0]


class Recorder:
    """Writes down the hooks, and goes down to the final neuron."""

    max_propagation_depth = None

    def __init__(self):
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", type(estimator).__name__, context.task_name))

    def on_fit_task_end(self, estimator, context):
        self.calls.append(("end", type(estimator).__name__, context.task_name))
        self.parent = context.parent


def _names(recorder, hook):
    return [call[2] for call in recorder.calls if call[:2] == (hook, "NeuronClassifierCV")]


# --- callbacks -----------------------------------------------------------------------------


@pytest.mark.parametrize("cv", [2, "loo"])
def test_a_task_per_fold_and_per_fit_and_one_for_the_refit(cv):
    pytest.importorskip("sklearn.callback")
    recorder = Recorder()
    search = NeuronClassifierCV(Cs=CS, cv=cv).set_callbacks(recorder).fit(X, Y)
    fits = ["C=0.01", "C=0.1", "C=1"]
    folds = [["fold 0", *fits], ["fold 1", *fits]][: 2 if cv == 2 else 1]
    assert _names(recorder, "begin") == ["fit", *chain(*folds)]
    ends = [name for name in _names(recorder, "end") if name != "fit"]
    assert ends == [name for fold in folds for name in (*fits, fold[0])]
    # The final neuron takes the callback over: its fit is the task of the refit.
    neuron = [call[2] for call in recorder.calls if call[1] == "NeuronClassifier"]
    assert (neuron[0], neuron[-1], set(neuron)) == ("fit", "fit", {"fit", "iteration"})
    assert (recorder.calls[0], recorder.calls[-1]) == ("setup", "teardown")
    plain = NeuronClassifierCV(Cs=CS, cv=cv).fit(X, Y)
    np.testing.assert_array_equal(search.scores_, plain.scores_)
    assert not hasattr(search.best_estimator_, "_skl_callbacks")


def test_callbacks_in_a_pipeline_without_refit_and_in_two_processes():
    pytest.importorskip("sklearn.callback")
    recorder = Recorder()
    search = NeuronClassifierCV(Cs=CS, cv=2, refit=False, l1_ratios=[0.0, 1.0])
    make_pipeline(StandardScaler(), search).set_callbacks(recorder).fit(X, Y)
    assert sum(name.startswith("C=") for name in _names(recorder, "end")) == 12
    # The folds run in other processes, with copies of the callback. The main one has the rest.
    recorder = Recorder()
    search = NeuronClassifierCV(Cs=CS, cv=2, l1_ratios=[0.5], n_jobs=2)
    search.set_callbacks(recorder).fit(X, Y)
    assert _names(recorder, "end") == ["fit"]


def test_a_progress_bar_reaches_its_end(capsys):
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    NeuronClassifierCV(Cs=CS, cv=2).set_callbacks(callback.ProgressBar()).fit(X, Y)
    assert capsys.readouterr().out.count("100%") == 4


def test_an_error_tears_callbacks_down():
    pytest.importorskip("sklearn.callback")
    recorder = Recorder()
    search = NeuronClassifierCV(Cs=CS, scoring=_failing(RuntimeError)).set_callbacks(recorder)
    with pytest.raises(RuntimeError):
        search.fit(X, Y)
    assert recorder.calls[-1] == "teardown"
    assert list(vars(search).keys() - search.get_params()) == ["_skl_callbacks"]


# --- interrupts ----------------------------------------------------------------------------


def _failing(error, after=4):
    """Return a scorer that raises after some calls."""
    calls = []

    def scorer(neuron, X, y):
        calls.append(neuron)
        if len(calls) > after:
            raise error
        return 0.5

    return scorer


class Interrupting(Sigmoid):
    """The sigmoid, with an interrupt at one call of its derivative."""

    calls = 0
    at = np.inf

    def log_proba_derivative(self, z):
        Interrupting.calls += 1
        if Interrupting.calls == Interrupting.at:
            raise KeyboardInterrupt
        return super().log_proba_derivative(z)


def _interrupted(search, error=KeyboardInterrupt):
    before = dict(vars(search))
    with pytest.raises(error):
        search.fit(X, Y)
    assert vars(search).keys() == before.keys()
    assert all(vars(search)[name] is value for name, value in before.items())


@pytest.mark.parametrize("fitted", [False, True])
def test_an_interrupt_keeps_the_last_search(fitted):
    search = NeuronClassifierCV(Cs=CS, scoring="accuracy")
    if fitted:
        search.fit(X, Y)
    _interrupted(search.set_params(scoring=_failing(KeyboardInterrupt)))


def test_an_interrupt_of_any_fit_keeps_the_last_search():
    """Also of the final fit, after which a neuron of its own would keep its coefficients."""
    search = NeuronClassifierCV(Interrupting(), Cs=CS, cv=2).fit(X, Y)
    total, errors = Interrupting.calls, np.geterr()
    assert total > 20
    for at in np.linspace(1, total - 1, 12).astype(int):
        Interrupting.calls, Interrupting.at = 0, at
        try:
            _interrupted(search)
        finally:
            Interrupting.at = np.inf
        assert np.geterr() == errors
    scores = search.scores_
    np.testing.assert_array_equal(search.fit(X, Y).scores_, scores)


# --- repeated and nested searches ----------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"l1_ratios": [0.5]}, {"cv": "loo"}], ids=str)
def test_a_second_fit_has_the_same_bits(params):
    search = NeuronClassifierCV(Cs=CS, **params).fit(X, Y)
    first = search.scores_, search.coefs_paths_, search.coef_
    search.fit(X[:, ::-1], 1 - Y)
    search.fit(X, Y)
    for before, after in zip(
        first, (search.scores_, search.coefs_paths_, search.coef_), strict=True
    ):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", ["warm_start", "early_stopping", "C", "l1_ratio", "penalty"])
def test_parameters_of_other_classes_are_refused(name):
    """LogisticRegressionCV has no warm_start, too."""
    assert "warm_start" not in LogisticRegressionCV().get_params()
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        NeuronClassifierCV(**{name: 1})


def test_searches_in_searches_and_in_pipelines():
    pipe = make_pipeline(StandardScaler(), NeuronClassifierCV(Cs=CS, cv=3))
    proba = cross_val_predict(pipe, X, Y, cv=3, method="predict_proba")
    assert proba.shape == (120, 2)
    outer = GridSearchCV(pipe, {"neuronclassifiercv__l1_ratios": [[0.0], [1.0]]}, cv=2).fit(X, Y)
    assert outer.best_estimator_[-1].C_ in CS


# --- folds that a hyperplane separates -----------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"l1_ratios": [1.0]},
        {"bounds": (0, None)},
        {"penalty_factor": [0, 1, 1, 1, 1, 1]},
        {"scoring": "accuracy"},
        {"activation": "probit"},
    ],
    ids=str,
)
def test_an_infinite_C_on_separable_folds_has_finite_scores(params):
    y = (X[:, 0] > 0).astype(int)
    search = NeuronClassifierCV(Cs=[0.1, 1.0, np.inf], cv=3, **params)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, y)
    kinds = [note.category for note in caught]
    assert SeparationWarning in kinds
    # Once for the folds, and once more if the final fit has it.
    assert kinds.count(SeparationWarning) <= 2
    assert np.isfinite(search.scores_).all()
    assert np.isfinite(search.coefs_paths_).all()
    assert search.predict(X).shape == y.shape


def test_bounds_and_l1_hold_in_every_fold():
    search = NeuronClassifierCV(Cs=[0.05, 0.5, np.inf], l1_ratios=[1.0], bounds=(-0.1, 0.3), cv=3)
    search.fit(X, Y)
    coefs = search.coefs_paths_[..., :-1]
    assert coefs.min() >= -0.1
    assert coefs.max() <= 0.3
    assert (coefs[:, 0, 0] == 0).any()
    own = NeuronClassifier(C=search.C_, l1_ratio=1.0, bounds=(-0.1, 0.3)).fit(X, Y)
    np.testing.assert_array_equal(search.coef_, own.coef_)
