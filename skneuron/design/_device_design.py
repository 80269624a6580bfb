"""Passes over an X on a device: products, Gram matrices and moments are taken there.

Coefficients and sums cross to the host and back. Vectors with an element per row cross only where
a method says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from skneuron._common import (
    AnyArray,
    DeviceArray,
    DeviceMatrix,
    FloatArray,
    LayerCurvature,
    to_numpy,
)
from skneuron.design._matrix import DesignMatrix
from skneuron.design._standardized import StandardizedDesign, pair_of
from skneuron.design._sums import RowFunction, Sums

__all__ = ["DeviceDesign", "DeviceDesignMatrix", "DeviceFunction", "design_of"]

# Number of elements of a block in float64: 8 MB. On the CPU, PyTorch takes half the time of blocks
# of 64 MB, whose copies it gets from the system each time. No size was measured on a GPU.
_BLOCK_ELEMENTS = 2**20

#: From rows and their z on the device to a sum, slopes (or None) and curvatures (or None), there.
DeviceFunction = Callable[[slice, DeviceArray], tuple[DeviceArray, DeviceArray, Any]]


def design_of(X: Any) -> DesignMatrix:
    """Return the design matrix of an X in memory or on a device."""
    return DeviceDesignMatrix(X) if isinstance(X, DeviceMatrix) else DesignMatrix(X)


class DeviceDesignMatrix(DesignMatrix):
    """X on a device. Blocks of rows that a method returns are copies on the host."""

    source: DeviceMatrix

    def device_blocks(self) -> Iterator[tuple[slice, DeviceArray]]:
        """Yield (rows, float64 array on the device) of all rows."""
        n, d = self.shape
        size = max(1, _BLOCK_ELEMENTS // max(1, d))
        for start in range(0, n, size):
            rows = slice(start, min(n, start + size))
            yield rows, self.source[rows].in_type(np.float64)

    def dense_blocks(
        self, part: range, n_rows: int | None = None
    ) -> Iterator[tuple[slice, DeviceArray]]:
        """Yield (rows, float64 array) of ``n_rows`` rows, copied to the host."""
        size = n_rows or max(1, _BLOCK_ELEMENTS // max(1, self.shape[1]))
        for start in range(part.start, part.stop, size):
            rows = slice(start, min(part.stop, start + size))
            yield rows, self.source[rows].astype(np.float64)

    def columns(self, columns: AnyArray) -> DesignMatrix:
        """Return a matrix of these columns, copied on the device."""
        return DeviceDesignMatrix(self.source[:, columns])

    def different_values(self, column: int, most: int | None = None) -> FloatArray:
        """Return the sorted different values of a column, which cross to the host."""
        xp, values = self.source.home.xp, self.source.array[:, column]
        return np.unique(to_numpy(xp.unique_values(values)).astype(np.float64))

    def power_sums(self, weights: FloatArray) -> FloatArray:
        """Return the weighted sums of x and x² of each column in one pass."""
        xp, put = self.source.home.xp, self.source.home.put
        out = np.zeros((2, self.shape[1]))
        for rows, data in self.device_blocks():
            some = put(weights[rows])
            out += to_numpy(xp.stack((some @ data, some @ (data * data))))
        self.counter.rows += self.shape[0]
        return out


class DeviceDesign(StandardizedDesign):
    """X̃ = (X - center) / scale of an X on a device."""

    design: DeviceDesignMatrix

    def __init__(self, design: DesignMatrix, *standardization: FloatArray, **_: bool) -> None:
        super().__init__(design, *standardization)
        self.home = self.design.source.home

    def kept(self) -> DeviceDesign:
        """Return itself: X stays on the device."""
        return self

    def steady(self) -> DeviceDesign:
        """Return itself: the device decides the order of its sums."""
        return self

    def columns(self, columns: AnyArray) -> DeviceDesign:
        """Return these columns, copied on the device."""
        parts = (part[columns] for part in self.standardization)
        return DeviceDesign(self.design.columns(columns), *parts)

    def sums(self, coef: FloatArray, function: RowFunction, *, gram: bool = False) -> Sums:
        """Read all rows once, with z, slopes and curvatures on the host.

        The method crosses one vector per output for z, and another for each result.
        """
        put = self.home.put

        def on_host(rows: slice, z: DeviceArray) -> tuple[float, Any, Any]:
            """Return the results of the function, on the device."""
            value, slopes, h = function(rows, np.array(to_numpy(z)))
            if isinstance(h, LayerCurvature):
                h = LayerCurvature(put(h.diagonal), put(h.cross))
            elif h is not None:
                h = put(h)
            return value, put(slopes) if len(slopes) else None, h

        return self.device_sums(coef, on_host, gram=gram)

    def device_sums(
        self, coef: FloatArray, function: DeviceFunction, *, gram: bool = False
    ) -> Sums:
        """Read all rows once, with z, slopes and curvatures on the device."""
        k, d = len(coef), self.shape[1]
        times, out = self._product_with(coef), Sums.zeros(k, d, gram=gram)
        left, inverse = self.home.put(self._left), self.home.put(self._inverse)
        pairs = list(combinations_with_replacement(range(k), 2))

        def of_block(rows: slice, data: DeviceArray) -> list[DeviceArray]:
            """Return the sums over the rows of a block."""
            value, slopes, h = function(rows, times(data))
            sums = [value]
            if h is not None:
                columns = (data - left) * inverse
                for i, j in pairs:
                    weights = pair_of(h, i, j)
                    sums.append(columns.T @ (columns * weights[:, None]))
                    sums += self._products(weights, columns)
            return sums if slopes is None else [*sums, *self._products(slopes, data)]

        sums = self._added_up(of_block(*block) for block in self._blocks())
        out.value = float(sums.pop(0))
        if out.gram is not None and len(sums) > 2:
            for i, j in pairs:
                inner, edge, corner = (sums.pop(0) for _ in range(3))
                pair = np.block([[inner, edge[:, None]], [edge, corner]])
                out.gram[i, :, j] = out.gram[j, :, i] = pair
        if sums:
            out.slopes[:, :-1], out.slopes[:, -1] = sums
            out.slopes[:, :-1] -= np.outer(out.slopes[:, -1], self._left)
            out.slopes[:, :-1] *= self._inverse
        return out

    def _products(self, weights: DeviceArray, data: DeviceArray) -> list[DeviceArray]:
        """Return the sums of the weighted rows, and of the weights."""
        return [
            weights.T @ data if weights.ndim == 2 else weights @ data,
            self.home.xp.sum(weights, axis=0),
        ]

    def _added_up(self, blocks: Iterable[list[DeviceArray]]) -> list[Any]:
        """Return the sums over the blocks, which cross to the host after the last of them."""
        self.counter.rows += self.shape[0]
        added = reduce(lambda one, other: [a + b for a, b in zip(one, other, strict=True)], blocks)
        return [to_numpy(values) for values in added]

    def device_forward(self, coef: FloatArray) -> DeviceArray:
        """Return X̃ Wᵀ + b of all rows on the device: (n_samples,) or (n_samples, n_outputs)."""
        times = self._product_with(coef)
        pieces = [times(data) for _, data in self._blocks()]
        self.counter.rows += self.shape[0]
        return pieces[0] if len(pieces) == 1 else self.home.xp.concat(pieces)

    def forward(self, coef: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b of all rows, which crosses to the host."""
        return np.array(to_numpy(self.device_forward(coef)))

    def squares(self, column_weights: FloatArray) -> FloatArray:
        """Return Σⱼ cⱼ x̃ⱼ² of each row for column weights c. The result crosses to the host."""
        put, center = self.home.put, self.standardization[0]
        away, per_square = put(center), put(column_weights * self._inverse**2)
        blocks = self.design.device_blocks()
        pieces = [to_numpy((data - away) ** 2 @ per_square) for _, data in blocks]
        self.counter.rows += self.shape[0]
        return np.concatenate(pieces)

    def device_squares(self, weights: DeviceArray) -> FloatArray:
        """Return Σ h x̃² of each column and Σ h, for each output's weights h on the device."""
        away, inverse = self.home.put(self.standardization[0]), self.home.put(self._inverse)
        squares, totals = self._added_up(
            self._products(weights[rows, ...], ((data - away) * inverse) ** 2)
            for rows, data in self.design.device_blocks()
        )
        return np.column_stack([np.atleast_2d(squares), np.atleast_1d(totals)])

    def _blocks(self) -> Iterator[tuple[slice, DeviceArray]]:
        """Yield blocks of rows on the device, centered where the center is far from zero."""
        shift = None if self._shift is None else self.home.put(self._shift)
        for rows, data in self.design.device_blocks():
            yield rows, data if shift is None else data - shift

    def _product_with(self, coef: FloatArray) -> Callable[[DeviceArray], DeviceArray]:
        """Return a function from a block to its z."""
        raw = coef[:, :-1] * self._inverse
        offset = coef[:, -1] - raw @ self._left
        if len(coef) == 1:
            w, b = self.home.put(raw[0]), float(offset[0])
            return lambda data: data @ w + b
        matrix, intercepts = self.home.put(raw.T), self.home.put(offset)
        return lambda data: data @ matrix + intercepts
