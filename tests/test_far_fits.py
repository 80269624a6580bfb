"""Fits in which some fitted probabilities are below 1e-200, against Newton's method in mpmath."""

import mpmath
import numpy as np
import pytest
from families import CONVEX, PROBABILITIES
from test_activations import _log, _mp_proba

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS

# Classes that overlap around 0, for weights of order one.
NEAR = np.array([-3.0, -2.0, -1.5, -1.0, -0.5, -0.2, 0.1, 0.4, 0.9, 1.4, 2.1, 3.0])
LABELS = np.array([0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1])
# Where z makes one class this improbable. Cauchy tails fall as 1/z: 1e-200 of them would need a
# column whose other values vanish beside 1e199.
TINY = {name: mpmath.mpf("1e-9" if name == "cauchit" else "1e-210") for name in PROBABILITIES}


def _reach(name, side):
    """Return four times the z at which the other class has the probability ``TINY``."""
    bottom, top = {
        "sigmoid": lambda log: (log, -log),
        "tanh": lambda log: (log / 2, -log / 2),
        # log Φ(-x) ≈ -x²/2
        "probit": lambda log: (-mpmath.sqrt(-2 * log), mpmath.sqrt(-2 * log)),
        "cloglog": lambda log: (log, mpmath.log(-log)),
        "loglog": lambda log: (-mpmath.log(-log), -log),
        "cauchit": lambda log: (-mpmath.exp(-log) / mpmath.pi, mpmath.exp(-log) / mpmath.pi),
    }[name](mpmath.log(TINY[name]))
    # The slopes of these data are between a quarter and 1.
    return 4 * float(top if side else bottom)


def _log_loss(name, label):
    def function(z):
        pair = _mp_proba(name, z)
        return -_log(pair[label], pair[1 - label])

    return function


def _newton_step(name, x, y, weights, params):
    """Return Newton's step from params = (w, b) on the exact weighted log loss."""
    gradient, hessian = mpmath.zeros(2, 1), mpmath.zeros(2, 2)
    for xi, yi, weight in zip(x, y, weights, strict=True):
        row = mpmath.matrix([mpmath.mpf(float(xi)), 1])
        z = row[0] * params[0] + params[1]
        loss = _log_loss(name, int(yi))
        gradient += weight * mpmath.diff(loss, z, 1) * row
        hessian += weight * mpmath.diff(loss, z, 2) * row * row.T
    return mpmath.lu_solve(hessian, -gradient)


def _check(name, x, y, weights):
    neuron = NeuronClassifier(name, C=np.inf).fit(x[:, None], y, weights)
    assert neuron.converged_
    params = mpmath.matrix([float(neuron.coef_[0, 0]), float(neuron.intercept_[0])])
    with mpmath.workdps(60):
        step = _newton_step(name, x, y, weights, params)
    assert abs(step[0]) <= 1e-8 * abs(params[0])
    assert abs(step[1]) <= 1e-8 * max(abs(params[1]), 1e-2)
    log_proba = neuron.predict_log_proba(x[:, None])
    assert np.all(np.isfinite(log_proba))
    return log_proba, params


# Where the log loss is not convex, one wrong row far out opens a valley around weight zero.
CASES = [(name, True) for name in PROBABILITIES] + [(name, False) for name in CONVEX]


@pytest.mark.parametrize(("name", "right"), CASES)
@pytest.mark.parametrize("side", [0, 1])
def test_a_row_whose_other_class_is_all_but_impossible(name, side, right):
    """On the right side it costs nothing; on the wrong one it pulls, from the far tail."""
    far = _reach(name, side)
    x, y = np.append(NEAR, far), np.append(LABELS, side if right else 1 - side)
    weights = np.ones(len(y))
    if not right:
        # So small that the slope keeps its sign, and large enough to be felt.
        slope = ACTIVATIONS[name]().log_proba_derivative(np.array([far / 4]))[y[-1]]
        weights[-1] = 0.01 / abs(far * slope[0])
    neuron = NeuronClassifier(name, C=np.inf).fit(x[:, None], y, weights)
    assert neuron.converged_
    log_proba = neuron.predict_log_proba(x[:, None])
    assert np.all(np.isfinite(log_proba))
    assert log_proba[-1, 1 - side] < mpmath.log(TINY[name])

    params = mpmath.matrix([float(neuron.coef_[0, 0]), float(neuron.intercept_[0])])
    with mpmath.workdps(60):
        step = _newton_step(name, x, y, weights, params)
    # Eight digits are what the default tol is for.
    assert max(abs(step[0]), abs(step[1])) <= 1e-8
    plain = NeuronClassifier(name, C=np.inf).fit(NEAR[:, None], LABELS)
    moved = abs(plain.coef_[0, 0] - neuron.coef_[0, 0])
    assert right or moved > 1e-4
