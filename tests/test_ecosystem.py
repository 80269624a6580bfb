"""The uses of ``tests/ecosystem.py``, of each tool that is installed, and the table of the docs."""

import importlib
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from ecosystem import IRIS, SPECIES, USES, X, Y, version_of
from sklearn.calibration import CalibratedClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.activations import ACTIVATIONS
from skneuron.interop.skops import TRUSTED_TYPES
from skneuron.solvers import SGD, SOLVERS, schedules, states

PAGE = Path(__file__).parents[1] / "docs" / "ecosystem.md"


@pytest.mark.parametrize("distribution", USES)
def test_use(distribution):
    """The use itself compares the tool with the neuron. The page has the argument it needs."""
    if version_of(distribution) is None:
        pytest.skip(f"{distribution} is not installed")
    # Other packages may warn of what is to change in scikit-learn, NumPy or Python.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        way_round = USES[distribution]()
    row = re.search(rf"^\| {re.escape(distribution)} \|.*$", PAGE.read_text(), flags=re.M)
    assert row is not None
    assert row.group().endswith(f"| {way_round or '—'} |")


def test_the_page_has_every_tool():
    rows = re.findall(r"^\| (\S+) \| \S+ \| works", PAGE.read_text(), flags=re.M)
    assert sorted(rows) == sorted(USES)


def test_trusted_types_are_public_classes():
    own = [name for name in TRUSTED_TYPES if name.startswith("skneuron.")]
    assert not [name for name in own if "._" in name]
    assert len(set(TRUSTED_TYPES)) == len(TRUSTED_TYPES)
    for name in TRUSTED_TYPES:
        module, _, attribute = name.rpartition(".")
        kind = getattr(importlib.import_module(module), attribute)
        assert f"{kind.__module__}.{kind.__qualname__}" == name
    kinds = [NeuronClassifier, NeuronClassifierCV, *ACTIVATIONS.values(), *SOLVERS.values()]
    kinds += [getattr(states, name) for name in states.__all__ if name != "SolverState"]
    kinds += [getattr(schedules, name) for name in schedules.__all__ if name != "Schedule"]
    assert {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds} <= set(TRUSTED_TYPES)


def _with_solver(solver, *, warm_start):
    activation = "step" if "perceptron" in solver else "tanh"
    l1_ratio = 0.5 if solver == "working-set" else 0.0
    return NeuronClassifier(
        activation,
        solver=SOLVERS[solver](),
        l1_ratio=l1_ratio,
        max_iter=60,
        tol=0.0,
        warm_start=warm_start,
        random_state=0,
    )


@pytest.mark.parametrize("data", [(X[:, :5], Y), (IRIS, SPECIES)], ids=["two", "three"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_fit_and_stream_goes_on_from_a_file_of_skops(solver, data):
    """The trusted types are enough, and the state is the same: the next fit is, too."""
    io = pytest.importorskip("skops.io")
    fits = [_with_solver(solver, warm_start=warm).fit(*data) for warm in (False, True)]
    if SOLVERS[solver].streams:
        stream = _with_solver(solver, warm_start=True)
        fits.append(stream.partial_fit(*data, classes=np.unique(data[1])))
    for neuron in fits:
        content = io.dumps(neuron)
        assert not [name for name in io.get_untrusted_types(data=content) if "._" in name]
        loaded = io.loads(content, trusted=TRUSTED_TYPES)
        np.testing.assert_array_equal(loaded.coef_, neuron.coef_)
        for one in (neuron, loaded):
            one.partial_fit(*data) if hasattr(one, "n_samples_seen_") else one.fit(*data)
        np.testing.assert_array_equal(loaded.coef_, neuron.coef_)


@pytest.mark.parametrize("activation", ["probit", "identity"])
def test_estimators_around_a_neuron_from_a_file_of_skops(activation):
    io = pytest.importorskip("skops.io")
    neuron = NeuronClassifier(activation)
    models = [
        make_pipeline(StandardScaler(), neuron),
        NeuronClassifierCV(activation, Cs=2, cv=2),
        make_pipeline(StandardScaler(), NeuronClassifierCV(activation, Cs=2, cv=2)),
        OneVsRestClassifier(neuron),
        CalibratedClassifierCV(neuron, cv=2),
        NeuronClassifier(activation, solver=SGD(schedules.Cosine(0.1, 5)), max_iter=5, tol=1.0),
    ]
    for model in models:
        model.fit(IRIS, SPECIES)
        content = io.dumps(model)
        theirs = set(io.get_untrusted_types(data=content)) - set(TRUSTED_TYPES)
        assert {name.split(".")[0] for name in theirs} <= {"sklearn"}
        loaded = io.loads(content, trusted=[*TRUSTED_TYPES, *theirs])
        np.testing.assert_array_equal(loaded.predict(IRIS), model.predict(IRIS))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_stream_goes_on_from_a_file_of_skops(activation):
    io = pytest.importorskip("skops.io")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = NeuronClassifier(activation, max_iter=50)
        stream.partial_fit(X[:300, :5], Y[:300], classes=[0, 1])
        loaded = io.loads(io.dumps(stream), trusted=TRUSTED_TYPES)
        for one in (stream, loaded):
            one.partial_fit(X[300:, :5], Y[300:])
    np.testing.assert_array_equal(loaded.coef_, stream.coef_)
