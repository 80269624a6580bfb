"""Sums over rows, and the products that they consist of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray, Curvatures, FloatArray, LayerCurvature

__all__ = ["RowFunction", "Sums", "Workspace", "add_gram", "times_rows"]

#: From rows and their X̃ Wᵀ + b to a sum, one slope per output and, if a Gram matrix is asked
#: for, curvatures. No slopes (an array of length 0) add nothing.
RowFunction = Callable[[slice, FloatArray], tuple[float, FloatArray, Curvatures | None]]


@dataclass
class Sums:
    """Sums over some rows. The operator ``+`` returns the sums over the rows of both.

    Attributes
    ----------
    value : float
    slopes : ndarray of shape (n_outputs, n_features + 1)
        Rᵀ [X̃, 1] for slopes R.
    gram : ndarray of shape (n_outputs, n_features + 1, n_outputs, n_features + 1) or None
        Σ h_kl [x̃, 1][x̃, 1]ᵀ for each pair of outputs.

    Examples
    --------
    >>> from skneuron.design import Sums
    >>> one = Sums.zeros(n_outputs=1, n_features=2)
    >>> one.value += 1.5
    >>> (one + one).value
    3.0
    """

    value: float
    slopes: FloatArray
    gram: FloatArray | None = None

    @classmethod
    def zeros(cls, n_outputs: int, n_features: int, *, gram: bool = False) -> Sums:
        """Return the sums over no rows."""
        shape = (n_outputs, n_features + 1)
        return cls(0.0, np.zeros(shape), np.zeros(2 * shape) if gram else None)

    def __add__(self, other: Sums) -> Sums:
        both = self.gram is not None and other.gram is not None
        gram = self.gram + other.gram if both else None  # type: ignore[operator]
        return Sums(self.value + other.value, self.slopes + other.slopes, gram)

    def __iadd__(self, other: Sums) -> Sums:
        self.value += other.value
        self.slopes += other.slopes
        if self.gram is not None and other.gram is not None:
            self.gram += other.gram
        return self


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


def times_rows(coef: AnyArray, rows: Any) -> AnyArray:
    """Return rows · Wᵀ, of shape (n_rows,) for one output, else (n_rows, n_outputs).

    The columns of many dense outputs are contiguous: BLAS needs a third less time for them,
    and sums over outputs are done for many rows at a time.
    """
    if len(coef) == 1:
        return np.asarray(rows @ coef[0])
    if sparse.issparse(rows):
        return np.asarray(rows @ coef.T)
    return np.asarray((coef @ rows.T).T)


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
    """Return Σ r² x xᵀ: BLAS needs half the time for a product with the own transpose."""
    weighted = np.multiply(rows, roots[:, None], out=work.buffer("weighted", rows.shape))
    return np.asarray(weighted.T @ weighted)


def _add_layer_gram(out: FloatArray, rows: FloatArray, h: LayerCurvature, work: Workspace) -> None:
    """Add all pairs of outputs at once, from the rows [c₁x, …, c_K x], then the diagonal's own."""
    (n, m), k = rows.shape, h.cross.shape[1]
    spread = work.buffer("spread", (n, k, m))
    np.multiply(rows[:, None, :], h.cross[:, :, None], out=spread)
    flat = spread.reshape(n, k * m)
    pairs = (flat.T @ flat).reshape(k, m, k, m)
    for i in range(k):
        pairs[i, :, i] = -_gram(rows, np.sqrt(h.diagonal[:, i]), work)
    out -= pairs
