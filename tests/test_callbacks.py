"""The protocol of ``sklearn.callback``: each setup has a teardown, each begin an end."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from families import trainable
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skneuron
from skneuron import NeuronClassifier
from skneuron.solvers import SOLVERS

callback = pytest.importorskip("sklearn.callback")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X3, Y3 = load_iris(return_X_y=True)
X, Y = X3[:100], Y3[:100]


class Recorder:
    """Writes down each call of a hook; stays where it is set."""

    def __init__(self, fail=None, error=RuntimeError):
        self.calls, self.fail, self.error = [], fail, error

    def _note(self, hook, estimator, context, fitted=None):
        self.calls.append((hook, context.task_name, fitted))
        if (hook, context.task_name) == self.fail:
            raise self.error("a callback of one's own")

    def setup(self, estimator, context):
        self._note("setup", estimator, context)

    def teardown(self, estimator, context):
        self._note("teardown", estimator, context)

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator=None):
        self._note("begin", estimator, context, fitted_estimator)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self._note("end", estimator, context, fitted_estimator)

    def count(self, hook, task=None):
        return sum(h == hook and task in (None, t) for h, t, _ in self.calls)

    def fitted(self, hook, task):
        return [f for h, t, f in self.calls if (h, t) == (hook, task)]


class Spreading(Recorder):
    """The same, and goes down to the steps of pipelines and searches."""

    max_propagation_depth = None


def one_of_each_solver():
    found = {}
    for activation, loss, solver in trainable():
        found.setdefault(solver, NeuronClassifier(activation, loss=loss, solver=solver, max_iter=5))
    assert set(found) == set(SOLVERS)
    return list(found.values())


@pytest.fixture(params=one_of_each_solver(), ids=lambda neuron: neuron.solver)
def neuron(request):
    return request.param.__class__(**request.param.get_params(deep=False))


PLACES = {
    "alone": lambda neuron: neuron,
    "pipeline": lambda neuron: make_pipeline(StandardScaler(), neuron),
    "search": lambda neuron: GridSearchCV(neuron, {"C": [1.0, 10.0]}, cv=3, error_score="raise"),
    "search over pipelines": lambda neuron: GridSearchCV(
        make_pipeline(StandardScaler(), neuron), {"neuronclassifier__C": [1.0]}, cv=2,
        error_score="raise",
    ),
}  # fmt: skip


def left_behind(estimator):
    return [name for name in vars(estimator) if "callback" in name and name != "_skl_callbacks"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("data", [(X, Y), (X3, Y3)], ids=["binary", "three classes"])
def test_one_setup_has_one_teardown_after_success(neuron, place, data):
    outer = PLACES[place](neuron)
    spreading, own = Spreading(), Recorder()
    neuron.set_callbacks(own)
    outer.set_callbacks(spreading, *([own] if outer is neuron else [])).fit(*data)
    assert spreading.count("setup") == spreading.count("teardown") == 1
    assert own.count("setup") == own.count("teardown") >= 1
    for recorder in (spreading, own):
        assert recorder.count("begin") == recorder.count("end") >= 2
        assert recorder.count("begin", "iteration") == recorder.count("end", "iteration") > 0
    assert left_behind(outer) == left_behind(neuron) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "fail",
    [("begin", "fit"), ("begin", "iteration"), ("end", "iteration"), ("end", "fit")],
    ids=" ".join,
)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_one_setup_has_one_teardown_after_errors_and_interrupts(neuron, place, fail, error):
    outer = PLACES[place](neuron)
    spreading = Spreading(fail, error)
    with pytest.raises(error):
        outer.set_callbacks(spreading).fit(X, Y)
    assert spreading.count("setup") == spreading.count("teardown") == 1
    assert left_behind(outer) == left_behind(neuron) == []


@pytest.mark.parametrize("place", PLACES)
def test_one_setup_has_one_teardown_after_bad_input(neuron, place):
    spreading = Spreading()
    outer = PLACES[place](neuron.set_params(max_iter=-1)).set_callbacks(spreading)
    with pytest.raises(ValueError, match="max_iter=-1"):
        outer.fit(X, Y)
    assert spreading.count("setup") == spreading.count("teardown") == 1
    assert left_behind(outer) == left_behind(neuron) == []


@pytest.mark.parametrize("place", PLACES)
def test_one_setup_has_one_teardown_after_a_stop(neuron, place):
    from skneuron.fitting import StopAfter

    spreading = Spreading()
    PLACES[place](neuron).set_callbacks(spreading, StopAfter(iterations=1)).fit(X, Y)
    assert spreading.count("setup") == spreading.count("teardown") == 1


def test_an_error_in_a_callback_leaves_the_estimator_as_it_was(neuron):
    neuron.fit(X[:, :2], Y)
    before = dict(vars(neuron))
    neuron.set_callbacks(Recorder(("end", "iteration")))
    with pytest.raises(RuntimeError):
        neuron.fit(X, Y)
    after = dict(vars(neuron))
    assert len(after.pop("_skl_callbacks")) == 1
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)


def test_what_a_callback_sets_on_the_estimator_stays():
    class Mark(Recorder):
        def on_fit_task_end(self, estimator, context):
            estimator.mark_ = context.task_name

    assert NeuronClassifier().set_callbacks(Mark()).fit(X, Y).mark_ == "fit"


# --- fitted_estimator -----------------------------------------------------------------


def test_an_iteration_begins_where_the_last_one_ended(neuron):
    recorder = Recorder()
    neuron.set_callbacks(recorder).fit(X, Y)
    begin, end = recorder.fitted("begin", "iteration"), recorder.fitted("end", "iteration")
    assert len(begin) == len(end) == neuron.n_iter_.max()
    for former, latter in zip(end, begin[1:], strict=False):
        np.testing.assert_array_equal(former.coef_, latter.coef_)
        np.testing.assert_array_equal(former.intercept_, latter.intercept_)
    for fitted in begin + end:
        assert fitted is not neuron
        assert fitted.coef_.shape == (1, 4)
        assert np.isin(fitted.predict(X), Y).all()
    # The fit as a whole has nothing to predict with before it, and all of it afterwards.
    assert recorder.fitted("begin", "fit") == [None]
    (whole,) = recorder.fitted("end", "fit")
    assert (
        vars(whole).keys() - {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}
        == vars(neuron).keys()
    )
    np.testing.assert_array_equal(whole.predict(X), neuron.predict(X))


def test_the_first_iteration_begins_at_the_start():
    """At zero weights, where every sample has the probability ½; with a warm start at the last."""
    recorder = Recorder()
    neuron = NeuronClassifier(warm_start=True, max_iter=2).set_callbacks(recorder).fit(X, Y)
    first = recorder.fitted("begin", "iteration")[0]
    np.testing.assert_array_equal(first.predict_proba(X), 0.5)
    coef = neuron.coef_
    recorder.calls.clear()
    neuron.fit(X, Y)
    first = recorder.fitted("begin", "iteration")[0]
    np.testing.assert_allclose(first.coef_, coef, rtol=1e-12)


def test_neurons_of_a_layer_begin_where_those_before_them_ended():
    recorder = Recorder()
    layer = NeuronClassifier("probit").set_callbacks(recorder).fit(X3, Y3)
    for k in range(3):
        (begin,), (end,) = (recorder.fitted(hook, f"neuron {k}") for hook in ("begin", "end"))
        np.testing.assert_array_equal(begin.coef_[:k], layer.coef_[:k])
        np.testing.assert_array_equal(end.coef_[: k + 1], layer.coef_[: k + 1])
        assert not np.any(begin.coef_[k:])
        assert not np.any(end.coef_[k + 1 :])


def test_a_fitted_estimator_has_the_dtype_of_x():
    recorder = Recorder()
    NeuronClassifier().set_callbacks(recorder).fit(X.astype(np.float32), Y)
    assert {f.coef_.dtype for f in recorder.fitted("end", "iteration")} == {np.dtype(np.float32)}


def test_a_fitted_estimator_has_nothing_of_an_earlier_fit():
    recorder = Recorder()
    neuron = NeuronClassifier().fit(pd.DataFrame(X, columns=list("abcd")), Y)
    neuron.set_callbacks(recorder).fit(X, Y)
    for fitted in recorder.fitted("end", "iteration"):
        assert not hasattr(fitted, "feature_names_in_")
        fitted.predict(X)  # without a warning of names that are missing


# --- what is left of it in the process ------------------------------------------------


def test_threads_and_descriptors_do_not_pile_up():
    class Thread(Recorder):
        def setup(self, estimator, context):
            self.done = threading.Event()
            self.thread = threading.Thread(target=self.done.wait)
            self.thread.start()

        def teardown(self, estimator, context):
            self.done.set()
            self.thread.join()

    def resources():
        folder = Path("/proc/self/fd")
        return threading.active_count(), len(os.listdir(folder)) if folder.exists() else 0

    neuron = NeuronClassifier().set_callbacks(Thread()).fit(X, Y)
    before = resources()
    for _ in range(3):
        neuron.fit(X, Y)
    assert resources() == before


SCRIPT = """
from sklearn.datasets import load_iris
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV
from skneuron import NeuronClassifier
X, y = load_iris(return_X_y=True)
neuron = NeuronClassifier("probit")
{fit}
"""


@pytest.mark.parametrize(
    "fit",
    [
        "neuron.set_callbacks(ProgressBar()).fit(X, y)",
        "GridSearchCV(neuron, {'C': [1, 2]}).set_callbacks(ProgressBar()).fit(X, y)",
    ],
)
def test_a_script_with_a_progress_bar_draws_and_ends(fit):
    pytest.importorskip("rich")
    root = Path(skneuron.__file__).parents[1]
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    # Without a teardown the thread that draws keeps the process alive for ever.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(fit=fit)],
        env=os.environ | {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert "NeuronClassifier - fit" in done.stdout
    assert "100%" in done.stdout
    assert done.stderr == ""
