"""Every activation: slopes against differences, logarithms against mpmath."""

import mpmath
import numpy as np
import pytest
from families import DIFFERENTIABLE, PROBABILITIES

from skneuron.activations import ACTIVATIONS, Activation, LeakyReLU, get_activation

Z = np.concatenate([np.linspace(-6, 6, 41), [-30.5, 30.5]])
FAR = np.array([-1e3, -700.1, -300.3, -100.3, -50.5, -38.2, -10.0, -1.0, -1e-3, 0.0,
                1e-9, 0.3, 1.0, 3.0, 8.5, 20.0, 37.5, 100.3, 300.3, 700.1, 1e3])  # fmt: skip

# Second derivatives of log p of 1e-90 next to a log p of -200 need this many digits.
mpmath.mp.dps = 300


def _mp_proba(name, z):
    """Return (1 - p, p) each with all digits."""
    z = z if isinstance(z, mpmath.mpf) else mpmath.mpf(float(z))
    # 1 - p is computed on its own, so that neither cancels.
    if name in ("sigmoid", "tanh"):
        k = 2 if name == "tanh" else 1
        return 1 / (1 + mpmath.exp(k * z)), 1 / (1 + mpmath.exp(-k * z))
    if name == "probit":
        return mpmath.erfc(z / mpmath.sqrt(2)) / 2, mpmath.erfc(-z / mpmath.sqrt(2)) / 2
    if name == "cloglog":
        return mpmath.exp(-mpmath.exp(z)), -mpmath.expm1(-mpmath.exp(z))
    if name == "loglog":
        return -mpmath.expm1(-mpmath.exp(-z)), mpmath.exp(-mpmath.exp(-z))
    assert name == "cauchit"
    return mpmath.atan2(1, z) / mpmath.pi, mpmath.atan2(1, -z) / mpmath.pi


def _log(p, other):
    """log p, from the other probability where p is within rounding of 1."""
    return mpmath.log1p(-other) if p > 0.5 else mpmath.log(p)


@pytest.mark.parametrize("name", PROBABILITIES)
@pytest.mark.parametrize("z", FAR)
def test_log_probabilities_against_mpmath(name, z):
    q, p = _mp_proba(name, z)
    expected = (_log(q, p), _log(p, q))
    for got, want in zip(ACTIVATIONS[name]().log_proba(np.array([z])), expected, strict=True):
        if abs(want) > 1.7e308:
            assert got[0] == -np.finfo(float).max
        else:
            # Below 1e-300 doubles lose their relative precision one by one.
            assert abs(got[0] - want) <= 1e-13 * abs(want) + 1e-300


@pytest.mark.parametrize("name", PROBABILITIES)
def test_log_probabilities_on_a_dense_grid(name):
    """Between the hand-picked points too: 1e-13 wherever doubles are not subnormal."""
    for z in np.linspace(-45.3, 45.7, 153):
        q, p = _mp_proba(name, z)
        got = ACTIVATIONS[name]().log_proba(np.array([z]))
        for value, want in zip(got, (_log(q, p), _log(p, q)), strict=True):
            if 1e-305 < abs(want) < 1e308:
                assert abs(value[0] - want) <= 1e-13 * abs(want)


@pytest.mark.parametrize("name", PROBABILITIES)
@pytest.mark.parametrize("z", FAR)
def test_slopes_of_log_probabilities_against_mpmath(name, z):
    """First and second derivative, by mpmath's own differences."""
    activation = ACTIVATIONS[name]()

    def log_proba(k):
        def function(x):
            pair = _mp_proba(name, x)
            return _log(pair[k], pair[1 - k])

        return function

    first = activation.log_proba_derivative(np.array([z]))
    second = activation.log_proba_derivative2(np.array([z]))
    for k in (0, 1):
        want1 = mpmath.diff(log_proba(k), mpmath.mpf(float(z)), 1)
        want2 = mpmath.diff(log_proba(k), mpmath.mpf(float(z)), 2)
        for got, want, rtol in ((first[k][0], want1, 1e-12), (second[k][0], want2, 1e-9)):
            if abs(want) > 1.7e308:
                assert got == np.finfo(float).max * mpmath.sign(want)
            else:
                assert abs(got - want) <= rtol * abs(want) + 1e-290


@pytest.mark.parametrize("name", PROBABILITIES)
def test_log_probabilities_at_the_ends_of_the_world(name):
    z = np.array([-1e9, 1e9])
    activation = ACTIVATIONS[name]()
    low, high = activation.log_proba(z)
    for values in (low, high):
        assert np.all(np.isfinite(values))
        assert np.all(values <= 0)
    # The right label costs nothing (the heavy Cauchy tail: 1/(π z)), the wrong one a lot.
    assert abs(low[0]) < 1e-8
    assert abs(high[1]) < 1e-8
    assert high[0] < -15
    assert low[1] < -15
    for derivative in (activation.log_proba_derivative, activation.log_proba_derivative2):
        assert np.all(np.isfinite(derivative(z)))


@pytest.mark.parametrize("name", PROBABILITIES)
def test_probability_agrees_with_the_logarithms(name):
    activation = ACTIVATIONS[name]()
    low, high = activation.range
    p = (activation.value(Z) - low) / (high - low)
    log_q, log_p = activation.log_proba(Z)
    np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.exp(log_q) + np.exp(log_p), 1, rtol=1e-14)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_against_differences(name):
    activation = ACTIVATIONS[name]()
    h = 1e-5
    z = Z[np.abs(Z) > 1e-3]  # no slope at a non-differentiable point
    first = (activation.value(z + h) - activation.value(z - h)) / (2 * h)
    second = (activation.derivative(z + h) - activation.derivative(z - h)) / (2 * h)
    np.testing.assert_allclose(activation.derivative(z), first, atol=1e-9, rtol=1e-8)
    np.testing.assert_allclose(activation.derivative2(z), second, atol=1e-9, rtol=1e-8)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_values_far_out_are_finite_and_in_range(name):
    activation = ACTIVATIONS[name]()
    z = np.array([-1e9, -800.0, 800.0, 1e9])
    low, high = activation.range
    value = activation.value(z)
    assert np.all(np.isfinite(value))
    assert np.all((value >= low) & (value <= high))
    assert np.all(np.isfinite(activation.derivative(z)))
    assert np.all(np.isfinite(activation.derivative2(z)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_threshold_is_halfway_between_the_targets(name):
    activation = ACTIVATIONS[name]()
    if name == "step":
        # f(0) is 1 already, so the last number below 0 has to be where it changes.
        assert -2e-45 < activation.threshold < 0
        return
    middle = sum(activation.targets) / 2
    assert activation.value(np.array([activation.threshold]))[0] == pytest.approx(middle, abs=1e-15)
    # The generic way, which a user's own activation gets, finds the same point.
    generic = Activation.threshold.fget(activation)
    assert generic == pytest.approx(activation.threshold, abs=1e-10)


def test_largest_slopes_of_the_table():
    z = np.linspace(-5, 5, 100001)
    for name, slope in {
        "sigmoid": 0.25, "tanh": 1.0, "probit": 1 / np.sqrt(2 * np.pi),
        "cloglog": np.exp(-1), "loglog": np.exp(-1), "cauchit": 1 / np.pi,
    }.items():  # fmt: skip
        assert ACTIVATIONS[name]().derivative(z).max() == pytest.approx(slope, rel=1e-9)


def test_defaults_of_a_users_distribution_function():
    """Give value, derivative and log_proba of the logistic: the rest follows."""
    sigmoid = get_activation("sigmoid")

    class Mine(Activation):
        def value(self, z):
            return sigmoid.value(z)

        def derivative(self, z):
            return sigmoid.derivative(z)

        def log_proba(self, z):
            return sigmoid.log_proba(z)

    mine = Mine()
    assert mine.is_probability
    assert mine.range == (0.0, 1.0)
    assert not mine.convex_nll
    z = np.array([-500.0, -20.0, -1.0, 0.0, 2.0, 30.0])
    np.testing.assert_allclose(
        mine.log_proba_derivative(z), sigmoid.log_proba_derivative(z), rtol=1e-8, atol=1e-11
    )
    np.testing.assert_allclose(
        mine.log_proba_derivative2(z), sigmoid.log_proba_derivative2(z), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(mine.derivative2(z), sigmoid.derivative2(z), rtol=1e-6, atol=1e-11)


def test_leaky_relu_refuses_a_slope_outside_of_0_and_1():
    with pytest.raises(ValueError, match=r"alpha=-1. Expected a number in \[0, 1\]"):
        get_activation(LeakyReLU(alpha=-1))


def test_an_activation_that_never_crosses_has_no_threshold():
    class Flat(Activation):
        def value(self, z):
            return 0 * z

        def derivative(self, z):
            return 0 * z

    with pytest.raises(ValueError, match=r"never reaches 0\.5"):
        _ = Flat().threshold
