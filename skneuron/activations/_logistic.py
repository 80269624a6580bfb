"""The S-shaped pair of the logistic distribution: sigmoid and tanh."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from skneuron._common import AnyArray, FloatArray
from skneuron.activations._activation import Activation

__all__ = ["Sigmoid", "Tanh"]


# e^±z of these is a normal number, in float32 too.
_NORMAL = 80.0


class Sigmoid(Activation):
    """Logistic function, f(z) = 1 / (1 + e⁻ᶻ), the activation of logistic regression.

    Range (0, 1), largest slope 1/4 at z = 0. The linear predictor z is the log-odds of
    ``classes_[1]`` (the logit link; McCullagh & Nelder, Generalized Linear Models, 1989,
    section 4.3).

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Sigmoid
    >>> Sigmoid().value(np.array([0.0, 0.1])).round(4).tolist()
    [0.5, 0.525]
    >>> Sigmoid().log_proba(np.array([-40.0]))[1].tolist()
    [-40.0]
    """

    range = (0.0, 1.0)
    convex_nll = True
    threshold = 0.0

    def value(self, z: FloatArray) -> FloatArray:
        """Return 1 / (1 + e⁻ᶻ)."""
        return np.asarray(expit(z))

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return f(z) f(-z)."""
        return np.asarray(expit(z) * expit(-z))

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return f'(z) (1 - 2 f(z)), written with tanh to keep digits near 0."""
        return -self.derivative(z) * np.tanh(z / 2)

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (log f(-z), log f(z))."""
        tail = np.log1p(np.exp(-np.abs(z)))
        return np.minimum(-z, 0) - tail, np.minimum(z, 0) - tail

    @staticmethod
    def proba(z: AnyArray, out: AnyArray) -> None:
        """Write (1 - p, p) into columns of ``out``, from one exponential a sample.

        Each is exact where it is small. ``z``, of shape (n,), is overwritten.
        """
        if z.min(initial=0.0) > -_NORMAL and z.max(initial=0.0) < _NORMAL:
            tail = np.exp(np.negative(z, out=z), out=z)
            np.divide(1, 1 + tail, out=out[:, 1])
            np.multiply(tail, out[:, 1], out=out[:, 0])
        else:
            np.exp(np.stack(Sigmoid().log_proba(z), axis=1), out=out)

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (-f(z), f(-z))."""
        return -self.value(z), self.value(-z)

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return -f(z) f(-z), the same for both classes."""
        slope = -self.derivative(z)
        return slope, slope


class Tanh(Activation):
    """Hyperbolic tangent, with the probability (1 + tanh z)/2 = sigmoid(2z).

    Range (-1, 1), largest slope 1 at z = 0. Unpenalised coefficients are half as large as with
    logistic regression.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Sigmoid, Tanh
    >>> z = np.array([-2.0, 0.5])
    >>> np.allclose(Tanh().log_proba(z), Sigmoid().log_proba(2 * z))
    True
    """

    range = (-1.0, 1.0)
    convex_nll = True
    threshold = 0.0

    def value(self, z: FloatArray) -> FloatArray:
        """Return tanh z."""
        return np.tanh(z)

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return 1 - tanh² z, without the cancellation of that form."""
        return 4 * Sigmoid().derivative(2 * z)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return -2 f(z) f'(z)."""
        return -2 * self.value(z) * self.derivative(z)

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sigmoid's logarithms at 2z."""
        return Sigmoid().log_proba(2 * z)

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return twice the sigmoid's slopes at 2z."""
        low, high = Sigmoid().log_proba_derivative(2 * z)
        return 2 * low, 2 * high

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return four times the sigmoid's second derivatives at 2z."""
        low, high = Sigmoid().log_proba_derivative2(2 * z)
        return 4 * low, 4 * high
