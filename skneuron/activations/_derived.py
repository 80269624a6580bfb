"""Numbers of a distribution function f at z that follow from its log-probabilities."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.activations._activation import Activation

__all__ = ["expected_information", "relative_curvature"]


def expected_information(activation: Activation, z: FloatArray) -> FloatArray:
    """Return Fisher's information at z, (1 - p) (∂ log(1 - p))² + p (∂ log p)²."""
    # On the log scale, because one factor underflows if the other one overflows.
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        parts = [
            np.exp(log_p + 2 * np.log(np.abs(slope)))
            for log_p, slope in zip(
                activation.log_proba(z), activation.log_proba_derivative(z), strict=True
            )
        ]
    return np.asarray(parts[0] + parts[1])


def relative_curvature(activation: Activation, z: FloatArray) -> FloatArray:
    """Return f''/f' at z: 1 - 2p for the sigmoid.

    For q = log f, f''/f' = q' + q''/q'. The same holds for log(1 - f), and the smaller of the two
    probabilities keeps its digits where f' underflows.
    """
    low, high = activation.log_proba(z)
    is_low = low < high
    first, second = (
        np.where(is_low, *pair)
        for pair in (activation.log_proba_derivative(z), activation.log_proba_derivative2(z))
    )
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        return np.asarray(first + second / first)
