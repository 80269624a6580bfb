"""The fraction of samples at which the activation is nearly flat."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from skneuron._common import FloatArray
from skneuron.activations import ACTIVATIONS, Activation
from skneuron.objective import Objective

__all__ = ["Saturation"]

# A slope below this fraction of the largest slope counts as saturated.
_FLAT = 1e-3

# Maximum number of rows. The standard error of the fraction is then at most 1.6 percentage points,
# at a small part of the time of an iteration.
_ROWS = 1000

# Grid of z on which the largest slope of a user's own function is searched.
_GRID = np.linspace(-20.0, 20.0, 401)


class Saturation:
    """Fraction of the samples with a slope f'(z) below 1e-3 of the largest slope of f.

    The sample is at most 1,000 rows at equal distances in X. Every output of a softmax model
    counts separately, with the slope p (1 - p).

    Parameters
    ----------
    objective : Objective
    activation : Activation
        Differentiable.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Sigmoid
    >>> from skneuron.fitting._saturation import steep_interval
    >>> round(steep_interval(Sigmoid())[1], 2)
    8.29
    """

    def __init__(self, objective: Objective, activation: Activation) -> None:
        self._coordinates, self._rows = objective.coordinates, objective.rows.evenly(_ROWS)
        self._activation = activation
        self._softmax = objective.dims.n_outputs > 1
        self._interval = None if self._softmax else steep_interval(activation)

    def share(self, params: FloatArray) -> float:
        """Return the fraction at these parameters."""
        z = self._rows.linear_predictor(self._coordinates.with_intercept(params))
        if self._softmax:
            z -= z.max(axis=1, keepdims=True)
            proba = np.exp(z)
            proba /= proba.sum(axis=1, keepdims=True)
            return float(np.mean(proba * (1 - proba) < _FLAT / 4))
        if self._interval is not None:
            low, high = self._interval
            z -= (high + low) / 2
            return 1 - np.count_nonzero(np.abs(z, out=z) < (high - low) / 2) / len(z)
        slope = np.abs(self._activation.derivative(z))
        largest = max(_largest_slope(self._activation), float(slope.max(initial=0.0)))
        return float(np.mean(slope <= _FLAT * largest))


def steep_interval(activation: Activation) -> tuple[float, float] | None:
    """Return the interval of z in which a distribution function of skneuron is not saturated.

    These functions are steepest at 0. None for every other function.
    """
    own = type(activation).__module__.startswith("skneuron.activations")
    if not own or not activation.smooth or not np.isfinite(activation.range[0]):
        return None
    return _interval(type(activation).__name__)


@lru_cache
def _interval(name: str) -> tuple[float, float]:
    """Return the interval of the activation with that class name."""
    function = next(known for known in ACTIVATIONS.values() if known.__name__ == name)()

    def excess(z: float) -> float:
        """Return the slope minus the largest slope that counts as saturated."""
        at_z, at_zero = function.derivative(np.array([z, 0.0]))
        return float(at_z - _FLAT * at_zero)

    return float(brentq(excess, -1e3, 0.0)), float(brentq(excess, 0.0, 1e3))


def _largest_slope(activation: Activation) -> float:
    return float(np.abs(activation.derivative(_GRID)).max())
