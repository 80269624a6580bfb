"""The asymmetric pair of the extreme value distributions: cloglog and its mirror, loglog."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.activations._activation import Activation

__all__ = ["CLogLog", "LogLog"]

# exp(709.78) is the largest double. Beyond it log(1 - p) = -exp(z) is no double any
# more, and stays at the most negative one, finite and of the right sign.
_LARGEST = float(np.finfo(np.float64).max)
_LOG_LARGEST = float(np.log(_LARGEST))


def _exp(z: FloatArray) -> FloatArray:
    """e^z, held at the largest double."""
    with np.errstate(under="ignore"):
        return np.where(z < _LOG_LARGEST, np.exp(np.minimum(z, _LOG_LARGEST)), _LARGEST)


def _log_p(z: FloatArray) -> FloatArray:
    """log(1 - exp(-t)) with t = e^z, by the branch that keeps all digits."""
    t = _exp(z)
    with np.errstate(under="ignore", divide="ignore"):
        small = np.where(z < -37, z - t / 2, np.log(-np.expm1(-np.minimum(t, 1.0))))
        large = np.log1p(-np.exp(-np.maximum(t, 0.5)))
    return np.where(t < np.log(2), small, large)


def _log_p_derivative(t: FloatArray) -> FloatArray:
    """Return t / (e^t - 1), the slope of log p in z, and 1 at t = 0."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(t / np.where(t > 0, np.expm1(t), 1.0) + (t == 0))


def _log_p_derivative2(t: FloatArray) -> FloatArray:
    """Return s (1 - t - s) with s = t / (e^t - 1), by a series if the bracket cancels."""
    s = _log_p_derivative(t)
    u = np.minimum(t, 0.01)
    bracket = np.where(t < 0.01, u * (-0.5 + u * (-1 / 12 + u * u / 720)), 1 - t - s)
    with np.errstate(under="ignore"):
        return s * bracket


class CLogLog(Activation):
    """Complementary log-log, f(z) = 1 - exp(-eᶻ).

    Range (0, 1), largest slope 1/e at z = 0. The predicted class changes at z₀ = log log 2,
    not at 0. The link of grouped survival times: e^w is a hazard ratio (Prentice &
    Gloeckler, Biometrics 34, 1978).

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import CLogLog
    >>> round(CLogLog().threshold, 4)
    -0.3665
    >>> CLogLog().value(np.array([CLogLog().threshold])).tolist()
    [0.5]
    """

    range = (0.0, 1.0)
    convex_nll = True
    threshold = float(np.log(np.log(2)))

    def value(self, z: FloatArray) -> FloatArray:
        """Return 1 - exp(-eᶻ)."""
        return -np.expm1(-_exp(z))

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return exp(z - eᶻ)."""
        with np.errstate(under="ignore"):
            return np.exp(np.minimum(z, _LOG_LARGEST) - _exp(z))

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return f'(z) (1 - eᶻ)."""
        # 1 - e^z would cancel around 0.
        return -self.derivative(z) * np.expm1(np.minimum(z, _LOG_LARGEST))

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (-eᶻ, log(1 - exp(-eᶻ)))."""
        return -_exp(z), _log_p(z)

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (-t, t / (eᵗ - 1)) with t = eᶻ."""
        t = _exp(z)
        return -t, _log_p_derivative(t)

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (-t, s (1 - t - s)) with t = eᶻ and s = t / (eᵗ - 1)."""
        t = _exp(z)
        return -t, _log_p_derivative2(t)


class LogLog(Activation):
    """Log-log, f(z) = exp(-e⁻ᶻ), the mirror of cloglog: f(z) = 1 - cloglog(-z).

    Range (0, 1), largest slope 1/e at z = 0, threshold z₀ = -log log 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import CLogLog, LogLog
    >>> z = np.array([-1.0, 2.0])
    >>> np.allclose(LogLog().value(z), 1 - CLogLog().value(-z))
    True
    """

    range = (0.0, 1.0)
    convex_nll = True
    threshold = -float(np.log(np.log(2)))

    def value(self, z: FloatArray) -> FloatArray:
        """Return exp(-e⁻ᶻ)."""
        with np.errstate(under="ignore"):
            return np.exp(-_exp(-z))

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return exp(-z - e⁻ᶻ)."""
        return CLogLog().derivative(-z)

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return f'(z) (e⁻ᶻ - 1)."""
        return -CLogLog().derivative2(-z)

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return cloglog's logarithms at -z, the classes exchanged."""
        low, high = CLogLog().log_proba(-z)
        return high, low

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return cloglog's slopes at -z, the classes exchanged and the sign turned."""
        low, high = CLogLog().log_proba_derivative(-z)
        return -high, -low

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return cloglog's second derivatives at -z, the classes exchanged."""
        low, high = CLogLog().log_proba_derivative2(-z)
        return high, low
