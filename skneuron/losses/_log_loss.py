"""Log loss of a distribution function, and of the softmax layer."""

from __future__ import annotations

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import Activation, Sigmoid, Tanh
from skneuron.losses._base import Loss

__all__ = ["LogLoss", "SoftmaxLogLoss"]


class LogLoss(Loss):
    """ℓ(1, z) = -log f(z), ℓ(0, z) = -log(1 - f(z)).

    Both logarithms come from the activation, which never forms f(z) on the way.

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
        # h = f(1-f) <= 1/4 for the logit and 1 for its rescaled twin. The others have
        # larger or no bounds; solvers measure theirs as they go.
        self.curvature_bound = {Sigmoid: 0.25, Tanh: 1.0}.get(type(activation))

    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return -log P(y)."""
        low, high = self.activation.log_proba(z)
        return -np.where(y, high, low)

    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return -log P(y) and its slope, f(z) - y for the sigmoid."""
        low, high = self.activation.log_proba_derivative(z)
        return self.value(y, z), -np.where(y, high, low)

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the slope and the observed or the Fisher information per sample."""
        low, high = self.activation.log_proba_derivative(z)
        gradient = -np.where(y, high, low)
        if observed or self.convex:
            low2, high2 = self.activation.log_proba_derivative2(z)
            return gradient, -np.where(y, high2, low2)
        # Fisher: E[slope²] = (1-p) low² + p high² = f'²/(p(1-p)); in this form no
        # factor underflows before the other grows.
        log_q, log_p = self.activation.log_proba(z)
        return gradient, np.exp(log_q) * low**2 + np.exp(log_p) * high**2


class SoftmaxLogLoss(Loss):
    """ℓ(y, z) = log Σₖ exp(zₖ) - z_y, the log loss of a layer with softmax.

    Parameters
    ----------
    n_classes : int

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.losses import SoftmaxLogLoss
    >>> loss = SoftmaxLogLoss(3)
    >>> loss.value(np.array([0]), np.array([[0.0, 0.0, 0.0]])).round(4).tolist()
    [1.0986]
    """

    convex = True
    # Largest eigenvalue of diag(p) - ppᵀ (Böhning, 1992).
    curvature_bound = 0.5

    def __init__(self, n_classes: int) -> None:
        self.n_outputs = n_classes

    @staticmethod
    def log_proba(z: FloatArray) -> FloatArray:
        """Return log softmax(z), row by row."""
        shifted = z - z.max(axis=1, keepdims=True)
        with np.errstate(under="ignore"):
            return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))

    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return -log P(y)."""
        return -self.log_proba(z)[np.arange(len(y)), y]

    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return -log P(y) and softmax(z) minus the indicator of y."""
        log_proba = self.log_proba(z)
        rows = np.arange(len(y))
        value = -log_proba[rows, y]
        with np.errstate(under="ignore"):
            gradient = np.exp(log_proba)
        # 1 - p cancels where p is close to 1: the others' sum keeps the digits.
        gradient[rows, y] = 0.0
        gradient[rows, y] = -gradient.sum(axis=1)
        return value, gradient

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the slope and diag(p) - ppᵀ per sample."""
        _, gradient = self.value_gradient(y, z)
        with np.errstate(under="ignore"):
            proba = np.exp(self.log_proba(z))
            hessian = -proba[:, :, None] * proba[:, None, :]
        diagonal = np.arange(self.n_outputs)
        hessian[:, diagonal, diagonal] = 0.0
        hessian[:, diagonal, diagonal] = -hessian.sum(axis=2)
        return gradient, hessian
