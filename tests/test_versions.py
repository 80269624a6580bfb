"""A pickle carries the version of skneuron, and another version warns when it loads the pickle."""

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skneuron
import skneuron.fitting._estimator_base
from skneuron import NeuronClassifier
from skneuron.fitting import VersionWarning

try:
    import cloudpickle
except ImportError:  # joblib before 1.6 brings its own
    from joblib.externals import cloudpickle

X, Y = load_iris(return_X_y=True)


class Own(NeuronClassifier):
    """A subclass of a user, with attributes that skneuron has set."""


NEURONS = {
    "not fitted": lambda: NeuronClassifier(C=3.0),
    "fitted": lambda: NeuronClassifier(C=3.0).fit(X, Y),
    "stream": lambda: NeuronClassifier().partial_fit(X, Y, classes=[0, 1, 2]),
    "from weights": lambda: NeuronClassifier.from_weights([1.0, 2.0]),
    "subclass": lambda: Own().fit(X, Y),
}


def dump_by_joblib(neuron):
    file = io.BytesIO()
    joblib.dump(neuron, file)
    return file.getvalue()


PICKLES = {
    "pickle": (pickle.dumps, pickle.loads),
    "oldest protocol": (lambda neuron: pickle.dumps(neuron, protocol=0), pickle.loads),
    "joblib": (dump_by_joblib, lambda text: joblib.load(io.BytesIO(text))),
    "cloudpickle": (cloudpickle.dumps, cloudpickle.loads),
}
COPIES = {
    **{
        name: lambda neuron, dump=dump, load=load: load(dump(neuron))
        for name, (dump, load) in PICKLES.items()
    },
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("way", COPIES)
def test_copies_have_the_same_attributes_and_no_more(kind, way):
    """No warning either: warnings are errors here."""
    neuron = NEURONS[kind]()
    again = COPIES[way](neuron)
    assert type(again) is type(neuron)
    assert vars(again).keys() == vars(neuron).keys()
    assert repr(again) == repr(neuron)
    if hasattr(neuron, "coef_"):
        data = X[:, : neuron.coef_.shape[1]]
        np.testing.assert_array_equal(again.decision_function(data), neuron.decision_function(data))


def test_a_stream_goes_on_from_a_pickle():
    whole, loaded = NeuronClassifier(), NeuronClassifier()
    for rows in (slice(0, None, 3), slice(1, None, 3), slice(2, None, 3)):
        whole.partial_fit(X[rows], Y[rows], classes=[0, 1, 2])
        loaded = pickle.loads(pickle.dumps(loaded.partial_fit(X[rows], Y[rows], classes=[0, 1, 2])))
    np.testing.assert_array_equal(whole.coef_, loaded.coef_)


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("way", PICKLES)
def test_another_version_warns(monkeypatch, kind, way):
    neuron = NEURONS[kind]()
    dump, load = PICKLES[way]
    with monkeypatch.context() as patch:
        patch.setattr(skneuron.fitting._estimator_base, "__version__", "0.0.9")
        old = dump(neuron)
    with pytest.warns(VersionWarning) as caught:
        again = load(old)
    (warning,) = caught
    assert issubclass(warning.category, InconsistentVersionWarning)
    name = type(neuron).__name__
    assert str(warning.message) == (
        f"{name} was pickled with skneuron 0.0.9 and is loaded with skneuron "
        f"{skneuron.__version__}. Expected the same version, as another one can give other "
        "results or errors. Fit the estimator again, or run: pip install skneuron==0.0.9"
    )
    if way == "pickle":
        assert warning.filename == __file__
    assert vars(again).keys() == vars(neuron).keys()


def test_a_pickle_without_a_version_warns():
    neuron = NeuronClassifier().fit(X, Y)
    with pytest.warns(VersionWarning, match="pickled with an unknown version of skneuron"):
        NeuronClassifier.__new__(NeuronClassifier).__setstate__(dict(vars(neuron)))


@pytest.mark.parametrize(
    "make",
    [
        lambda neuron: make_pipeline(StandardScaler(), neuron).fit(X, Y),
        lambda neuron: GridSearchCV(neuron, {"C": [1.0]}, cv=2).fit(X, Y),
    ],
)
def test_neurons_inside_of_others_warn_too(monkeypatch, make):
    outer = make(NeuronClassifier())
    with monkeypatch.context() as patch:
        patch.setattr(skneuron.fitting._estimator_base, "__version__", "0.0.9")
        old = pickle.dumps(outer)
    with pytest.warns(VersionWarning):
        pickle.loads(old)
    clone(outer)


def test_the_state_that_is_given_is_not_changed():
    state = NeuronClassifier().__getstate__()
    before = dict(state)
    NeuronClassifier.__new__(NeuronClassifier).__setstate__(state)
    assert state == before


def test_processes_hand_neurons_to_each_other_without_a_warning():
    search = GridSearchCV(NeuronClassifier(), {"C": [1.0, 2.0]}, cv=2, n_jobs=2).fit(X, Y)
    assert search.best_estimator_.converged_


def test_the_package_is_imported_in_any_order():
    """The version stands before the estimator that needs it."""
    root = Path(skneuron.__file__).parents[1]
    for module in (
        "skneuron",
        "skneuron.fitting._estimator_base",
        "skneuron.classifier",
        "skneuron.fitting",
        "skneuron.trace",
    ):
        code = f"import {module}, skneuron; print(skneuron.NeuronClassifier().__getstate__())"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert f"'_skneuron_version': {skneuron.__version__!r}" in done.stdout
