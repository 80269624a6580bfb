"""Log loss of a distribution function."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation, Tanh
from skneuron.losses._loss import Loss

__all__ = ["LogLoss"]

# Largest steepness of a convex log loss: its curvature is at least exp(-745), the smallest float64,
# and the steepest of them, exp(-exp(z)), has the steepness exp(z).
_STEEPEST = 745.0


class LogLoss(Loss):
    """ℓ(1, z) = -log f(z), ℓ(0, z) = -log(1 - f(z)).

    The activation computes both logarithms without f(z).

    Parameters
    ----------
    activation : Activation
        With ``is_probability``.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Sigmoid
    >>> from skneuron.losses import LogLoss
    >>> LogLoss(Sigmoid()).value(np.array([1, 0]), np.array([-1000.0, -2.0])).round(3).tolist()
    [1000.0, 0.127]
    """

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.convex = activation.convex_nll
        # f(1-f) <= 1/4 with the argument doubled. The others have larger or no bounds:
        # solvers measure them.
        is_tanh = type(activation) is Tanh
        self.curvature_bound = 1.0 if is_tanh else None
        if self.convex:
            self.largest_steepness = 2.0 if is_tanh else _STEEPEST

    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return -log P(y)."""
        low, high = self.activation.log_proba(z)
        return -np.where(y, high, low)

    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return -log P(y) and its slope, f(z) - y for the sigmoid."""
        low, high = self.activation.log_proba_derivative(z)
        return self.value(y, z), -np.where(y, high, low)

    def slopes(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return the slope of -log P(y) per sample, without its value."""
        low, high = self.activation.log_proba_derivative(z)
        return -np.where(labels, high, low)

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the slope and the observed or the Fisher information per sample."""
        low, high = self.activation.log_proba_derivative(z)
        gradient = -np.where(y, high, low)
        if observed or self.convex:
            low2, high2 = self.activation.log_proba_derivative2(z)
            return gradient, -np.where(y, high2, low2)
        # Fisher: E[slope²] = (1-p) low² + p high² = f'²/(p(1-p)). In this form no
        # factor underflows before the other grows.
        log_q, log_p = self.activation.log_proba(z)
        return gradient, np.exp(log_q) * low**2 + np.exp(log_p) * high**2
