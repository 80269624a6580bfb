"""Derivatives of each observation's log-likelihood, accurate in the far tails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation
from skneuron.activations._derived import expected_information

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
