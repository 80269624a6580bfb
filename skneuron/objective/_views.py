"""The same model on other rows, and what it computes there."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import DesignMatrix, Pointwise, StandardizedDesign, Sums
from skneuron.objective._raw_rows import RawRows
from skneuron.objective._surrogate import Memory

if TYPE_CHECKING:
    from skneuron.objective._objective import Objective

__all__ = ["Views"]

# Up to here a memory is a whole matrix (32 MB), as the Hessians that solvers factor are.
_DENSE_MEMORY = 2000

# Elements of the rows that are gathered at a time: 1 MB.
_PIECE_ELEMENTS = 2**17


class Views:
    """What an objective shows of itself on rows of one's choice."""

    def evenly(self: Any, m: int) -> Objective:
        """Return the objective on at most ``m`` rows, spread evenly, that weigh the same."""
        n = self.n_samples
        if n <= m:
            # The copy that this takes serves the passes over all rows as well.
            self.keep_small_copy()
        rows = slice(None) if n <= m else np.linspace(0, n - 1, m).astype(np.intp)
        out = copy.copy(self)
        out._take(rows, np.full(min(n, m), 1.0 / min(n, m)))
        return out  # type: ignore[no-any-return]

    def _take(self: Any, rows: Any, weights: FloatArray) -> None:
        """Become the objective on these of its rows."""
        self._X, self._y, self._labels = self._X.take(rows), self._y[rows], self._labels[rows]
        self._weights = weights
        if self._offset is not None:
            self._offset = self._offset[rows]

    def on_rows(
        self: Any, X: Any, y: AnyArray, weights: FloatArray, offset: FloatArray | None = None
    ) -> Objective:
        """Return the objective of the same parameters on rows of another X.

        Parameters
        ----------
        X : ndarray or CSR/CSC array of shape (n_rows, n_features)
        y : ndarray of shape (n_rows,)
            Class indices.
        weights : ndarray of shape (n_rows,)
            Of sum 1.
        offset : ndarray of shape (n_rows,) or (n_rows, n_outputs), optional
        """
        out = copy.copy(self)
        out._offset = None if offset is None else offset - self.offset_center
        out._design = DesignMatrix(X)
        out._X = StandardizedDesign(out._design, self.center, self.scale, self._deviation)
        out._y, out._labels, out._weights = y, self.loss.encode(y), weights
        return out  # type: ignore[no-any-return]

    def pre_activations(self: Any, params: FloatArray) -> FloatArray:
        """Return z of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        self.count_pass()
        return self._shifted(slice(None), self._X.forward(*self.split(params)))  # type: ignore[no-any-return]

    def _shifted(self: Any, rows: slice, z: FloatArray) -> FloatArray:
        """Return z of these rows with their offset; z may be overwritten."""
        if self._offset is not None:
            z += self._offset[rows].reshape(z.shape)
        return z

    def _sweep(self: Any, params: FloatArray, pointwise: Pointwise, *, gram: bool = False) -> Sums:
        """Go over all rows with their pre-activations, offset included."""
        self.count_pass()
        if self._offset is None:
            return self._X.sweep(*self.split(params), pointwise, gram=gram)  # type: ignore[no-any-return]
        return self._X.sweep(  # type: ignore[no-any-return]
            *self.split(params),
            lambda rows, z: pointwise(rows, self._shifted(rows, z)),
            gram=gram,
        )

    def _mean_offset(self: Any) -> Any:
        return 0.0 if self._offset is None else self._weights @ self._offset

    def mean_loss(self: Any, params: FloatArray) -> float:
        """Return F without its penalty; inf beyond the range of a double."""

        def pointwise(rows: slice, z: FloatArray) -> tuple[float, FloatArray, None]:
            """Return the sum of the losses and no slopes."""
            value, _, _ = self.loss.sums(self._labels[rows], z, self._weights[rows])
            return value, z[:0], None

        with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
            value = float(self._sweep(params, pointwise).value)
        return value if np.isfinite(value) else np.inf

    # --- along a line -----------------------------------------------------------------

    @property
    def in_cache(self: Any) -> bool:
        """Whether its rows stay in a cache, so that a product with them costs little."""
        return bool(self._X.in_cache)

    def slope_along(self: Any, params: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ dF(params + t·step)/dt of a smooth F, without a product with X for each t."""
        start, change = self.pre_activations(params), self._X.forward(*self.split(step))
        self.count_pass()
        weighted = change * (self._weights if change.ndim == 1 else self._weights[:, None])
        ridge = self.penalty.gradient(step.reshape(self.n_outputs, -1)).ravel()
        at_start, per_length = float(ridge @ params), float(ridge @ step)
        if self.memory is not None:
            at_start += float(self.memory.gradient(params) @ step)
            per_length += float(self.memory.product(step) @ step)

        def slope(t: float) -> float:
            """Return the slope at one length of the step."""
            z = t * change
            z += start
            slopes = self.loss.slopes(self._labels, z)
            return float(np.vdot(slopes, weighted)) + at_start + t * per_length

        return slope

    def raw_rows(self: Any, order: AnyArray) -> Iterator[RawRows]:
        """Yield rows of X as they were given, in this order, some at a time."""
        source = self._design.by_rows()
        weights = self._weights / self._weights.max()
        size = max(1, _PIECE_ELEMENTS * self.n_samples // max(1, source.n_stored))
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            if source is not self._design:
                self.count_rows(len(rows))
            signs = np.where(self._y[rows], 1.0, -1.0)
            offset = None if self._offset is None else self._offset[rows] + self.offset_center
            yield RawRows(source.take(rows), signs, weights[rows], offset)

    # --- what is left when the rows are gone ------------------------------------------

    def expansion(self: Any, params: FloatArray) -> Memory:
        """Return the losses of these rows to second order about ``params``.

        Without penalty and without memory. The curvature is Fisher's or Gauss-Newton's
        where the loss is not convex. Above 2,000 parameters it is a diagonal.
        """
        dense = self.n_params <= _DENSE_MEMORY
        n, d, m = self.n_outputs, self.n_features, self.n_coordinates
        curvatures = np.zeros((0 if dense else self.n_samples, n))

        def pointwise(rows: slice, z: FloatArray) -> tuple[float, FloatArray, Any]:
            """Return what a pass with or without Gram matrices needs."""
            labels, weights = self._labels[rows], self._weights[rows]
            if not dense:
                _, h = self.loss.gradient_hessian(self._y[rows], z)
                own = np.einsum("skk->sk", h) if n > 1 else h[:, None]
                curvatures[rows] = own * weights[:, None]
            return self.loss.sums(labels, z, weights, curvature=dense)  # type: ignore[no-any-return]

        sums = self._sweep(params, pointwise, gram=dense)
        gradient = np.zeros((n, m))
        gradient[:, :d] = sums.weights
        if self.fit_intercept:
            gradient[:, -1] = sums.bias
        if dense:
            curvature = np.array(sums.gram[:, :m, :, :m]).reshape(self.n_params, self.n_params)
        else:
            curvature = self._diagonal(curvatures)
        return Memory.about(params, sums.value, gradient.ravel(), curvature, self._own_zero_value)

    def _positions(self: Any, columns: AnyArray) -> AnyArray:
        """Return where the parameters of these columns, and the biases, stand."""
        kept = np.append(columns, self.n_features) if self.fit_intercept else columns
        outputs = np.arange(self.n_outputs)[:, None] * self.n_coordinates
        return np.asarray((outputs + kept).ravel(), dtype=np.intp)
