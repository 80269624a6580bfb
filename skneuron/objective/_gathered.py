"""Some rows in a random order, gathered once for the gradients of many batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import ReadyDesign, StandardizedDesign, rows_of
from skneuron.losses import Loss

__all__ = ["GatheredRows"]


class GatheredRows:
    """Rows that are standardised once or, if few elements are stored, batch by batch.

    Parameters
    ----------
    columns : StandardizedDesign or ReadyDesign
        Of these rows.
    labels : ndarray of shape (n_rows,)
        From :meth:`skneuron.losses.Loss.encode`.
    weights : ndarray of shape (n_rows,) or (1,)
        Sample weights.
    loss : Loss
    offset : ndarray of shape (n_rows,) or (n_rows, n_outputs), or None
    """

    def __init__(
        self,
        columns: StandardizedDesign | ReadyDesign,
        labels: AnyArray,
        weights: FloatArray,
        loss: Loss,
        offset: FloatArray | None,
    ) -> None:
        self._labels = labels
        self._weights = weights
        self._loss = loss
        self._offset = offset
        self._sparse: Any = None
        if isinstance(columns, ReadyDesign):
            self._data = columns.rows()
        else:
            self._sparse = columns.design.source
            self._center, scale, _ = columns.standardization
            self._inverse = 1 / scale

    def add_up(
        self, coef: FloatArray, batch: slice, out: FloatArray, less: FloatArray | None
    ) -> None:
        """Write the sum of slope times row over a batch to ``out``.

        Parameters
        ----------
        coef : ndarray of shape (n_outputs, n_coordinates)
            The intercept last. Without it the rows have no constant.
        batch : slice
            Of these rows.
        out : ndarray of shape (n_outputs, n_coordinates)
        less : ndarray of shape (n_rows,) or (n_rows, n_outputs), or None
            Subtracted from each row's weighted slope.
        """
        part = self._data[batch, : coef.shape[1]] if self._sparse is None else None
        z = self._sparse_forward(coef, batch) if part is None else _times(part, coef)
        if self._offset is not None:
            z += self._offset[batch]
        slopes = self._loss.slopes(self._labels[batch], z)
        weights = self._weights if len(self._weights) == 1 else self._weights[batch]
        slopes *= weights if slopes.ndim == 1 else weights[:, None]
        if less is not None:
            slopes -= less[batch]
        if part is None:
            self._sparse_backward(slopes, batch, out)
        elif slopes.ndim == 1:
            np.matmul(slopes, part, out=out[0])
        else:
            np.matmul(slopes.T, part, out=out)

    def _sparse_forward(self, coef: FloatArray, batch: slice) -> FloatArray:
        d = len(self._center)
        raw = coef[:, :d] * self._inverse
        shift = coef[:, d:].sum(axis=1) - raw @ self._center
        z = _times(rows_of(self._sparse, batch), raw)
        z += shift[0] if len(coef) == 1 else shift
        return z

    def _sparse_backward(self, slopes: FloatArray, batch: slice, out: FloatArray) -> None:
        d = len(self._center)
        total = np.atleast_1d(slopes.sum(axis=0))
        products = np.asarray(rows_of(self._sparse, batch).T @ slopes)
        out[:, :d] = (products.T - np.outer(total, self._center)) * self._inverse
        out[:, d:] = total[:, None]


def _times(rows: Any, coef: FloatArray) -> FloatArray:
    return np.asarray(rows @ (coef[0] if len(coef) == 1 else coef.T))
