"""The distribution function of the normal."""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from skneuron._common import FloatArray
from skneuron.activations._activation import Activation

__all__ = ["Probit"]

_SQRT_HALF = np.sqrt(0.5)
_SQRT_2_OVER_PI = np.sqrt(2 / np.pi)


def _density(z: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def _hazard(z: FloatArray) -> FloatArray:
    """Return φ(z) / Φ(z). Here erfcx removes the common factor exp(-z²/2) before it underflows."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(_SQRT_2_OVER_PI / erfcx(-z * _SQRT_HALF))


def _log_cdf(z: FloatArray) -> FloatArray:
    """Log Φ(z), with all digits in the upper tail too, where it is -Φ(-z).

    exp(-z²/2) would lose there what squaring z rounds off, up to z²/2 rounding units. As
    in W. J. Cody's routines z is split: the square of a multiple of 1/16 is exact.
    """
    upper = np.clip(z, 5.0, 40.0)
    coarse = np.floor(16 * upper) / 16
    fine = (upper - coarse) * (upper + coarse)
    with np.errstate(under="ignore"):
        exponential = np.exp(-(coarse**2) / 2) * np.exp(-fine / 2)
        above = np.log1p(-0.5 * erfcx(upper * _SQRT_HALF) * exponential)
        return np.where(z < 5, log_ndtr(np.minimum(z, 5)), np.where(z < 40, above, -0.0))


def _log_cdf_derivative2(z: FloatArray) -> FloatArray:
    """d²/dz² log Φ(z) = -r (z + r) with r = φ/Φ.

    For z → -∞, z + r cancels to 1/|z|. Beyond |z| = 50, where the product has lost
    about 2500 rounding units, the asymptotic series of the Mills ratio gives the sum
    (Abramowitz & Stegun 26.2.12, inverted term by term). Its first term left out is
    8162/x¹¹, below a rounding unit of 1/x from there on.
    """
    ratio = _hazard(z)
    far = z < -50
    x = np.where(far, -z, 50.0)
    u = 1 / x
    u2 = u * u
    series = u * (1 + u2 * (-2 + u2 * (10 + u2 * (-74 + u2 * 706))))
    return -ratio * np.where(far, series, z + ratio)


class Probit(Activation):
    """Normal distribution function, f(z) = Φ(z) (probit link; Bliss, 1934).

    Range (0, 1), largest slope 1/√(2π) ≈ 0.399 at z = 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Probit
    >>> Probit().log_proba(np.array([-10.0]))[1].round(2).tolist()
    [-53.23]
    """

    range = (0.0, 1.0)
    convex_nll = True
    threshold = 0.0

    def value(self, z: FloatArray) -> FloatArray:
        """Return Φ(z)."""
        return np.asarray(ndtr(z))

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return the normal density φ(z)."""
        return _density(z)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return -z φ(z)."""
        return -z * _density(z)

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (log Φ(-z), log Φ(z))."""
        return _log_cdf(-z), _log_cdf(z)

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (-φ/Φ at -z, φ/Φ at z)."""
        return -_hazard(-z), _hazard(z)

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return -r (z + r) at -z and at z, with r = φ/Φ."""
        return _log_cdf_derivative2(-z), _log_cdf_derivative2(z)
