"""Few rows, standardized once and kept: a subsample, or a small X as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneuron._threads import run_parts, share_out
from skneuron._typing import AnyArray, FloatArray
from skneuron.design._sums import Pointwise, Sums, Workspace, add_gram, times_rows

__all__ = ["ReadyDesign"]

# Rows are worked on in blocks that stay in a cache, as those of X are.
_BLOCK_ELEMENTS = 2**17

# Products that a Gram matrix takes before a second thread is worth its start.
_GRAM_WORK = 2_000_000


class ReadyDesign:
    """[X̃, 1] as an array of its own, for passes without any correction.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features + 1)
        Standardized columns and a last one of ones.
    """

    # A small X, or a subsample: few megabytes either way.
    in_cache = True

    # All elements are stored.
    is_thin = False

    def __init__(self, rows: FloatArray) -> None:
        self._rows = rows
        self.shape = (rows.shape[0], rows.shape[1] - 1)
        self.n_stored = self.shape[0] * self.shape[1]
        self._is_steady = False

    def take(self, rows: AnyArray | slice) -> ReadyDesign:
        """Return these rows."""
        return ReadyDesign(self._rows[rows])

    def rows(self) -> FloatArray:
        """Return [X̃, 1]."""
        return self._rows

    def by_rows(self) -> ReadyDesign:
        """Return itself: its rows are quick to take in any order."""
        return self

    def steady(self) -> ReadyDesign:
        """Return the same rows, whose sums have the same bits on any number of threads."""
        out = ReadyDesign(self._rows)
        out._is_steady = True
        return out

    def columns(self, columns: AnyArray) -> ReadyDesign:
        """Return these columns, copied."""
        return ReadyDesign(self._rows[:, np.append(columns, self.shape[1])])

    def sweep(
        self, weights: FloatArray, bias: FloatArray, pointwise: Pointwise, *, gram: bool = False
    ) -> Sums:
        """Read all rows once; see :meth:`skneuron.design.StandardizedDesign.sweep`."""
        k, m = len(bias), self._rows.shape[1]
        full = np.empty((k, m))
        full[:, :-1] = weights
        full[:, -1] = bias
        size = max(1, _BLOCK_ELEMENTS // m)

        def over(part: range) -> Sums:
            """Return the sums over a range of rows."""
            products = np.zeros((k, m))
            total = np.zeros((k, m, k, m)) if gram else None
            sums = Sums(0.0, products[:, :-1], products[:, -1], total)
            work = Workspace()
            for start in range(part.start, part.stop, size):
                block = slice(start, min(part.stop, start + size))
                rows = self._rows[block]
                z = times_rows(full, rows)
                value, slopes, h = pointwise(block, z)
                sums.value += value
                if len(slopes):
                    products += slopes.T @ rows
                if total is not None and h is not None:
                    add_gram(total, rows, h, work)
            return sums

        at_least = _GRAM_WORK // (k * m) ** 2 if gram else 2 * size // k
        n = self.shape[0]
        # So few rows that one thread takes little longer than two.
        pieces = [range(n)] if self._is_steady else share_out(n, at_least=max(1, at_least))
        parts = run_parts(over, pieces)
        for more in parts[1:]:
            parts[0].add(more)
        return parts[0]

    def forward(self, weights: FloatArray, bias: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        return np.asarray(times_rows(weights, self._rows[:, :-1]) + bias)

    def dense_blocks(self, n_rows: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield (rows, X̃ of these rows)."""
        for start in range(0, self.shape[0], n_rows):
            block = slice(start, start + n_rows)
            yield block, self._rows[block, :-1]

    def second_moments(self, weights: FloatArray) -> FloatArray:
        """Return the weighted mean of x̃² of each column."""
        out = np.zeros(self.shape[1])
        for rows, data in self.dense_blocks(max(1, _BLOCK_ELEMENTS // (1 + self.shape[1]))):
            out += weights[rows] @ (data * data)
        return out

    def squares(self, column_weights: FloatArray) -> FloatArray:
        """Return Σⱼ cⱼ x̃ⱼ² of each row for column weights c."""
        return np.asarray(self._rows[:, :-1] ** 2 @ column_weights)
