"""Passes over columns brought to one scale, x̃ = (x - center) / scale.

That matrix is never stored. Every block works on the rows of X as they lie in memory and
corrects sums for the center.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._threads import run_parts
from skneuron._typing import AnyArray, FloatArray
from skneuron.design._matrix import DesignMatrix

__all__ = ["Pointwise", "StandardizedDesign", "Sums"]

# Subtracting the center from a sum instead of from every element costs about
# log10(|center| / deviation) digits. Beyond four digits dense blocks are centered first.
MAX_CENTER_RATIO = 1e4

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


class StandardizedDesign:
    """X̃ = (X - center) / scale, for passes that read X once.

    Parameters
    ----------
    design : DesignMatrix of shape (n_samples, n_features)
    center, scale, deviation : ndarray of shape (n_features,)
        ``scale`` is positive; ``deviation`` tells where ``center`` is so far from 0
        that it has to be subtracted element by element.
    """

    def __init__(
        self, design: DesignMatrix, center: FloatArray, scale: FloatArray, deviation: FloatArray
    ) -> None:
        self.design = design
        self.center = center
        self.scale = scale
        self._inverse = 1 / scale
        far = (np.abs(center) / MAX_CENTER_RATIO > deviation) & (deviation > 0)
        self._shift = center if not design.is_sparse and np.any(far) else None
        self._left = np.zeros_like(center) if self._shift is not None else center

    def take(self, rows: AnyArray) -> StandardizedDesign:
        """Return these rows in the same coordinates; dense ones standardized for good."""
        data = self.design.take(rows)
        out = StandardizedDesign.__new__(StandardizedDesign)
        out._shift = None
        if sparse.issparse(data):
            out.center, out.scale, out._left = self.center, self.scale, self.center
        else:
            data = data - self.center
            data *= self._inverse
            out.center = out._left = np.zeros_like(self.center)
            out.scale = np.ones_like(self.scale)
        out._inverse = 1 / out.scale
        out.design = DesignMatrix(data)
        return out

    def sweep(
        self, weights: FloatArray, bias: FloatArray, pointwise: Pointwise, *, gram: bool = False
    ) -> Sums:
        """Read all rows once: X̃ Wᵀ + b, what ``pointwise`` makes of it, and its sums.

        Parameters
        ----------
        weights : ndarray of shape (n_outputs, n_features)
        bias : ndarray of shape (n_outputs,)
        pointwise : callable
            Gets X̃ Wᵀ + b as (n_rows,) for one output, else (n_rows, n_outputs).
        gram : bool
        """
        raw = weights * self._inverse
        offset = bias - raw @ self._left

        def over(part: range) -> Sums:
            sums = self._zeros(len(bias), gram)
            dense = gram and not self.design.is_thin
            blocks = self.design.dense_blocks(part) if dense else self.design.blocks(part)
            work = _Workspace()
            for rows, block in blocks:
                data = block if self._shift is None else work.centered(block, self._shift)
                z = data @ (raw[0] if len(raw) == 1 else raw.T)
                z += offset[0] if len(raw) == 1 else offset
                value, slopes, h = pointwise(rows, z)
                sums.value += value
                _add_products(sums, data, slopes)
                if gram and h is not None:
                    self._add_gram(sums, data, h, work)
            return sums

        parts = run_parts(over, self.design.parts())
        total = parts[0]
        for part in parts[1:]:
            total.add(part)
        total.weights -= np.outer(total.bias, self._left)
        total.weights *= self._inverse
        return total

    def forward(self, weights: FloatArray, bias: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        n, k = self.design.shape[0], len(bias)
        out = np.empty(n if k == 1 else (n, k))

        def keep(rows: slice, z: FloatArray) -> tuple[float, FloatArray, None]:
            out[rows] = z
            return 0.0, z[:0], None

        self.sweep(weights, bias, keep)
        return out

    def dense_blocks(self, n_rows: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield (rows, X̃ of these rows) as float64 arrays of their own."""
        for rows, data in self.design.dense_blocks(range(self.design.shape[0]), n_rows):
            yield rows, (data - self.center) * self._inverse

    def _zeros(self, k: int, gram: bool) -> Sums:
        d = len(self.scale)
        return Sums(
            0.0,
            np.zeros((k, d)),
            np.zeros(k),
            np.zeros((k, d + 1, k, d + 1)) if gram else None,
        )

    def _add_gram(self, sums: Sums, data: Any, h: FloatArray, work: _Workspace) -> None:
        assert sums.gram is not None
        if sparse.issparse(data):
            for i in range(h.shape[1]):
                for j in range(h.shape[1]):
                    if i <= j:
                        part = _sparse_gram(data, h[:, i, j], self._left, self._inverse)
                        sums.gram[i, :, j] += part
                        if i < j:
                            sums.gram[j, :, i] += part
        else:
            _add_dense_gram(sums.gram, work.rows(data, self._left, self._inverse), h, work)


class _Workspace:
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


def _add_products(sums: Sums, data: Any, slopes: FloatArray) -> None:
    if len(slopes) == 0:
        return
    if slopes.ndim == 1:
        sums.weights[0] += (data.T @ slopes) if sparse.issparse(data) else (slopes @ data)
    else:
        sums.weights += np.asarray((data.T @ slopes).T)
    sums.bias += slopes.sum(axis=0)


def _add_dense_gram(out: FloatArray, rows: FloatArray, h: FloatArray, work: _Workspace) -> None:
    k = h.shape[1]
    if k == 1 and h.min() >= 0:
        # A product with one's own transpose is done in half the time.
        root = np.multiply(rows, np.sqrt(h[:, 0]), out=rows)
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


def _sparse_gram(
    data: Any, weights: FloatArray, center: FloatArray, inverse: FloatArray
) -> FloatArray:
    d = len(center)
    out = np.empty((d + 1, d + 1))
    weighted = sparse.diags(weights) @ data
    sums = np.asarray(data.T @ weights)
    total = float(weights.sum())
    product = np.asarray((data.T @ weighted).todense())
    cross = np.outer(sums, center)
    product = product - cross - cross.T + total * np.outer(center, center)
    out[:d, :d] = product * inverse * inverse[:, None]
    out[d, :d] = out[:d, d] = (sums - total * center) * inverse
    out[d, d] = total
    return out
