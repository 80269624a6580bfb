"""What the line search accepts (``ARMIJO``), on a log loss that NumPy computes.

Every Newton method shares it but the working set, which has ``_GOOD_DECREASE``.
"""

import numpy as np
import pytest
from scipy import optimize

from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._line_search import line_search

X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
y = np.array([0, 1, 0, 1])


def _objective():
    none = Regularization(0.0)
    return Objective.of_data(DesignMatrix(X), y, LogisticLoss(), np.full(4, 0.25), none, False)


def _reference(objective, params):
    """Return F by NumPy alone, at coefficients on the original scale."""
    z = X @ objective.coordinates.to_weights(params)[0].ravel()
    return np.logaddexp(0, np.where(y == 1, -z, z)).mean()


def _decrease(objective, step):
    """Return the decrease of F over a step from zero, as a fraction of what its slope predicts."""
    zero = np.zeros(1)
    h = 1e-6
    slope = (_reference(objective, h * step) - _reference(objective, -h * step)) / (2 * h)
    return (_reference(objective, step) - _reference(objective, zero)) / slope


def _step_with(objective, fraction):
    """Return a step downhill that lowers F by this fraction of what its slope predicts."""
    start = Iterate.at(objective, np.zeros(1))
    down = -start.gradient

    def excess(length):
        return _decrease(objective, length * down) - fraction

    return start, optimize.brentq(excess, 1e-3, 1e3, xtol=1e-13) * down


@pytest.mark.parametrize("fraction", [0.9, 0.3, 0.05])
def test_a_step_that_lowers_f_clearly_is_taken_as_it_is(fraction):
    objective = _objective()
    start, step = _step_with(objective, fraction)
    end, length = line_search(objective, start, step)
    assert length == 1
    assert end.value == pytest.approx(_reference(objective, step), rel=1e-12)


@pytest.mark.parametrize("fraction", [5e-5, -0.1, -0.5])
def test_a_step_that_hardly_lowers_f_or_raises_it_is_halved(fraction):
    """A full step may lower F by so little that steps like it would creep and never arrive."""
    objective = _objective()
    start, step = _step_with(objective, fraction)
    end, length = line_search(objective, start, step)
    assert 0 < length < 1
    assert np.log2(length) == int(np.log2(length))
    assert end.value < start.value - 1e-3


def test_a_step_uphill_is_refused():
    objective = _objective()
    start = Iterate.at(objective, np.zeros(1))
    end, length = line_search(objective, start, start.gradient)
    assert length == 0
    assert end is start


def test_a_decrease_below_the_rounding_errors_of_f_is_measured_by_slopes():
    """Close to the minimum F is the same to all digits: the step to it is taken all the same."""
    objective = _objective()
    best = optimize.minimize_scalar(
        lambda v: _reference(objective, np.array([v])), options={"xtol": 1e-15}
    ).x
    for distance in (1e-9, 1e-10):
        start = Iterate.at(objective, np.array([best + distance]))
        gradient, h = start.gradient, 1e-4
        curvature = (Iterate.at(objective, start.params + h).gradient - gradient) / h
        end, length = line_search(objective, start, -gradient / curvature)
        assert length == 1
        assert abs(end.gradient[0]) < 0.1 * abs(gradient[0])
        # Twice as far is as high on the other side; four times as far is higher.
        _, length = line_search(objective, start, -4 * gradient / curvature)
        assert length < 1
