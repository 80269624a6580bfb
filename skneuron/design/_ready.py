"""Few rows, standardised once and kept: a subsample, or a small X as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import iadd

import numpy as np

from skneuron._threads import run_parts, share_out
from skneuron._typing import AnyArray, FloatArray
from skneuron.design._matrix import BLOCK_ELEMENTS, RowCounter
from skneuron.design._sums import RowFunction, Sums, add_gram, times_rows

__all__ = ["ReadyDesign"]

# Number of products in a Gram matrix from which on a second thread saves time.
_GRAM_WORK = 2_000_000


class ReadyDesign:
    """[X̃, 1] as an array of its own, for passes without any correction.

    The class has the same methods as :class:`StandardizedDesign`.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features + 1)
        Standardised columns and a last one of ones.
    counter : RowCounter, optional
        Counts the rows of each pass, by default a new one.
    is_steady : bool
        Whether sums have the same bits on any number of threads.
    """

    # A small X, or a subsample: few megabytes either way.
    in_cache = True
    # All elements are stored.
    is_thin = False

    def __init__(
        self, rows: FloatArray, counter: RowCounter | None = None, *, is_steady: bool = False
    ) -> None:
        #: [X̃, 1].
        self.rows = rows
        self.counter = counter or RowCounter()
        self.shape = (rows.shape[0], rows.shape[1] - 1)
        self.n_stored = self.shape[0] * self.shape[1]
        self._is_steady = is_steady

    def take(self, rows: AnyArray | slice) -> ReadyDesign:
        """Return these rows."""
        return ReadyDesign(self.rows[rows])

    def kept(self) -> ReadyDesign:
        """Return itself."""
        return self

    by_rows = kept

    def steady(self) -> ReadyDesign:
        """Return the same rows, with sums of the same bits on any number of threads."""
        return ReadyDesign(self.rows, self.counter, is_steady=True)

    def columns(self, columns: AnyArray) -> ReadyDesign:
        """Return these columns, copied."""
        return ReadyDesign(self.rows[:, np.append(columns, self.shape[1])])

    def sums(self, coef: FloatArray, function: RowFunction, *, gram: bool = False) -> Sums:
        """Read all rows once (see :meth:`skneuron.design.StandardizedDesign.sums`)."""
        n, d = self.shape
        k = len(coef)
        size = max(1, BLOCK_ELEMENTS // (d + 1))

        def over(part: range) -> Sums:
            sums = Sums.zeros(k, d, gram=gram)
            for start in range(part.start, part.stop, size):
                block = slice(start, min(part.stop, start + size))
                rows = self.rows[block]
                value, slopes, h = function(block, times_rows(coef, rows))
                sums.value += value
                if len(slopes):
                    sums.slopes += slopes.T @ rows
                if sums.gram is not None and h is not None:
                    add_gram(sums.gram, rows, h)
            return sums

        at_least = _GRAM_WORK // (k * (d + 1)) ** 2 if gram else 2 * size // k
        # One thread takes little longer than two for fewer than ``at_least`` rows.
        parts = [range(n)] if self._is_steady else share_out(n, at_least=max(1, at_least))
        out = reduce(iadd, run_parts(over, parts))
        self.counter.rows += n
        return out

    def forward(self, coef: FloatArray) -> FloatArray:
        """Return X̃ Wᵀ + b of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        self.counter.rows += self.shape[0]
        return np.asarray(times_rows(coef, self.rows))

    def dense_blocks(self, n_rows: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield (rows, X̃ of these rows)."""
        for start in range(0, self.shape[0], n_rows):
            block = slice(start, start + n_rows)
            yield block, self.rows[block, :-1]

    def second_moments(self, weights: FloatArray) -> FloatArray:
        """Return the weighted mean of x̃² of each column."""
        return np.asarray(weights @ self.rows[:, :-1] ** 2)

    def squares(self, column_weights: FloatArray) -> FloatArray:
        """Return Σⱼ cⱼ x̃ⱼ² of each row for column weights c."""
        return np.asarray(self.rows[:, :-1] ** 2 @ column_weights)
