"""Derivatives of activations and losses in extended precision, for the search of a minimum."""

from __future__ import annotations

import numpy as np
from scipy import special

from fuzzing.exact import LD, LOG_PROBA, ONE, PI, error


def slope_of(activation, z):
    """Return f'(z)."""
    if activation == "identity":
        return np.ones_like(z)
    if activation in ("relu", "leaky_relu"):
        return np.where(z > 0, ONE, LD("0.01") if activation == "leaky_relu" else LD(0))
    if activation == "tanh":
        return 1 / np.cosh(z) ** 2
    if activation == "probit":
        return np.exp(-z * z / 2) / np.sqrt(2 * PI)
    if activation == "cauchit":
        return 1 / (PI * (1 + z * z))
    low, high = LOG_PROBA[activation](z)
    if activation == "sigmoid":
        return np.exp(low + high)
    # cloglog: exp(z - eᶻ), of which loglog is the mirror.
    if activation == "cloglog":
        return np.exp(z + low)
    if activation == "loglog":
        return np.exp(high - z)
    raise KeyError(activation)


def derivatives(activation, loss, y, z):
    """Return the first and second derivative of the loss, for one output.

    Where the loss is not convex the second is Gauss's and Fisher's, which is not negative.
    """
    if loss == "squared_error":
        slope = slope_of(activation, z)
        return error(activation, y, z) * slope, slope * slope
    sign = np.where(y, ONE, -ONE)
    if activation == "cauchit":
        slope = slope_of(activation, z)
        low, high = (np.exp(part) for part in LOG_PROBA["cauchit"](z))
        return -sign * slope / np.where(y, high, low), slope * slope / (low * high)
    if activation in ("sigmoid", "tanh"):
        k = 1 if activation == "sigmoid" else 2
        wrong = 1 / (1 + np.exp(sign * k * z))
        return -k * sign * wrong, k * k * wrong / (1 + np.exp(-sign * k * z))
    if activation == "probit":
        m = sign * z
        ratio = np.sqrt(2 / PI) / special.erfcx(np.float64(-m / np.sqrt(LD(2))))
        curvature = np.where(m < -1e4, ONE, ratio * (ratio + m))
        return -sign * ratio, np.maximum(curvature, 0)
    if activation not in ("cloglog", "loglog"):
        raise KeyError(activation)
    mirrored = activation == "loglog"
    m, event = (-z, 1 - y) if mirrored else (z, y)
    t = np.exp(np.minimum(m, LD(709)))
    s = np.where(t > 0, t / np.where(t > 0, np.expm1(t), 1), 1)
    excess = np.where(t < 1e-3, t / 2 + t * t / 12, t + s - 1)
    first = np.where(event, -s, t)
    return (-first if mirrored else first), np.where(event, s * excess, t)
