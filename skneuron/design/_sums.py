"""Sums over rows, and the products that they consist of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray, Curvatures, FloatArray, LayerCurvature

__all__ = ["RowFunction", "Sums", "add_gram", "standardize", "times_rows"]

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


def add_gram(out: FloatArray, rows: FloatArray, h: Curvatures) -> None:
    """Add Σ h_kl x xᵀ over rows of shape (n, m) to ``out``, of shape (K, m, K, m)."""
    if not isinstance(h, LayerCurvature):
        out[0, :, 0] += _gram(rows, np.sqrt(h)) if h.min() >= 0 else rows.T @ (rows * h[:, None])
        return
    # All pairs of outputs at once, from the rows [c₁x, …, c_K x], then the diagonal's own.
    (n, m), k = rows.shape, h.cross.shape[1]
    flat = (rows[:, None, :] * h.cross[:, :, None]).reshape(n, k * m)
    pairs = (flat.T @ flat).reshape(k, m, k, m)
    for i in range(k):
        pairs[i, :, i] = -_gram(rows, np.sqrt(h.diagonal[:, i]))
    out -= pairs


def _gram(rows: FloatArray, roots: FloatArray) -> FloatArray:
    """Return Σ r² x xᵀ: BLAS needs half the time for a product with the own transpose."""
    weighted = rows * roots[:, None]
    return np.asarray(weighted.T @ weighted)
