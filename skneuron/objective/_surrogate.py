"""What is left of rows that are gone: a quadratic in the parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skneuron._typing import AnyArray, FloatArray

__all__ = ["Memory"]


@dataclass(frozen=True)
class Memory:
    """Q(v) = constant + slope·v + ½ vᵀAv, a sum of losses expanded about some parameters.

    Attributes
    ----------
    constant : float
    slope : ndarray of shape (n_params,)
    curvature : ndarray of shape (n_params, n_params) or (n_params,)
        A, or its diagonal where all of it would be too large.
    zero_value : float
        What the losses themselves were at zero weights.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.objective import Memory
    >>> memory = Memory.about(np.ones(2), 3.0, np.zeros(2), 2 * np.eye(2), 5.0)
    >>> memory.value(np.array([1.0, 2.0])), memory.gradient(np.array([1.0, 2.0])).tolist()
    (4.0, [0.0, 2.0])
    """

    constant: float
    slope: FloatArray
    curvature: FloatArray
    zero_value: float

    @classmethod
    def about(
        cls,
        params: FloatArray,
        value: float,
        gradient: FloatArray,
        curvature: FloatArray,
        zero_value: float,
    ) -> Memory:
        """Return the second-order expansion about ``params``."""
        bend = _times(curvature, params)
        constant = value - float(gradient @ params) + 0.5 * float(params @ bend)
        return cls(constant, gradient - bend, curvature, zero_value)

    def plus(self, other: Memory) -> Memory:
        """Return the memory of both."""
        return Memory(
            self.constant + other.constant,
            self.slope + other.slope,
            self.curvature + other.curvature,
            self.zero_value + other.zero_value,
        )

    def times(self, factor: float) -> Memory:
        """Return the memory of rows that weigh ``factor`` times as much."""
        return Memory(
            factor * self.constant,
            factor * self.slope,
            factor * self.curvature,
            factor * self.zero_value,
        )

    def take(self, params: AnyArray) -> Memory:
        """Return it with all other parameters at zero."""
        dense = self.curvature.ndim == 2
        curvature = self.curvature[np.ix_(params, params)] if dense else self.curvature[params]
        return replace(self, slope=self.slope[params], curvature=curvature)

    def value(self, params: FloatArray) -> float:
        """Return Q."""
        return self.constant + float(params @ (self.slope + 0.5 * self.product(params)))

    def gradient(self, params: FloatArray) -> FloatArray:
        """Return its gradient."""
        return self.slope + self.product(params)

    def product(self, vector: FloatArray) -> FloatArray:
        """Return the curvature times a vector."""
        return _times(self.curvature, vector)

    def minimum(self, ridge: FloatArray) -> FloatArray:
        """Return where Q plus ½ Σ ridge v² is least; the shortest such v where many are."""
        if self.curvature.ndim == 1:
            bend = self.curvature + ridge
            return np.divide(-self.slope, bend, out=np.zeros_like(bend), where=bend > 0)
        return np.asarray(
            np.linalg.lstsq(self.curvature + np.diag(ridge), -self.slope, rcond=None)[0]
        )

    def shared_curvature(self, k: int) -> FloatArray:
        """Return the mean of the own blocks of ``k`` outputs."""
        if self.curvature.ndim == 1:
            return np.diag(self.curvature.reshape(k, -1).mean(axis=0))
        m = len(self.slope) // k
        return np.asarray(np.einsum("kikj->ij", self.curvature.reshape(k, m, k, m)) / k)

    @property
    def matrix(self) -> FloatArray:
        """The curvature as a matrix."""
        return self.curvature if self.curvature.ndim == 2 else np.diag(self.curvature)


def _times(curvature: FloatArray, vector: FloatArray) -> FloatArray:
    return np.asarray(curvature @ vector if curvature.ndim == 2 else curvature * vector)
