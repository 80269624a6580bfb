"""Some rows in a random order, gathered once for the gradients of many batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import ReadyDesign, StandardizedDesign, rows_of
from skneuron.losses import Loss

__all__ = ["GatheredRows"]


@dataclass(frozen=True)
class GatheredRows:
    """Rows that are standardised once or, if few elements are stored, batch by batch.

    ``weights`` has one element if all sample weights are equal.
    """

    columns: StandardizedDesign | ReadyDesign
    labels: AnyArray
    weights: FloatArray
    loss: Loss
    offset: FloatArray | None

    def add_up(
        self, coef: FloatArray, batch: slice, out: FloatArray, less: FloatArray | None
    ) -> None:
        """Write the sum of slope times row over a batch to ``out``.

        ``coef`` and ``out`` have the shape (n_outputs, n_coordinates), with the intercept last if
        there is one. ``less`` is subtracted from each row's weighted slope.
        """
        if isinstance(self.columns, ReadyDesign):
            part = self.columns.rows[batch, : coef.shape[1]]
            z = _times(part, coef)
        else:
            part = rows_of(self.columns.design.source, batch)
            center, scale, _ = self.columns.standardization
            d = len(center)
            raw = coef[:, :d] / scale
            shift = coef[:, d:].sum(axis=1) - raw @ center
            z = _times(part, raw)
            z += shift[0] if len(coef) == 1 else shift
        if self.offset is not None:
            z += self.offset[batch]
        slopes = self.loss.slopes(self.labels[batch], z)
        weights = self.weights if len(self.weights) == 1 else self.weights[batch]
        slopes *= weights if slopes.ndim == 1 else weights[:, None]
        if less is not None:
            slopes -= less[batch]
        if isinstance(self.columns, ReadyDesign):
            np.matmul(slopes.T, part, out=out[0] if slopes.ndim == 1 else out)
        else:
            total = np.atleast_1d(slopes.sum(axis=0))
            out[:, :d] = (np.asarray(part.T @ slopes).T - np.outer(total, center)) / scale
            out[:, d:] = total[:, None]


def _times(rows: Matrix, coef: FloatArray) -> FloatArray:
    return np.asarray(rows @ (coef[0] if len(coef) == 1 else coef.T))
