"""Losses: derivatives against differences, and what is true at the extremes."""

import numpy as np
import pytest
from families import DIFFERENTIABLE, PROBABILITIES
from scipy.special import log_softmax

from skneuron.activations import ACTIVATIONS
from skneuron.losses import LogisticLoss, LogLoss, PerceptronRule, SoftmaxLogLoss, SquaredError

H = 1e-5
Z = np.setdiff1d(np.linspace(-5, 5, 41), [0.0])

POINTWISE = [LogLoss(ACTIVATIONS[name]()) for name in PROBABILITIES] + [
    SquaredError(ACTIVATIONS[name]()) for name in DIFFERENTIABLE
]


def _id(loss):
    return f"{type(loss).__name__}-{type(loss.activation).__name__}"


@pytest.mark.parametrize("loss", POINTWISE, ids=_id)
@pytest.mark.parametrize("label", [0, 1])
def test_gradient_and_observed_hessian_against_differences(loss, label):
    y = np.full(len(Z), label)
    value, gradient = loss.value_gradient(y, Z)
    np.testing.assert_array_equal(value, loss.value(y, Z))
    difference = (loss.value(y, Z + H) - loss.value(y, Z - H)) / (2 * H)
    np.testing.assert_allclose(gradient, difference, rtol=1e-7, atol=1e-8)
    same, hessian = loss.gradient_hessian(y, Z, observed=True)
    np.testing.assert_array_equal(same, gradient)
    slopes = [loss.value_gradient(y, Z + h)[1] for h in (H, -H)]
    np.testing.assert_allclose(hessian, (slopes[0] - slopes[1]) / (2 * H), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("loss", POINTWISE, ids=_id)
def test_curvature_for_newton_is_never_negative(loss):
    z = np.concatenate([Z, [-40.0, 40.0]])
    for label in (0, 1):
        _, h = loss.gradient_hessian(np.full(len(z), label), z)
        assert np.all(h >= 0)
        if loss.convex:
            _, observed = loss.gradient_hessian(np.full(len(z), label), z, observed=True)
            np.testing.assert_array_equal(h, observed)


@pytest.mark.parametrize(
    "loss", [*filter(lambda loss: loss.convex, POINTWISE), LogisticLoss()], ids=_id
)
@pytest.mark.parametrize("label", [0, 1])
def test_log_curvature_changes_at_most_as_fast_as_the_bound_says(loss, label):
    """A bound far above the truth costs passes over the data, one below it costs digits."""
    z = np.linspace(-30, 30, 6001)
    _, h = loss.gradient_hessian(np.full(len(z), label), z)
    log_h = np.log(h[h > 0])
    steepest = np.abs(np.diff(log_h)).max(initial=0.0) / (z[1] - z[0])
    assert steepest <= loss.largest_steepness * (1 + 1e-6)
    if type(loss) is LogisticLoss:
        assert steepest >= 0.99 * loss.largest_steepness


@pytest.mark.parametrize("name", PROBABILITIES)
def test_expected_information_is_the_mean_of_squared_slopes(name):
    """Fisher's identity E[ℓ''] = E[ℓ'²], computed from the two labels' slopes."""
    loss = LogLoss(ACTIVATIONS[name]())
    log_q, log_p = loss.activation.log_proba(Z)
    zero, one = np.zeros(len(Z), int), np.ones(len(Z), int)
    squares = [loss.value_gradient(y, Z)[1] ** 2 for y in (zero, one)]
    second = [loss.gradient_hessian(y, Z, observed=True)[1] for y in (zero, one)]
    fisher = np.exp(log_q) * squares[0] + np.exp(log_p) * squares[1]
    np.testing.assert_allclose(
        np.exp(log_q) * second[0] + np.exp(log_p) * second[1], fisher, rtol=1e-8, atol=1e-12
    )
    loss.convex = False
    np.testing.assert_allclose(loss.gradient_hessian(one, Z)[1], fisher, rtol=1e-8)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_log_loss_at_the_extremes(name):
    loss = LogLoss(ACTIVATIONS[name]())
    z = np.array([-1e9, 1e9])
    right, slope = loss.value_gradient(np.array([0, 1]), z)
    np.testing.assert_allclose(right, 0, atol=1e-8)
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    wrong, slope = loss.value_gradient(np.array([1, 0]), z)
    assert np.all(np.isfinite(wrong))
    assert np.all(wrong > 15)
    assert slope[0] < 0 < slope[1]


def test_slope_of_the_sigmoids_log_loss_is_f_minus_y():
    sigmoid = ACTIVATIONS["sigmoid"]()
    y = (np.arange(len(Z)) % 2).astype(int)
    _, slope = LogLoss(sigmoid).value_gradient(y, Z)
    np.testing.assert_allclose(slope, sigmoid.value(Z) - y, rtol=1e-13)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_softmax_against_scipy_and_differences(k):
    rng = np.random.default_rng(0)
    z, y = 3 * rng.normal(size=(20, k)), rng.integers(0, k, 20)
    loss = SoftmaxLogLoss(k)
    value, gradient = loss.value_gradient(y, z)
    np.testing.assert_allclose(value, -log_softmax(z, axis=1)[np.arange(20), y], rtol=1e-13)
    _, hessian = loss.gradient_hessian(y, z)
    for j in range(k):
        step = np.zeros(k)
        step[j] = H
        difference = (loss.value(y, z + step) - loss.value(y, z - step)) / (2 * H)
        np.testing.assert_allclose(gradient[:, j], difference, atol=1e-9)
        slopes = [loss.value_gradient(y, z + s)[1] for s in (step, -step)]
        np.testing.assert_allclose(hessian[:, j], (slopes[0] - slopes[1]) / (2 * H), atol=1e-9)
    far = loss.value_gradient(np.array([0, 1]), np.array([[1e9, 0.0], [1e9, 0.0]]))[0]
    np.testing.assert_array_equal(far, [0, 1e9])


def test_two_softmax_neurons_are_one_sigmoid_of_their_difference():
    z, y = np.linspace(-4, 4, 9), np.arange(9) % 2
    pair = np.stack([-z / 2, z / 2], axis=1)
    np.testing.assert_allclose(
        SoftmaxLogLoss(2).value(y, pair), LogLoss(ACTIVATIONS["sigmoid"]()).value(y, z), rtol=1e-13
    )


def test_perceptron_counts_undecided_samples_as_mistakes():
    y, z = np.array([1, 1, 0, 0, 1]), np.array([2.0, -1.0, 1.0, -3.0, 0.0])
    value, slope = PerceptronRule().value_gradient(y, z)
    np.testing.assert_array_equal(value, [0, 1, 1, 0, 1])
    np.testing.assert_array_equal(slope, [0, -1, 1, 0, -1])
    with pytest.raises(NotImplementedError):
        PerceptronRule().gradient_hessian(y, z)
