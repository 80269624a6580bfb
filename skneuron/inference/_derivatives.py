"""Derivatives of each observation's log-likelihood, accurate in the far tails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation

__all__ = ["LogLikelihoodDerivatives", "derivatives_of", "expected_information"]


class LogLikelihoodDerivatives(NamedTuple):
    """Derivatives of log P(y) in z, one number per observation.

    Attributes
    ----------
    slope : ndarray of shape (n_samples,)
    expected : ndarray of shape (n_samples,)
        f'² / (f (1 - f)), Fisher's information.
    observed : ndarray of shape (n_samples,)
        Minus the second derivative. It is negative for some samples of a cauchit.
    """

    slope: FloatArray
    expected: FloatArray
    observed: FloatArray


def derivatives_of(activation: Activation, y: AnyArray, z: FloatArray) -> LogLikelihoodDerivatives:
    """Return the derivatives at z for labels y."""
    low, high = activation.log_proba_derivative(z)
    low2, high2 = activation.log_proba_derivative2(z)
    return LogLikelihoodDerivatives(
        np.where(y, high, low), expected_information(activation, z), -np.where(y, high2, low2)
    )


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
