"""The distribution function of the Cauchy distribution."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.activations._activation import Activation

__all__ = ["Cauchit"]


def _upper(z: FloatArray) -> FloatArray:
    """1 - f(z), exact for large z: the angle under which 1 is seen from z, over π."""
    return np.arctan2(1.0, z) / np.pi


def _log_cdf(z: FloatArray) -> FloatArray:
    return np.where(z > 0, np.log1p(-_upper(np.abs(z))), np.log(_upper(-np.minimum(z, 0))))


class Cauchit(Activation):
    """Cauchy distribution function, f(z) = 1/2 + atan(z)/π.

    Range (0, 1), largest slope 1/π at z = 0. Its tails are so heavy that single
    outliers hardly move the coefficients. The price is a log loss that is not convex, so
    Newton uses Fisher weights (Koenker & Yoon, J. Econometrics 152, 2009).

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Cauchit
    >>> Cauchit().value(np.array([0.0, 1.0])).tolist()
    [0.5, 0.75]
    """

    range = (0.0, 1.0)
    convex_nll = False
    threshold = 0.0

    def value(self, z: FloatArray) -> FloatArray:
        """Return 1/2 + atan(z)/π, exact in both tails."""
        return _upper(-z)

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return 1 / (π (1 + z²))."""
        root = 1 / np.hypot(1, z)
        with np.errstate(under="ignore"):
            return root * root / np.pi

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return -2z / (π (1 + z²)²)."""
        root = 1 / np.hypot(1, z)
        with np.errstate(under="ignore"):
            return -2 * (z * root) * root * self.derivative(z)

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (log f(-z), log f(z))."""
        return _log_cdf(-z), _log_cdf(z)

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (-f'/(1 - f), f'/f)."""
        slope = self.derivative(z)
        return -slope / _upper(z), slope / _upper(-z)

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return r (f''/f' - r) for r each of the two first derivatives."""
        root = 1 / np.hypot(1, z)
        bend = -2 * (z * root) * root
        low, high = self.log_proba_derivative(z)
        return low * (bend - low), high * (bend - high)
