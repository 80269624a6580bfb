"""Log loss of the sigmoid, computed from the margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Sigmoid
from skneuron.losses._log_loss import LogLoss

__all__ = ["LogisticLoss"]

# Below this -margin e^x and the sums built on it stay far inside the range of a double,
# and so does a product of eight of them.
_SAFE = 80.0

# Number of samples that share one logarithm, which costs as much as ten products.
_SHARE = 8


class LogisticLoss(LogLoss):
    """ℓ = log(1 + e) with e = exp(-margin), margin = ±z, and slope ∓ e / (1 + e).

    Results agree with :class:`LogLoss` for the sigmoid and need one exponential per sample.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.losses import LogisticLoss
    >>> loss = LogisticLoss()
    >>> labels = loss.encode(np.array([1, 0]))
    >>> value, slopes, _ = loss.sums(labels, np.array([1.0, -2.0]), np.full(2, 0.5))
    >>> round(value, 4), slopes.round(4).tolist()
    (0.2201, [-0.1345, 0.0596])
    """

    def __init__(self) -> None:
        super().__init__(Sigmoid())
        self.curvature_bound = 0.25
        self.largest_steepness = 1.0

    def encode(self, y: AnyArray) -> AnyArray:
        """Return -1 for class 1 and +1 for class 0, in one byte each.

        The product of z and the result is minus the margin.
        """
        out = y.astype(np.int8)
        out *= -2
        out += 1
        return out

    def sums(
        self,
        labels: AnyArray,
        z: FloatArray,
        weights: FloatArray,
        *,
        curvature: bool = False,
        observed: bool = False,
    ) -> tuple[float, FloatArray, FloatArray | None]:
        """Return the weighted sum of ℓ, weighted slopes and, on request, curvatures."""
        equal = weights.strides == (0,)
        factor: Any = weights[0] if equal else weights
        x = np.multiply(z, labels, out=z)
        top = x.max(initial=0.0)
        if not top < _SAFE:
            return self._far_sums(labels, x, weights, curvature=curvature)
        e = np.exp(x, out=x)
        u = e + 1.0
        if equal and top > 0:
            even = len(u) // _SHARE * _SHARE
            products = np.multiply.reduce(u[:even].reshape(_SHARE, -1), axis=0)
            value = float((np.log(products).sum() + np.log(u[even:]).sum()) * factor)
        else:
            value = float(weights @ np.log1p(e))
        e /= u
        h = None
        if curvature:
            h = np.divide(e, u, out=u)
            h *= factor
        e *= labels
        e *= factor
        return value, e, h

    def slopes(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return ∂ℓ/∂z per sample, for labels from :meth:`encode`. Overwrites z."""
        z *= labels
        # 1 / (1 + exp(margin)): an overflow to inf gives the right 0.
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1.0
        return np.divide(labels, z, out=z)

    def curvature_state(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return e / (1 + e)² per sample, which is the same for both classes."""
        e = np.exp(-np.abs(z))
        return np.asarray(e / (1 + e) ** 2)

    @staticmethod
    def _far_sums(
        labels: AnyArray, x: FloatArray, weights: FloatArray, *, curvature: bool
    ) -> tuple[float, FloatArray, FloatArray | None]:
        """Return the sums if a sample is far on the wrong side, or not finite."""
        tail = np.exp(-np.abs(x))
        value = float(weights @ (np.maximum(x, 0) + np.log1p(tail)))
        slopes = np.where(x > 0, 1.0, tail) / (1 + tail)
        h = tail / (1 + tail) ** 2 * weights if curvature else None
        slopes *= labels
        slopes *= weights
        return value, slopes, h
