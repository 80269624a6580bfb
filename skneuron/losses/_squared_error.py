"""Squared error of the neuron's output."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation, Identity, LeakyReLU, ReLU
from skneuron.losses._loss import Loss

__all__ = ["SquaredError"]


class SquaredError(Loss):
    """ℓ(y, z) = ½ (f(z) - t_y)², with the activation's two targets t.

    The slope (f - t) f' vanishes where f saturates, on the wrong side too: with it a
    sigmoid shows vanishing gradients, which the log loss does not.

    Parameters
    ----------
    activation : Activation
        Any differentiable one.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Identity
    >>> from skneuron.losses import SquaredError
    >>> SquaredError(Identity()).value(np.array([1, 0]), np.array([0.0, 2.0])).tolist()
    [0.5, 2.0]
    """

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.convex = isinstance(activation, Identity)
        self.smooth = activation.smooth
        self.differentiable = activation.differentiable
        # A rectifier has no derivative at z = 0. It starts at its threshold instead, where every
        # sample is a tie and the slope is not zero.
        self.start = 0.0 if activation.smooth else activation.threshold
        self.curvature_bound = 1.0 if isinstance(activation, Identity | ReLU | LeakyReLU) else None

    def _error(self, y: AnyArray, z: FloatArray) -> FloatArray:
        low, high = self.activation.targets
        return np.asarray(self.activation.value(z) - np.where(y, high, low))

    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return ½ (f(z) - t)²."""
        return np.asarray(0.5 * self._error(y, z) ** 2)

    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ½ (f(z) - t)² and (f(z) - t) f'(z)."""
        error = self._error(y, z)
        return 0.5 * error**2, error * self.activation.derivative(z)

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the slope and f'², plus (f - t) f'' if the observed one is asked for."""
        error, slope = self._error(y, z), self.activation.derivative(z)
        hessian = slope**2
        if observed:
            hessian = hessian + error * self.activation.derivative2(z)
        return error * slope, hessian
