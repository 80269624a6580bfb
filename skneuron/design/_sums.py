"""What a pass over the rows adds up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray, Curvatures, FloatArray, LayerCurvature

__all__ = ["Pointwise", "Sums", "Workspace", "add_gram", "times_rows"]

#: From rows and their X̃ Wᵀ + b to a sum, one slope per output and, for
#: :meth:`StandardizedDesign.sweep` with ``gram``, curvatures.
Pointwise = Callable[[slice, FloatArray], tuple[float, FloatArray, Curvatures | None]]


@dataclass
class Sums:
    """What a pass adds up, over its rows.

    Attributes
    ----------
    value : float
    weights : ndarray of shape (n_outputs, n_features)
        Rᵀ X̃ for slopes R.
    bias : ndarray of shape (n_outputs,)
        Column sums of R.
    gram : ndarray of shape (n_outputs, n_features + 1, n_outputs, n_features + 1) or None
        Σ h_kl [x̃, 1][x̃, 1]ᵀ for each pair of outputs.
    """

    value: float
    weights: FloatArray
    bias: FloatArray
    gram: FloatArray | None

    def add(self, other: Sums) -> None:
        """Add the sums over other rows."""
        self.value += other.value
        self.weights += other.weights
        self.bias += other.bias
        if self.gram is not None and other.gram is not None:
            self.gram += other.gram


class Workspace:
    """Buffers of one thread, kept from block to block: fresh memory costs page faults."""

    def __init__(self) -> None:
        self._buffers: dict[str, FloatArray] = {}

    def buffer(self, name: str, shape: tuple[int, ...]) -> FloatArray:
        """Return an uninitialized array of that shape."""
        size = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = np.empty(size)
        return self._buffers[name][:size].reshape(shape)

    def centered(self, data: FloatArray, center: FloatArray) -> FloatArray:
        """Return data - center."""
        return np.subtract(data, center, out=self.buffer("centered", data.shape))

    def rows(self, data: FloatArray, center: FloatArray, inverse: FloatArray) -> FloatArray:
        """Return [X̃, 1]."""
        n, d = data.shape
        out = self.buffer("rows", (n, d + 1))
        np.subtract(data, center, out=out[:, :d])
        out[:, :d] *= inverse
        out[:, d] = 1.0
        return out


def times_rows(weights: AnyArray, rows: Any) -> AnyArray:
    """Return rows · Wᵀ, of shape (n_rows,) for one output, else (n_rows, n_outputs).

    The columns of many dense outputs are contiguous: BLAS needs a third less time for them,
    and sums over outputs are done for many rows at a time.
    """
    if len(weights) == 1:
        return np.asarray(rows @ weights[0])
    if sparse.issparse(rows):
        return np.asarray(rows @ weights.T)
    return np.asarray((weights @ rows.T).T)


def add_gram(out: FloatArray, rows: FloatArray, h: Curvatures, work: Workspace) -> None:
    """Add Σ h_kl x xᵀ over rows of shape (n, m) to ``out``, of shape (K, m, K, m)."""
    if isinstance(h, LayerCurvature):
        _add_layer_gram(out, rows, h, work)
    elif h.min() >= 0:
        out[0, :, 0] += _gram(rows, np.sqrt(h), work)
    else:
        weighted = np.multiply(rows, h[:, None], out=work.buffer("weighted", rows.shape))
        out[0, :, 0] += rows.T @ weighted


def _gram(rows: FloatArray, roots: FloatArray, work: Workspace) -> FloatArray:
    """Return Σ r² x xᵀ: a product with one's own transpose takes BLAS half the time."""
    weighted = np.multiply(rows, roots[:, None], out=work.buffer("weighted", rows.shape))
    return np.asarray(weighted.T @ weighted)


def _add_layer_gram(out: FloatArray, rows: FloatArray, h: LayerCurvature, work: Workspace) -> None:
    """All pairs of outputs at once, from the rows [c₁x, …, c_K x]; then the diagonal's own."""
    (n, m), k = rows.shape, h.cross.shape[1]
    spread = work.buffer("spread", (n, k, m))
    np.multiply(rows[:, None, :], h.cross[:, :, None], out=spread)
    flat = spread.reshape(n, k * m)
    pairs = (flat.T @ flat).reshape(k, m, k, m)
    for i in range(k):
        pairs[i, :, i] = -_gram(rows, np.sqrt(h.diagonal[:, i]), work)
    out -= pairs
