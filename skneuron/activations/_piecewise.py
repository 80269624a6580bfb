"""Activations made of straight pieces: no likelihood, trained by squared error or a rule."""

from __future__ import annotations

from numbers import Real

import numpy as np

from skneuron._common import FloatArray, wrong_value
from skneuron.activations._activation import Activation

__all__ = ["Identity", "LeakyReLU", "ReLU", "Step"]


class Identity(Activation):
    """f(z) = z: Adaline, the least squares classifier (Widrow & Hoff, 1960).

    Range (-∞, ∞), slope 1 everywhere. Squared error on targets 0 and 1, z₀ = 1/2.

    Examples
    --------
    >>> from skneuron.activations import Identity
    >>> Identity().targets, Identity().threshold
    ((0.0, 1.0), 0.5)
    """

    threshold = 0.5

    def value(self, z: FloatArray) -> FloatArray:
        """Return z."""
        return np.array(z, copy=True)

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return 1."""
        return np.ones_like(z)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return 0."""
        return np.zeros_like(z)


class LeakyReLU(Activation):
    """f(z) = z for z > 0, αz otherwise, so that every z has a slope.

    Range (-∞, ∞) (Maas, Hannun & Ng, 2013).

    Parameters
    ----------
    alpha : float in [0, 1], default=0.01
        Slope for z < 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import LeakyReLU
    >>> LeakyReLU(alpha=0.2).value(np.array([-1.0, 3.0])).tolist()
    [-0.2, 3.0]
    """

    smooth = False
    threshold = 0.5

    def __init__(self, alpha: float = 0.01) -> None:
        self.alpha = alpha

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if ``alpha`` is not a number in [0, 1]."""
        if not isinstance(self.alpha, Real) or not 0 <= float(self.alpha) <= 1:
            raise ValueError(
                wrong_value(
                    "alpha", self.alpha, "a number in [0, 1]", "LeakyReLU(0.01)", "LeakyReLU"
                )
            )

    def value(self, z: FloatArray) -> FloatArray:
        """Return z for z > 0, αz otherwise."""
        return np.where(z > 0, z, self.alpha * z)

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return 1 for z ≥ 0, α otherwise: at z = 0 the larger slope, which leads away from it."""
        return np.where(z >= 0, 1.0, self.alpha)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return 0, the second derivative everywhere but at the non-differentiable point."""
        return np.zeros_like(z)


class ReLU(Activation):
    """f(z) = max(0, z).

    Range [0, ∞). Where z < 0 for every sample the slope is zero and nothing is
    learned any more: the neuron is dead (Nair & Hinton, 2010).

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import ReLU
    >>> ReLU().value(np.array([-1.0, 3.0])).tolist()
    [0.0, 3.0]
    """

    range = (0.0, np.inf)
    smooth = False
    threshold = 0.5

    def value(self, z: FloatArray) -> FloatArray:
        """Return max(0, z)."""
        return np.maximum(z, 0.0)

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return 1 for z ≥ 0, else 0: at z = 0 the larger slope, which leads away from it."""
        return (z >= 0).astype(np.float64)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return 0, the second derivative everywhere but at the non-differentiable point."""
        return np.zeros_like(z)


class Step(Activation):
    """f(z) = 1 if z ≥ 0 else 0: the perceptron (McCulloch & Pitts, 1943; Rosenblatt, 1958).

    Its slope is zero wherever there is one, so no gradient can train it. The
    perceptron rule does.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Step
    >>> Step().value(np.array([-0.1, 0.0, 2.0])).tolist()
    [0.0, 1.0, 1.0]
    """

    range = (0.0, 1.0)
    differentiable = False
    smooth = False
    # f is 1 at z = 0 already: z - z₀ has to be positive there, so z₀ is the last number
    # before 0 (of float32, so that it is one in both types).
    threshold = -float(np.finfo(np.float32).smallest_subnormal)

    def value(self, z: FloatArray) -> FloatArray:
        """Return 1 for z ≥ 0, else 0."""
        return (z >= 0).astype(np.float64)

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return 0, the slope everywhere but at the jump."""
        return np.zeros_like(z)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return 0."""
        return np.zeros_like(z)
