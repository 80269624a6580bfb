"""The same model on other rows, and what it computes there."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import DesignMatrix, StandardizedDesign

if TYPE_CHECKING:
    from skneuron.objective._objective import Objective

__all__ = ["Views"]


class Views:
    """What an objective shows of itself on rows of one's choice."""

    def evenly(self: Any, m: int) -> Objective:
        """Return the objective on at most ``m`` rows, spread evenly, that weigh the same."""
        n = self.n_samples
        rows = slice(None) if n <= m else np.linspace(0, n - 1, m).astype(np.intp)
        out = copy.copy(self)
        out._X, out._y, out._labels = self._X.take(rows), self._y[rows], self._labels[rows]
        out._weights = np.full(min(n, m), 1.0 / min(n, m))
        return out  # type: ignore[no-any-return]

    def on_rows(self: Any, X: Any, y: AnyArray, weights: FloatArray) -> Objective:
        """Return the objective of the same parameters on rows of another X.

        Parameters
        ----------
        X : ndarray or CSR/CSC array of shape (n_rows, n_features)
        y : ndarray of shape (n_rows,)
            Class indices.
        weights : ndarray of shape (n_rows,)
            Of sum 1.
        """
        out = copy.copy(self)
        out._design = DesignMatrix(X)
        out._X = StandardizedDesign(out._design, self.center, self.scale, self._deviation)
        out._y, out._labels, out._weights = y, self.loss.encode(y), weights
        return out  # type: ignore[no-any-return]

    def pre_activations(self: Any, params: FloatArray) -> FloatArray:
        """Return z of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            return np.asarray(self._X.forward(*self.split(params)))

    def mean_loss(self: Any, params: FloatArray) -> float:
        """Return F without its penalty; inf beyond the range of a double."""

        def pointwise(rows: slice, z: FloatArray) -> tuple[float, FloatArray, None]:
            """Return the sum of the losses and no slopes."""
            value, _, _ = self.loss.sums(self._labels[rows], z, self._weights[rows])
            return value, z[:0], None

        with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
            value = float(self._X.sweep(*self.split(params), pointwise).value)
        return value if np.isfinite(value) else np.inf
