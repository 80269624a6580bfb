"""The losses of sigmoid and softmax in the functions of the array API standard."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from skneuron._common import AnyArray, DeviceArray, LayerCurvature
from skneuron.losses._logistic_loss import LogisticLoss
from skneuron.losses._loss import Loss
from skneuron.losses._softmax import SoftmaxLogLoss

__all__ = ["DeviceLoss", "loss_on_device"]


class DeviceLoss(Protocol):
    """A loss with z and its results on a device. Each method equals the method of ``Loss``."""

    def encode(self, y: AnyArray) -> AnyArray:
        """Return labels as the methods take them, on the host."""
        ...

    def sums(
        self, labels: DeviceArray, z: DeviceArray, weights: DeviceArray, *, curvature: bool
    ) -> tuple[DeviceArray, DeviceArray, Any]:
        """Return the weighted sum of ℓ, weighted slopes and, on request, curvatures."""
        ...

    def slopes(self, labels: DeviceArray, z: DeviceArray) -> DeviceArray:
        """Return ∂ℓ/∂z per sample."""
        ...

    def curvature_state(self, z: DeviceArray) -> DeviceArray:
        """Return the argument of the next two methods."""
        ...

    def curvature_product(self, state: DeviceArray, dz: DeviceArray) -> DeviceArray:
        """Return the curvature at a state times a change of z."""
        ...

    def curvature_diagonal(self, state: DeviceArray) -> DeviceArray:
        """Return the curvature at a state along each output alone."""
        ...


def loss_on_device(loss: Loss, xp: Any) -> DeviceLoss | None:
    """Return the loss in the functions of ``xp``, None if skneuron has no such form of the loss."""
    if type(loss) is LogisticLoss:
        return _Logistic(xp)
    return _Softmax(xp, loss.n_outputs) if type(loss) is SoftmaxLogLoss else None


class _Logistic:
    """ℓ = log(1 + exp(x)) with x = ∓z, minus the margin."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def encode(self, y: AnyArray) -> AnyArray:
        return np.asarray(1.0 - 2.0 * y)

    def sums(
        self, labels: DeviceArray, z: DeviceArray, weights: DeviceArray, *, curvature: bool
    ) -> tuple[DeviceArray, DeviceArray, Any]:
        xp, x = self._xp, z * labels
        tail = xp.exp(-xp.abs(x))
        inverse = 1 / (1 + tail)
        value = xp.sum(weights * (xp.clip(x, 0.0, None) + xp.log1p(tail)))
        smaller = tail * inverse
        slopes = xp.where(x > 0, inverse, smaller) * (labels * weights)
        return value, slopes, smaller * inverse * weights if curvature else None

    def slopes(self, labels: DeviceArray, z: DeviceArray) -> DeviceArray:
        # An overflow to inf gives the right 0.
        return labels / (1 + self._xp.exp(-z * labels))

    def curvature_state(self, z: DeviceArray) -> DeviceArray:
        tail = self._xp.exp(-self._xp.abs(z))
        return tail / (1 + tail) ** 2

    def curvature_product(self, state: DeviceArray, dz: DeviceArray) -> DeviceArray:
        return state * dz

    def curvature_diagonal(self, state: DeviceArray) -> DeviceArray:
        return state


class _Softmax:
    """ℓ = log Σₖ exp(zₖ) - z_y."""

    def __init__(self, xp: Any, n_classes: int) -> None:
        self._xp, self._n_classes = xp, n_classes

    def encode(self, y: AnyArray) -> AnyArray:
        return np.asarray(y[:, None] == np.arange(self._n_classes))

    def sums(
        self, labels: DeviceArray, z: DeviceArray, weights: DeviceArray, *, curvature: bool
    ) -> tuple[DeviceArray, DeviceArray, Any]:
        xp = self._xp
        z = z - xp.max(z, axis=1, keepdims=True)
        own = xp.sum(xp.where(labels, z, xp.zeros_like(z)), axis=1)
        proba = xp.exp(z)
        total = xp.sum(proba, axis=1)
        value = xp.sum(weights * (xp.log(total) - own))
        proba = proba / total[:, None]
        slopes = self._away_from(labels, proba)
        by_row = weights[:, None] if getattr(weights, "ndim", 0) else weights
        h = None
        if curvature:
            large = proba > 0.5
            rest = xp.where(large, self._others(large, proba), 1 - proba)
            h = LayerCurvature(rest * proba * by_row, proba * by_row**0.5)
        return value, slopes * by_row, h

    def slopes(self, labels: DeviceArray, z: DeviceArray) -> DeviceArray:
        return self._away_from(labels, self.curvature_state(z))

    def _away_from(self, labels: DeviceArray, proba: DeviceArray) -> DeviceArray:
        """Return p less the indicator of the labels."""
        return self._xp.where(labels, -self._others(labels, proba), proba)

    def _others(self, chosen: DeviceArray, proba: DeviceArray) -> DeviceArray:
        """Return the sum of the probabilities that are not chosen, of each row.

        The difference 1 - p cancels if p is close to 1, and this sum keeps the digits.
        """
        xp = self._xp
        rest = xp.where(chosen, xp.zeros_like(proba), proba)
        return xp.sum(rest, axis=1, keepdims=True)

    def curvature_state(self, z: DeviceArray) -> DeviceArray:
        xp = self._xp
        proba = xp.exp(z - xp.max(z, axis=1, keepdims=True))
        return proba / xp.sum(proba, axis=1, keepdims=True)

    def curvature_product(self, state: DeviceArray, dz: DeviceArray) -> DeviceArray:
        return state * (dz - self._xp.sum(state * dz, axis=1, keepdims=True))

    def curvature_diagonal(self, state: DeviceArray) -> DeviceArray:
        return state * (1 - state)
