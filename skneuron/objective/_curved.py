"""Curvature in other forms than a matrix summed up: its root, its diagonal, its products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.objective._flat import flat_directions
from skneuron.objective._root import qr_root

__all__ = ["Curved", "HessianOperator"]

# A softmax layer does not change when all its neurons are shifted alike. Curvature of
# this size is added in those directions, where every gradient is zero: the Hessian
# becomes regular and the solution stays the one whose classes sum to zero.
_GAUGE = 0.25

# Rows that are decomposed at a time have about so many elements: 2 MB.
_QR_ELEMENTS = 2**18


class HessianOperator:
    """u ↦ Hu with the Hessian at one point, and the diagonal of H.

    Fisher's or Gauss-Newton's where the loss is not convex.

    Parameters
    ----------
    objective : Curved
    z : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Pre-activations of all rows at the point.
    """

    def __init__(self, objective: Any, z: FloatArray) -> None:
        self._objective = objective
        self._state = objective.loss.curvature_state(objective._y, z)
        self._product = objective._operator(self._curved)

    def _curved(self, rows: slice, dz: FloatArray) -> FloatArray:
        """Return the curvature of each row times a change of its z."""
        return self._objective.loss.curvature_product(self._state[rows], dz)  # type: ignore[no-any-return]

    def __call__(self, vector: FloatArray) -> FloatArray:
        """Return the product."""
        return self._product(vector)  # type: ignore[no-any-return]

    def diagonal(self) -> FloatArray:
        """Return the diagonal."""
        objective = self._objective
        own = objective.loss.curvature_diagonal(self._state).reshape(-1, objective.n_outputs)
        out = objective._diagonal(own * objective._weights[:, None])
        out = out + np.tile(objective.penalty.ridge, objective.n_outputs)
        if objective.memory is not None:
            bend = objective.memory.curvature
            out = out + (bend if bend.ndim == 1 else np.diagonal(bend))
        return np.asarray(out)


class Curved:
    """What an objective tells of its Hessian."""

    # Directions without any curvature, once they have been looked for.
    _flat: FloatArray | None = None

    def zero_diagonal(self: Any) -> FloatArray:
        """Return the diagonal of the Hessian where every pre-activation is zero."""
        k = self.n_outputs
        known = np.arange(len(self._class_weights))
        zero = np.zeros((len(known), k)[: 1 + (k > 1)])
        _, h = self.loss.gradient_hessian(known, zero)
        bend = np.einsum("skk->k", self._class_weights[:, None, None] * h.reshape(-1, k, k))
        out = np.ones((k, self.n_coordinates))
        out[:, : self.n_features] = self.variance
        out = bend[:, None] * out + self.penalty.ridge
        if self.memory is not None:
            curvature = self.memory.curvature
            own = curvature if curvature.ndim == 1 else np.diagonal(curvature)
            out = out + own.reshape(k, -1)
        # Where there is neither variance nor penalty there is no gradient either.
        return np.asarray(np.where(out > 0, out, 1.0)).ravel()

    def flat_directions(self: Any, params: FloatArray, hessian: FloatArray) -> FloatArray:
        """Return directions in which F is constant, orthonormal rows; looked for once.

        Only of one neuron without a penalty, and of columns without huge values; where there
        are none, and where it is not certain, the array is empty.
        """
        if self._flat is None:
            # Columns of one value, whose scale is infinite, have a ridge in any case.
            held = np.append(np.isfinite(self.scale), True)[: self.n_coordinates]
            several = self.n_outputs > 1 or self.is_unequal
            if several or self.memory is not None or self.penalty.ridge[held].any():
                return np.empty((0, self.n_params))

            def forward(directions: FloatArray) -> FloatArray:
                """Return the z of each direction."""
                weights = directions[:, : self.n_features]
                bias = directions[:, -1] if self.fit_intercept else np.zeros(len(directions))
                return np.asarray(self._X.forward(weights, bias)).reshape(-1, len(directions))

            product = self.hessian_operator(params)
            self._flat = flat_directions(hessian, product, forward, self.rounding())
        return self._flat  # type: ignore[no-any-return]

    def hessian_root(self: Any, params: FloatArray) -> FloatArray:
        """Return upper triangular R with RᵀR the Hessian; see :func:`qr_root`."""
        if self.memory is not None:
            # The memory is no set of rows: what digits its matrix has are all there are.
            values, vectors = np.linalg.eigh(self.hessian(params))
            scaled = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
            return np.asarray(np.linalg.qr(scaled, mode="r"))
        weights, bias = self.split(params)
        n = self.n_outputs

        def curvatures(rows: slice, data: FloatArray) -> FloatArray:
            """Return the weighted curvature of each row."""
            z = self._shifted(rows, data @ weights.T + bias)
            _, h = self.loss.gradient_hessian(self._y[rows], z[:, 0] if n == 1 else z)
            return np.asarray(h.reshape(len(h), n, n) * self._weights[rows, None, None])

        # Four times as many rows as R has at least, so that R is not decomposed again too
        # often: each time costs a call, and rounding adds up in directions without curvature.
        fit = _QR_ELEMENTS // (n * n * self.n_coordinates)
        blocks = self._X.dense_blocks(n_rows=max(4 * self.n_coordinates, fit))
        return qr_root(blocks, curvatures, self.penalty, self._gauge(), n)

    def _gauge(self: Any) -> FloatArray:
        """Curvature to be added where all outputs move alike, per coordinate."""
        gauge = np.full(self.n_coordinates, _GAUGE)
        if not self.is_smooth:
            # An L1 penalty and bounds tell such directions apart; only the bias has none.
            gauge[: self.n_features] = 0.0
        return gauge

    def hessian_operator(self: Any, params: FloatArray) -> HessianOperator:
        """Return the function u ↦ H(params) u, its pointwise part computed once."""
        return HessianOperator(self, self.pre_activations(params))

    def bounding_operator(self: Any, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return u ↦ Bu with a B above every Hessian, where the loss has such a bound.

        Without one it is the Hessian at ``params``.
        """
        bound = self.loss.curvature_bound
        if bound is None:
            return self.hessian_operator(params)  # type: ignore[no-any-return]
        return self._operator(lambda rows, dz: bound * dz)  # type: ignore[no-any-return]

    def _operator(
        self: Any, curved: Callable[[slice, FloatArray], FloatArray]
    ) -> Callable[[FloatArray], FloatArray]:
        def pointwise(rows: slice, dz: FloatArray) -> tuple[float, FloatArray, None]:
            """Return weighted changes of slope."""
            slopes = curved(rows, dz)
            s = self._weights[rows]
            slopes *= s if slopes.ndim == 1 else s[:, None]
            return 0.0, slopes, None

        def product(vector: FloatArray) -> FloatArray:
            """Return the curvature times a vector."""
            self.count_pass()
            sums = self._X.sweep(*self.split(vector), pointwise)
            out = self.penalty.gradient(vector.reshape(self.n_outputs, -1))
            out[:, : self.n_features] += sums.weights
            if self.fit_intercept:
                out[:, -1] += sums.bias
            flat = out.ravel()
            return flat if self.memory is None else flat + self.memory.product(vector)  # type: ignore[no-any-return]

        return product

    def shared_curvature(self: Any, params: FloatArray) -> FloatArray:
        """Return the mean over the outputs of their own blocks of the Hessian."""
        own = self._own_curvatures(params).mean(axis=1)
        matrix: FloatArray = self._own_block(own)
        if self.memory is not None:
            matrix += self.memory.shared_curvature(self.n_outputs)
        return matrix

    def own_blocks(self: Any, params: FloatArray) -> Iterator[FloatArray]:
        """Yield each output's own block of the Hessian, without what a memory adds."""
        for own in self._own_curvatures(params).T:
            yield self._own_block(own)

    def _own_curvatures(self: Any, params: FloatArray) -> FloatArray:
        """Return the weighted curvature of each row along each output of a layer alone."""
        z = self.pre_activations(params)
        return self.loss.sums(self._labels, z, self._weights, curvature=True)[2].diagonal  # type: ignore[no-any-return]

    def _own_block(self: Any, own: FloatArray) -> FloatArray:
        m = self.n_coordinates

        def pointwise(rows: slice, z: FloatArray) -> tuple[float, FloatArray, Any]:
            """Return these rows' curvatures."""
            return 0.0, z[:0], own[rows]

        zero = np.zeros((1, self.n_features)), np.zeros(1)
        self.count_pass()
        matrix = np.array(self._X.sweep(*zero, pointwise, gram=True).gram[0, :m, 0, :m])
        matrix.flat[:: m + 1] += self.penalty.ridge
        return matrix

    def _diagonal(self: Any, curvatures: FloatArray) -> AnyArray:
        """Return Σ h [x̃², 1] for curvatures h of shape (n_samples, n_outputs)."""
        out = np.zeros((self.n_outputs, self.n_coordinates))
        for k, total in enumerate(curvatures.sum(axis=0)):
            if total > 0:
                out[k, : self.n_features] = total * self._X.second_moments(curvatures[:, k] / total)
            out[k, self.n_features :] = total
        return out.ravel()
