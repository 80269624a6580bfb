"""Labels of every dtype, however far apart: classes and indices are those of ``np.unique``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.separation import detect_separation
from skneuron.validation import check_training_data

X, SPECIES = load_iris(return_X_y=True)
INTEGERS = [np.dtype(code) for code in ("b", "B", "h", "H", "i", "I", "q", "Q", ">i2", ">u8")]


def ends(dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    yield [low, high]
    yield [low, low + 1]
    yield [high - 1, high]
    yield [low, low + 100, high]
    yield [high - 9, high - 2, high]
    yield range(low, low + 256, 5) if dtype.itemsize > 1 else range(low, high, 5)


@pytest.mark.parametrize(
    "classes",
    [
        *(np.array(list(labels), dtype) for dtype in INTEGERS for labels in ends(dtype)),
        np.array([False, True]),
        np.array([-60000, 0, 60000], np.float16),
        np.array([-1000, 7], np.float32),
        np.array([0, 1], np.longdouble),
        np.array(["a", "b", "c"]),
        np.array(["a", "b"], dtype=object),
    ],
    ids=lambda classes: f"{classes.dtype} {classes[0]}..{classes[-1]} of {len(classes)}",
)
def test_classes_and_indices(classes):
    y = np.random.default_rng(0).permutation(np.resize(classes, 150))
    data = check_training_data(NeuronClassifier(), X, y, None, None)
    expected, indices = np.unique(y, return_inverse=True)
    np.testing.assert_array_equal(data.classes, expected)
    np.testing.assert_array_equal(data.y, indices)
    assert data.classes.dtype == expected.dtype
    assert data.y.dtype == np.intp


@settings(max_examples=200, deadline=None)
@given(dtype=st.sampled_from(INTEGERS), data=st.data())
def test_classes_and_indices_of_any_integers(dtype, data):
    info = np.iinfo(dtype)
    base = data.draw(st.integers(info.min, info.max))
    # Near each other, where labels are counted, and anywhere, where they are sorted.
    near = st.integers(max(info.min, base - 400), min(info.max, base + 400))
    labels = data.draw(
        st.lists(near | st.integers(info.min, info.max), min_size=2, max_size=30, unique=True)
    )
    y = np.array(labels * 2, dtype)
    checked = check_training_data(NeuronClassifier(), np.zeros((len(y), 1)), y, None, None)
    expected, indices = np.unique(y, return_inverse=True)
    np.testing.assert_array_equal(checked.classes, expected)
    np.testing.assert_array_equal(checked.y, indices)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_fits_of_labels_at_the_ends_of_their_dtype(dtype, n_classes):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    classes = np.array([low, high] if n_classes == 2 else [low, low + 100, high], dtype)
    data, y = X[: 50 * n_classes], classes[SPECIES[: 50 * n_classes]]
    plain = NeuronClassifier().fit(data, SPECIES[: 50 * n_classes])
    neuron = NeuronClassifier().fit(data, y, X_val=data, y_val=y)
    peer = LogisticRegression(max_iter=1000).fit(data, y)
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)
    np.testing.assert_array_equal(neuron.classes_, peer.classes_)
    np.testing.assert_array_equal(neuron.predict(data), peer.predict(data))
    assert neuron.predict(data).dtype == y.dtype
    streamed = NeuronClassifier()
    for rows in (slice(0, None, 2), slice(1, None, 2)):
        streamed.partial_fit(data[rows], y[rows], classes=classes)
    assert streamed.score(data, y) > 0.9
    found = detect_separation(data, y)
    assert (found if n_classes == 2 else found[0]).kind == "complete"
    weighted = NeuronClassifier(class_weight={int(low): 2.0}).fit(data, y)
    expected = NeuronClassifier(class_weight={0: 2.0}).fit(data, SPECIES[: 50 * n_classes])
    np.testing.assert_array_equal(weighted.coef_, expected.coef_)


def test_classes_of_a_stream_that_cannot_be_sorted():
    with pytest.raises(ValueError, match=r"classes=\[.*\] cannot be sorted"):
        NeuronClassifier().partial_fit(X, SPECIES, classes=[object(), object()])
    with pytest.raises(ValueError, match="classes has the missing label None in row 2"):
        NeuronClassifier().partial_fit(X, SPECIES, classes=[1, "a", None])
    with pytest.raises(ValueError, match="Input classes contains NaN"):
        NeuronClassifier().partial_fit(X, SPECIES, classes=[0, np.nan])


def test_the_case_that_was_reported():
    y = np.where(X[:100, 0] > 5.5, 100, -100).astype(np.int8)
    neuron = NeuronClassifier().fit(X[:100], y)
    np.testing.assert_array_equal(neuron.classes_, [-100, 100])
    np.testing.assert_array_equal(
        neuron.coef_, NeuronClassifier().fit(X[:100], y.astype(int)).coef_
    )
