"""Probabilities as functions of the linear predictors, with two derivatives."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from skneuron._common import FloatArray
from skneuron.activations import Activation
from skneuron.inference._observations import log_softmax

__all__ = ["LayerResponse", "PairResponse", "Response"]


class Response(Protocol):
    """The map from m linear predictors of a row to q probabilities."""

    def probability(self, z: FloatArray) -> FloatArray:
        """Return the probabilities, (n, q), at linear predictors (n, m)."""
        ...

    def jacobian(self, z: FloatArray) -> FloatArray:
        """Return the derivatives of the probabilities in the linear predictors, (n, q, m)."""
        ...

    def turned(self, z: FloatArray, direction: FloatArray) -> FloatArray:
        """Return the derivatives in z of ``jacobian(z) @ direction``, (n, q, m)."""
        ...


class PairResponse:
    """P(y = classes_[1]) of two classes: m = q = 1."""

    def __init__(self, activation: Activation) -> None:
        self._activation = activation

    def probability(self, z: FloatArray) -> FloatArray:
        """Return f(z)."""
        with np.errstate(under="ignore"):
            return np.asarray(np.exp(self._activation.log_proba(z)[1]))

    def jacobian(self, z: FloatArray) -> FloatArray:
        """Return f'(z) = f(z) · (log f)'(z)."""
        with np.errstate(under="ignore", over="ignore"):
            slope = self._activation.log_proba_derivative(z)[1]
            return np.asarray((self.probability(z) * slope)[:, :, None])

    def turned(self, z: FloatArray, direction: FloatArray) -> FloatArray:
        """Return f''(z) times the direction."""
        with np.errstate(under="ignore", over="ignore"):
            slope = self._activation.log_proba_derivative(z)[1]
            second = slope**2 + self._activation.log_proba_derivative2(z)[1]
            return np.asarray((self.probability(z) * second)[:, :, None] * direction[0])


class LayerResponse:
    """Probabilities of K classes: q = K, and m = K - 1 differences to the base class."""

    def __init__(self, others: list[int]) -> None:
        self._others = others

    def probability(self, z: FloatArray) -> FloatArray:
        """Return the softmax, with 0 for the base class."""
        every = np.zeros((len(z), len(self._others) + 1))
        every[:, self._others] = z
        with np.errstate(under="ignore"):
            return np.asarray(np.exp(log_softmax(every)))

    def jacobian(self, z: FloatArray) -> FloatArray:
        """Return pₖ (δₖₘ - pₘ)."""
        p = self.probability(z)
        return np.asarray(p[:, :, None] * (self._same() - p[:, None, self._others]))

    def turned(self, z: FloatArray, direction: FloatArray) -> FloatArray:
        """Return the derivatives of pₖ (dₖ - Σ p d)."""
        p, size = self.probability(z), np.zeros(len(self._others) + 1)
        size[self._others] = direction
        away = size - (p @ size)[:, None]
        own = self.jacobian(z) * away[:, :, None]
        return np.asarray(own - p[:, :, None] * (p * away)[:, None, self._others])

    def _same(self) -> FloatArray:
        """Return δₖₘ, (q, m)."""
        return np.eye(len(self._others) + 1)[:, self._others]
