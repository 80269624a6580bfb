"""Prediction in row blocks: every layout and type gives what one product gives."""

import mpmath
import numpy as np
import pytest
from families import PROBABILITIES
from scipy import sparse
from scipy.special import expit

from skneuron import NeuronClassifier
from skneuron.activations import Sigmoid

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50_000, 6))
X[RNG.random(X.shape) < 0.5] = 0
COEF = RNG.normal(size=(3, 6))


@pytest.mark.parametrize("neurons", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "convert",
    [np.ascontiguousarray, np.asfortranarray, sparse.csr_array, sparse.csc_array],
    ids=["C", "F", "csr", "csc"],
)
def test_blocks_are_one_product(convert, dtype, neurons):
    classes = [0, 1] if neurons == 1 else [0, 1, 2]
    neuron = NeuronClassifier.from_weights(COEF[:neurons], np.arange(neurons), classes=classes)
    neuron.coef_ = neuron.coef_.astype(dtype)
    data = convert(X.astype(dtype))
    z = X.astype(dtype) @ neuron.coef_.T + np.arange(neurons)
    expected = z[:, 0] if neurons == 1 else z
    decision = neuron.decision_function(data)
    assert decision.dtype == dtype
    tolerance = 1e-12 if dtype == np.float64 else 1e-4
    np.testing.assert_allclose(decision, expected, rtol=tolerance, atol=tolerance)
    proba = neuron.predict_proba(data)
    assert proba.dtype == dtype
    if neurons == 1:
        np.testing.assert_allclose(proba[:, 1], expit(expected), rtol=100 * tolerance)
    else:
        e = np.exp(expected)
        np.testing.assert_allclose(proba, e / e.sum(axis=1, keepdims=True), rtol=100 * tolerance)
    np.testing.assert_allclose(np.exp(neuron.predict_log_proba(data)), proba, rtol=100 * tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_fast_probabilities_are_the_exact_ones(dtype):
    """Also where one of them is tiny, and where the fast way has to be left."""
    for reach in (1.0, 79.0, 700.0, 1e5):
        z = np.linspace(-reach, reach, 2001).astype(dtype)
        out = np.empty((len(z), 2), dtype)
        with np.errstate(under="ignore"):
            Sigmoid.proba(z.copy(), out)
            low, high = (np.exp(part) for part in Sigmoid().log_proba(z.astype(float)))
        tolerance = 2e-13 if dtype == np.float64 else 1e-5
        tiny = np.finfo(dtype).smallest_normal
        np.testing.assert_allclose(out[:, 0], low, rtol=tolerance, atol=tiny)
        np.testing.assert_allclose(out[:, 1], high, rtol=tolerance, atol=tiny)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("column", [2, 5])
def test_a_value_that_is_not_finite_is_found_behind_a_zero_weight(order, bad, column):
    coef = COEF[0].copy()
    coef[2] = 0.0
    neuron = NeuronClassifier.from_weights(coef)
    data = np.array(X, order=order)
    data[40_001, column] = bad
    for method in ("decision_function", "predict", "predict_proba", "activate"):
        with pytest.raises(ValueError, match="contains"):
            getattr(neuron, method)(data)
    with pytest.raises(ValueError, match="contains"):
        neuron.predict(sparse.csr_array(data))


@pytest.mark.parametrize("activation", PROBABILITIES)
def test_no_class_is_impossible(activation):
    neuron = NeuronClassifier.from_weights([1e5], activation=activation)
    proba = neuron.predict_proba(np.array([[-1.0], [1.0]]))
    assert np.all(proba > 0)
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_an_output_beyond_float32_is_refused_with_the_remedy():
    """Its class and its probability are right all the same."""
    X32 = np.array([[1.0], [1e10], [-1e10]], np.float32)
    neuron, line = (
        NeuronClassifier.from_weights([[1e30]], [0.0], activation=name, classes=[0, 1])
        for name in ("sigmoid", "identity")
    )
    neuron.coef_ = line.coef_ = np.array([[1e30]], np.float32)
    for method in (neuron.decision_function, line.activate):
        with pytest.raises(ValueError, match=r"overflows float32.*X\.astype\(np\.float64\)"):
            method(X32)
        np.testing.assert_allclose(method(X32.astype(float)), [1e30, 1e40, -1e40], rtol=1e-6)
    assert neuron.predict(X32).tolist() == [1, 1, 0]
    assert neuron.predict_proba(X32)[:, 1].tolist() == [1, 1, 0]
    # As the docs of predict_log_proba say: the most negative number of the dtype.
    least = np.finfo(np.float32).min
    assert neuron.predict_log_proba(X32).tolist() == [
        [np.float32(-1e30), 0],
        [least, 0],
        [0, least],
    ]


def _f_of_mpmath(activation, z):
    """Return f(z) of a probability activation, from its textbook formula in mpmath."""
    z = mpmath.mpf(z)
    with mpmath.workdps(60):
        return {
            "sigmoid": lambda: 1 / (1 + mpmath.exp(-z)),
            "tanh": lambda: 1 / (1 + mpmath.exp(-2 * z)),
            "probit": lambda: mpmath.erfc(-z / mpmath.sqrt(2)) / 2,
            "cloglog": lambda: -mpmath.expm1(-mpmath.exp(z)),
            "loglog": lambda: mpmath.exp(-mpmath.exp(-z)),
            "cauchit": lambda: mpmath.atan2(1, -z) / mpmath.pi,
        }[activation]()


@pytest.mark.parametrize("activation", [name for name in PROBABILITIES if name != "sigmoid"])
@pytest.mark.parametrize("x", [1.0, 1e9, 1e200, 9e307, 1.7e308])
def test_several_classes_are_right_at_the_end_of_the_range(activation, x):
    """mpmath cannot compute exp(1e200), so beyond |z| = 1e6 its limits 0 and 1 stand for f."""
    neuron = NeuronClassifier.from_weights(
        [[1.0], [0.0], [-1.0]], [0.0] * 3, activation=activation, classes=[0, 1, 2]
    )
    outputs = [
        (float(z > 0) if abs(z) > 1e6 and activation != "cauchit" else _f_of_mpmath(activation, z))
        for z in (x, 0.0, -x)
    ]
    expected = [float(output / sum(outputs)) for output in outputs]
    proba = neuron.predict_proba([[x], [-x]])
    np.testing.assert_allclose(proba[0], expected, rtol=1e-13, atol=1e-300)
    # The sum over the classes is rounded in another order.
    np.testing.assert_allclose(proba[1], proba[0, ::-1], rtol=4e-16)
    assert np.all(proba > 0)
    logs = neuron.predict_log_proba([[x]])[0]
    assert np.all(np.isfinite(logs))
    assert logs[0] > logs[1] > logs[2]
