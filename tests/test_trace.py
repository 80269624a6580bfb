"""One sample's forward pass: its numbers are the neuron's, its text can be read."""

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from families import PROBABILITIES
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.exceptions import NotFittedError

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS


def _fitted(activation, n_classes=2):
    X, y = make_classification(
        200, 5, n_informative=4, n_redundant=0, n_classes=n_classes, flip_y=0.3, random_state=0
    )
    if activation == "step":
        X, y = X[y < 2], (X[y < 2, 0] > 0.0).astype(int)
    return NeuronClassifier(activation, random_state=0).fit(X, y), X


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
def test_numbers_are_those_of_the_neuron(activation, n_classes):
    neuron, X = _fitted(activation, n_classes)
    for x in X[:20]:
        trace = neuron.trace(x)
        row = x[None]
        z = row @ neuron.coef_.T + neuron.intercept_
        np.testing.assert_allclose(trace.terms, neuron.coef_ * x, rtol=1e-15)
        np.testing.assert_allclose(trace.z, z[0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(
            trace.terms.sum(axis=1) + trace.bias, trace.z, rtol=1e-15, atol=1e-15
        )
        decision = neuron.decision_function(row)
        np.testing.assert_allclose(trace.decision, np.ravel(decision), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(trace.output, np.ravel(neuron.activate(row)), rtol=1e-11)
        assert trace.predicted == neuron.predict(row)[0]
        if activation in PROBABILITIES:
            np.testing.assert_allclose(trace.proba, neuron.predict_proba(row)[0], rtol=1e-11)
        else:
            assert trace.proba is None


def test_step():
    neuron, X = _fitted("step")
    for x in X[:20]:
        assert neuron.trace(x).predicted == neuron.predict(x[None])[0]


@pytest.mark.parametrize("activation", ["sigmoid", "cloglog", "relu", "identity"])
def test_to_flip_is_what_it_takes(activation):
    """A bias that is moved by a little more, or less, has the other class, or the same."""
    neuron, X = _fitted(activation)
    for x in X[:20]:
        trace = neuron.trace(x)
        for factor, flips in ((1.001, True), (0.999, False)):
            bias = neuron.intercept_[0] + factor * trace.to_flip
            moved = NeuronClassifier.from_weights(neuron.coef_[0], bias, activation=activation)
            assert (moved.predict(x[None])[0] != trace.predicted) == flips


def test_to_flip_in_a_layer_concerns_the_next_class():
    X, y = load_iris(return_X_y=True)
    neuron = NeuronClassifier().fit(X, y)
    trace = neuron.trace(X[70])
    second = int(np.argsort(trace.decision)[-2])
    for factor, flips in ((1.001, True), (0.999, False)):
        bias = neuron.intercept_.copy()
        bias[second] += factor * trace.to_flip
        moved = NeuronClassifier.from_weights(neuron.coef_, bias, classes=[0, 1, 2])
        assert (moved.predict(X[70:71])[0] != trace.predicted) == flips


@pytest.mark.parametrize(
    "kind",
    [
        np.asarray,
        list,
        lambda x: np.asarray(x)[None],
        lambda x: sparse.csr_array(np.asarray(x)[None]),
        lambda x: pd.DataFrame([x], columns=list("abcde")),
        lambda x: pd.Series(x, index=list("abcde")),
        lambda x: np.asarray(x, np.float32),
    ],
)
def test_a_sample_of_any_kind(kind):
    _, X = _fitted("sigmoid")
    frame = pd.DataFrame(X, columns=list("abcde"))
    named = NeuronClassifier().fit(frame, X[:, 0] > 0)
    if sparse.issparse(kind(X[3])):
        named = NeuronClassifier().fit(X, X[:, 0] > 0)
    x = X[3].astype(np.float32).astype(float)
    np.testing.assert_allclose(named.trace(kind(x)).terms[0], named.coef_[0] * x)


def test_hand_set_neuron_reads_as_by_hand():
    neuron = NeuronClassifier.from_weights([0.2, 0.8, -0.5], intercept=0.4)
    trace = neuron.trace([1.0, 0.5, 1.8])
    assert trace.z[0] == pytest.approx(0.1, abs=1e-15)
    assert f"{trace.output[0]:.4f}" == "0.5250"
    text = str(trace)
    for line in ("x2          1.8  -0.5    -0.9", "= z                       0.1", "0.5250"):
        assert line in text


def test_offset():
    neuron = NeuronClassifier.from_weights([1.0], 0.5)
    trace = neuron.trace([2.0], offset=-4.0)
    assert trace.z.tolist() == [-1.5]
    assert trace.predicted == 0
    assert "+ offset" in str(trace)
    layer = NeuronClassifier.from_weights([[1.0], [0.0], [-1.0]], classes=[0, 1, 2])
    assert layer.trace([2.0], offset=[0.0, 3.0, 0.0]).predicted == 1


def test_many_terms_are_summed_up():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=1000)
    neuron = NeuronClassifier.from_weights(weights)
    trace = neuron.trace(np.ones(1000))
    text = str(trace)
    assert "980 more" in text
    assert len(text.splitlines()) < 40
    rest = np.sort(np.abs(weights))[:-20]
    shown = [line for line in text.splitlines() if line.startswith("x")]
    assert len(shown) == 20
    assert min(abs(float(line.split()[-1])) for line in shown) >= rest.max() * 0.999


def test_dict_is_json():
    neuron, X = _fitted("cloglog")
    out = json.loads(json.dumps(neuron.trace(X[0]).to_dict()))
    assert sum(out["terms"][0]) + out["bias"][0] == pytest.approx(out["z"][0])
    assert set(out) >= {"x", "weights", "proba", "predicted", "to_flip", "output"}


class _Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html_has_the_same_cells_and_no_stray_tags():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X = X.iloc[:, :2].rename(columns={"mean radius": "<script>radius & co"})
    trace = NeuronClassifier().fit(X, y).trace(X.iloc[0])
    cells = _Cells()
    cells.feed(trace._repr_html_())
    assert not cells.open
    assert "<script>radius & co" in cells.text
    for word in str(trace).split():
        assert word in " ".join(cells.text)


@pytest.mark.parametrize(
    ("x", "match"),
    [
        ([1.0, 2.0], r"x has shape \(1, 2\). Expected \(1, 5\)"),
        (np.zeros((2, 5)), r"x has shape \(2, 5\). Expected \(1, 5\), one sample"),
        ([np.nan] * 5, "NaN"),
        ([1e308] * 5, "overflows float64"),
        (["a"] * 5, "could not convert"),
    ],
)
def test_bad_input(x, match):
    neuron, _ = _fitted("sigmoid")
    neuron = NeuronClassifier.from_weights(np.full(5, 10.0))
    with pytest.raises(ValueError, match=match):
        neuron.trace(x)
    with pytest.raises(NotFittedError):
        NeuronClassifier().trace([1.0])
