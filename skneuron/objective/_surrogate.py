"""The quadratic summary of past chunks: their losses to second order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skneuron._common import AnyArray, FloatArray

__all__ = ["QuadraticSummary"]


@dataclass(frozen=True)
class QuadraticSummary:
    """Q(v) = constant + slope·v + ½ vᵀAv, a sum of losses expanded about some parameters.

    Attributes
    ----------
    constant : float
    slope : ndarray of shape (n_params,)
    curvature : ndarray of shape (n_params, n_params) or (n_params,)
        A, or its diagonal where all of it would be too large.
    zero_value : float
        The losses themselves at zero coefficients.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.objective import QuadraticSummary
    >>> summary = QuadraticSummary.about(np.ones(2), 3.0, np.zeros(2), 2 * np.eye(2), 5.0)
    >>> summary.value(np.array([1.0, 2.0])), summary.gradient(np.array([1.0, 2.0])).tolist()
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
    ) -> QuadraticSummary:
        """Return the second-order Taylor expansion about ``params``."""
        change = _times(curvature, params)
        constant = value - float(gradient @ params) + 0.5 * float(params @ change)
        return cls(constant, gradient - change, curvature, zero_value)

    def plus(self, other: QuadraticSummary) -> QuadraticSummary:
        """Return the summary of both."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return QuadraticSummary(*(one + another for one, another in pairs))

    def times(self, factor: float) -> QuadraticSummary:
        """Return the summary of samples with ``factor`` times the sample weights."""
        return QuadraticSummary(*(factor * one for one in vars(self).values()))

    def take(self, params: AnyArray) -> QuadraticSummary:
        """Return the summary with all other parameters at zero."""
        dense = self.curvature.ndim == 2
        curvature = self.curvature[np.ix_(params, params)] if dense else self.curvature[params]
        return replace(self, slope=self.slope[params], curvature=curvature)

    def value(self, params: FloatArray) -> float:
        """Return Q."""
        return self.constant + float(params @ (self.slope + 0.5 * self.product(params)))

    def gradient(self, params: FloatArray) -> FloatArray:
        """Return the gradient of Q."""
        return self.slope + self.product(params)

    def product(self, vector: FloatArray) -> FloatArray:
        """Return the curvature times a vector."""
        return _times(self.curvature, vector)

    def minimum(self, ridge: FloatArray) -> FloatArray:
        """Return the minimum of Q plus ½ Σ ridge v², the shortest v if there are many."""
        if self.curvature.ndim == 1:
            total = self.curvature + ridge
            return np.divide(-self.slope, total, out=np.zeros_like(total), where=total > 0)
        return np.asarray(
            np.linalg.lstsq(self.curvature + np.diag(ridge), -self.slope, rcond=None)[0]
        )

    def mean_block(self, n_outputs: int) -> FloatArray:
        """Return the mean over the outputs of their own blocks of the curvature."""
        if self.curvature.ndim == 1:
            return np.diag(self.curvature.reshape(n_outputs, -1).mean(axis=0))
        m = len(self.slope) // n_outputs
        blocks = self.curvature.reshape(n_outputs, m, n_outputs, m)
        return np.asarray(np.einsum("kikj->ij", blocks) / n_outputs)

    @property
    def matrix(self) -> FloatArray:
        """The curvature as a matrix."""
        return self.curvature if self.curvature.ndim == 2 else np.diag(self.curvature)

    @property
    def diagonal(self) -> FloatArray:
        """The diagonal of the curvature."""
        return self.curvature if self.curvature.ndim == 1 else np.diagonal(self.curvature)


def _times(curvature: FloatArray, vector: FloatArray) -> FloatArray:
    return np.asarray(curvature @ vector if curvature.ndim == 2 else curvature * vector)
