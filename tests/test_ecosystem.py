"""The uses of ``tests/ecosystem.py``, of each tool that is installed, and the table of the docs."""

import importlib
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from ecosystem import USES, version_of
from sklearn.datasets import load_breast_cancer

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.interop.skops import TRUSTED_TYPES
from skneuron.solvers import SOLVERS

PAGE = Path(__file__).parents[1] / "docs" / "ecosystem.md"
X, Y = load_breast_cancer(return_X_y=True)


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


def test_trusted_types_are_public_and_enough():
    own = [name for name in TRUSTED_TYPES if name.startswith("skneuron.")]
    assert not [name for name in own if "._" in name]
    assert len(set(TRUSTED_TYPES)) == len(TRUSTED_TYPES)
    for name in TRUSTED_TYPES:
        module, _, attribute = name.rpartition(".")
        kind = getattr(importlib.import_module(module), attribute)
        assert f"{kind.__module__}.{kind.__qualname__}" == name
    kinds = [NeuronClassifier, *ACTIVATIONS.values(), *SOLVERS.values()]
    assert {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds} <= set(TRUSTED_TYPES)
    io = pytest.importorskip("skops.io")
    for solver in SOLVERS:
        activation = "step" if "perceptron" in solver else "tanh"
        neuron = NeuronClassifier(activation, solver=SOLVERS[solver](), max_iter=200)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            neuron.fit(X[:, :5], Y)
        loaded = io.loads(io.dumps(neuron), trusted=TRUSTED_TYPES)
        np.testing.assert_array_equal(loaded.coef_, neuron.coef_)


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
