"""Outputs of a neuron for an X on a device, computed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import AnyArray, DeviceArray, DeviceMatrix, is_foreign, to_numpy
from skneuron.activations import Sigmoid
from skneuron.prediction._outputs import Outputs
from skneuron.validation import FittedNeuron, check_finite, check_offset, dense_coef

__all__ = ["labels_on_device", "outputs_on_device"]


def outputs_on_device(
    neuron: FittedNeuron,
    X: DeviceMatrix,
    output: Callable[[Outputs, AnyArray], AnyArray],
    offset: ArrayLike | None,
) -> DeviceArray:
    """Return an output for each row on the device of X, None if it is computed on the host only.

    The host computes the outputs of other activations than the sigmoid, and a z that is not
    finite in the type of X.
    """
    xp, put, coef = X.home.xp, X.home.put, dense_coef(neuron)
    there = _OnDevice(xp, Outputs.of(neuron))
    name = output.__name__
    if name not in ("decision", "class_index") and not there.has_functions:
        return None
    if not np.all(coef):
        check_finite(X)  # The product may skip a column with NaN.
    kind = np.result_type(X.dtype, coef.dtype)
    added = check_offset(offset, X.shape[0], len(neuron.classes_), kind=kind)
    with np.errstate(all="ignore"):  # For libraries that compute with NumPy.
        z = X.in_type(kind) @ put(coef.T.astype(kind)) + put(neuron.intercept_.astype(kind))
        if added is not None:
            z = z + xp.reshape(put(added), z.shape)
        return getattr(there, name)(z) if bool(to_numpy(xp.all(xp.isfinite(z)))) else None


def labels_on_device(classes: AnyArray, indices: DeviceArray, X: DeviceMatrix) -> DeviceArray:
    """Return the labels of class indices: on the device, or on the host if they are strings."""
    if classes.dtype.kind in "iufb":
        xp, put = X.home.xp, X.home.put
        there = indices if is_foreign(indices) else put(indices.astype(np.int64))
        return xp.take(put(classes), xp.astype(there, xp.int64), axis=0)
    return classes[to_numpy(indices).astype(np.intp)]


class _OnDevice:
    """The functions of :class:`Outputs` for z on a device."""

    def __init__(self, xp: Any, outputs: Outputs) -> None:
        self._xp, self._softmax = xp, outputs.softmax
        self._threshold = 0.0 if outputs.softmax else float(outputs.activation.threshold)
        self.has_functions = outputs.softmax or type(outputs.activation) is Sigmoid

    def decision(self, z: DeviceArray) -> DeviceArray:
        z = z - self._threshold
        return z[:, 0] if z.shape[1] == 1 else z

    def class_index(self, z: DeviceArray) -> DeviceArray:
        return self.decision(z) > 0 if z.shape[1] == 1 else self._xp.argmax(z, axis=1)

    def activate(self, z: DeviceArray) -> DeviceArray:
        out = self._exact(self._proba, z)
        return out[:, 1] if z.shape[1] == 1 else out

    def log_proba(self, z: DeviceArray) -> DeviceArray:
        least = -float(np.finfo(self._type(z)).max)
        return self._at_least(self._exact(self._log_proba, z), least)

    def proba(self, z: DeviceArray) -> DeviceArray:
        least = float(np.finfo(self._type(z)).smallest_subnormal)
        return self._at_least(self._exact(self._proba, z), least)

    def _log_proba(self, z: DeviceArray) -> DeviceArray:
        """Return the logarithms of the probabilities of z in float64."""
        xp = self._xp
        if z.shape[1] == 1:
            # -log(1 + exp(±z)), from the larger of 0 and ±z.
            both = xp.concat((z, -z), axis=1)
            above = xp.where(both > 0, both, xp.zeros_like(both))
            return -(above + xp.log1p(xp.exp(-xp.abs(both))))
        z = z - xp.max(z, axis=1, keepdims=True)
        return z - xp.log(xp.sum(xp.exp(z), axis=1, keepdims=True))

    def _proba(self, z: DeviceArray) -> DeviceArray:
        """Return the probabilities of z in float64."""
        xp = self._xp
        if z.shape[1] == 1:
            return 1 / (1 + xp.exp(xp.concat((z, -z), axis=1)))
        z = xp.exp(z - xp.max(z, axis=1, keepdims=True))
        return z / xp.sum(z, axis=1, keepdims=True)

    def _exact(self, function: Callable[[DeviceArray], DeviceArray], z: DeviceArray) -> DeviceArray:
        """Return a function of z that is computed in float64, in the type of z."""
        xp = self._xp
        return xp.astype(function(xp.astype(z, xp.float64, copy=False)), z.dtype, copy=False)

    def _at_least(self, values: DeviceArray, least: float) -> DeviceArray:
        xp = self._xp
        return xp.where(values < least, xp.full_like(values, least), values)

    def _type(self, z: DeviceArray) -> DeviceArray:
        return np.float64 if z.dtype == self._xp.float64 else np.float32
