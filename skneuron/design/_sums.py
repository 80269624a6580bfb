"""Sums over rows that are standardised, and rows that are standardised once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, Curvatures, FloatArray, LayerCurvature
from skneuron._threads import run_parts, share_out
from skneuron.design._matrix import BLOCK_ELEMENTS, RowCounter

__all__ = ["ReadyDesign", "RowFunction", "Sums", "add_gram", "standardize", "times_rows"]

# Number of products in a Gram matrix from which on a second thread saves time.
_GRAM_WORK = 2_000_000

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
    >>> import numpy as np
    >>> from skneuron.design import Sums
    >>> one = Sums.zeros(n_outputs=1, n_features=2)
    >>> (one + Sums(1.5, np.ones((1, 3)))).value
    1.5
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
        gram = None if self.gram is None or other.gram is None else self.gram + other.gram
        return Sums(self.value + other.value, self.slopes + other.slopes, gram)


def standardize(
    data: AnyArray, center: FloatArray, inverse: FloatArray, out: FloatArray
) -> FloatArray:
    """Write [X̃, 1] to ``out`` and return it."""
    np.subtract(data, center, out=out[:, :-1])
    out[:, :-1] *= inverse
    out[:, -1] = 1.0
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


def add_gram(out: FloatArray, rows: FloatArray, h: Curvatures, buffer: FloatArray) -> None:
    """Add Σ h_kl x xᵀ over rows of shape (n, m) to ``out``, of shape (K, m, K, m).

    ``buffer`` has space for weighted rows. New memory for each block would cost as much time as
    the products, in a process that gives memory back to the system at once.
    """
    space = buffer[: len(rows)]
    if not isinstance(h, LayerCurvature):
        if h.min() >= 0:
            out[0, :, 0] += _gram(rows, np.sqrt(h), space)
        else:
            out[0, :, 0] += rows.T @ np.multiply(rows, h[:, None], out=space)
        return
    # All pairs of outputs at once, from the rows [c₁x, …, c_K x], then the diagonal's own.
    (n, m), k = rows.shape, h.cross.shape[1]
    flat = (rows[:, None, :] * h.cross[:, :, None]).reshape(n, k * m)
    pairs = (flat.T @ flat).reshape(k, m, k, m)
    for i in range(k):
        pairs[i, :, i] = -_gram(rows, np.sqrt(h.diagonal[:, i]), space)
    out -= pairs


def _gram(rows: FloatArray, roots: FloatArray, space: FloatArray) -> FloatArray:
    """Return Σ r² x xᵀ: BLAS needs half the time for a product with the own transpose."""
    weighted = np.multiply(rows, roots[:, None], out=space)
    return np.asarray(weighted.T @ weighted)


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

    def by_rows(self) -> ReadyDesign:
        """Return itself."""
        return self

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
            """Return the sums over the rows of a part."""
            sums = Sums.zeros(k, d, gram=gram)
            buffer = np.empty((min(size, len(part)) if gram else 0, d + 1))
            for start in range(part.start, part.stop, size):
                block = slice(start, min(part.stop, start + size))
                rows = self.rows[block]
                value, slopes, h = function(block, times_rows(coef, rows))
                sums.value += value
                if len(slopes):
                    sums.slopes += slopes.T @ rows
                if sums.gram is not None and h is not None:
                    add_gram(sums.gram, rows, h, buffer)
            return sums

        at_least = _GRAM_WORK // (k * (d + 1)) ** 2 if gram else 2 * size // k
        # One thread takes little longer than two for fewer than ``at_least`` rows.
        parts = [range(n)] if self._is_steady else share_out(n, at_least=max(1, at_least))
        out = reduce(add, run_parts(over, parts))
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
