"""What a pass over the rows adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["Pointwise", "Sums", "Workspace", "add_gram"]

#: From rows and their X̃ Wᵀ + b to a sum, one slope per output and, for
#: :meth:`StandardizedDesign.sweep` with ``gram``, weights of shape (n_rows, K, K).
Pointwise = Callable[[slice, FloatArray], tuple[float, FloatArray, FloatArray | None]]


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
        size = int(np.prod(shape))
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


def add_gram(out: FloatArray, rows: FloatArray, h: FloatArray, work: Workspace) -> None:
    """Add Σ h_kl x xᵀ over rows of shape (n, m) to ``out``, of shape (K, m, K, m)."""
    k = h.shape[1]
    if k == 1 and h.min() >= 0:
        # A product with one's own transpose is done in half the time.
        root = np.multiply(rows, np.sqrt(h[:, 0]), out=work.buffer("root", rows.shape))
        out[0, :, 0] += root.T @ root
        return
    n, m = rows.shape
    for i in range(k):
        # One long product for all outputs from i on.
        weighted = work.buffer("weighted", (n, k - i, m))
        np.multiply(rows[:, None, :], h[:, i, i:, None], out=weighted)
        part = (rows.T @ weighted.reshape(n, -1)).reshape(m, k - i, m)
        out[i, :, i:] += part
        for j in range(i + 1, k):
            out[j, :, i] += part[:, j - i]
