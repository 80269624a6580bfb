"""Second derivatives of the loss, summed over rows: products, the diagonal, a root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from skneuron._common import AnyArray, Curvatures, FloatArray, LayerCurvature
from skneuron.design import ReadyDesign, StandardizedDesign
from skneuron.losses import Loss

__all__ = ["LossCurvature"]

# A row with less than this fraction of the mean curvature is left out of a block. Together such
# rows have less than this fraction of the curvature.
_NEGLIGIBLE = 0.1

# Number of elements that a QR decomposition takes at a time: 2 MB.
_QR_ELEMENTS = 2**18


@dataclass
class LossCurvature:
    """The Hessian of the weighted losses, Fisher's or Gauss-Newton's if they are not convex.

    ``y`` are class indices and ``labels`` the same, encoded. A method calls
    ``linear_predictor`` if it needs z of all rows.
    """

    columns: StandardizedDesign | ReadyDesign
    loss: Loss
    y: AnyArray
    labels: AnyArray
    weights: FloatArray
    linear_predictor: Callable[[], FloatArray]
    _state: FloatArray | None = None

    def _evaluate(self) -> FloatArray:
        """Return the state of the loss at each row. Only the first call takes a pass."""
        if self._state is None:
            self._state = self.loss.curvature_state(self.y, self.linear_predictor())
        return self._state

    def product(self, step: FloatArray) -> FloatArray:
        """Return the Hessian times a step of shape (n_outputs, n_features + 1)."""
        state = self._evaluate()
        return self._product(lambda rows, dz: self.loss.curvature_product(state[rows], dz), step)

    def bound_product(self, step: FloatArray) -> FloatArray | None:
        """Return a bound of every Hessian times a step, None if the loss has no bound."""
        bound = self.loss.curvature_bound
        return None if bound is None else self._product(lambda _, dz: bound * dz, step)

    def _product(
        self, curved: Callable[[slice, FloatArray], FloatArray], step: FloatArray
    ) -> FloatArray:
        def function(rows: slice, dz: FloatArray) -> tuple[float, FloatArray, None]:
            """Return the curvature of the rows times dz, as the slopes of a sum."""
            slopes, weights = curved(rows, dz), self.weights[rows]
            slopes *= weights if slopes.ndim == 1 else weights[:, None]
            return 0.0, slopes, None

        return self.columns.sums(step, function).slopes

    def diagonal(self) -> FloatArray:
        """Return the diagonal, of shape (n_outputs, n_features + 1)."""
        own = self.loss.curvature_diagonal(self._evaluate()).reshape(len(self.y), -1)
        weighted = own * self.weights[:, None]
        out = np.zeros((weighted.shape[1], self.columns.shape[1] + 1))
        out[:, -1] = weighted.sum(axis=0)
        for k, total in enumerate(out[:, -1]):
            if total > 0:
                out[k, :-1] = total * self.columns.second_moments(weighted[:, k] / total)
        return out

    def own_blocks(self) -> Iterator[FloatArray]:
        """Yield each output's own block, for a preconditioner.

        With many classes most rows hardly matter to a class: its block comes from the others.
        """
        for curvatures in self._own_curvatures().T:
            rows = np.flatnonzero(curvatures >= _NEGLIGIBLE * curvatures.mean())
            if len(rows) < len(curvatures) / 2:
                self.columns.counter.rows += len(rows)
                yield self._block(curvatures[rows], self.columns.take(rows))
            else:
                yield self._block(curvatures, self.columns)

    def mean_block(self) -> FloatArray:
        """Return the mean of the outputs' own blocks."""
        return self._block(self._own_curvatures().mean(axis=1), self.columns)

    def _own_curvatures(self) -> FloatArray:
        """Return the weighted curvature of each row along each output of several alone."""
        z = self.linear_predictor()
        h = self.loss.sums(self.labels, z, self.weights, curvature=True)[2]
        assert isinstance(h, LayerCurvature)
        return h.diagonal

    def _block(
        self, curvatures: FloatArray, columns: StandardizedDesign | ReadyDesign
    ) -> FloatArray:
        def function(rows: slice, z: FloatArray) -> tuple[float, FloatArray, Curvatures]:
            """Return these curvatures of the rows, for the Gram matrix of a sum."""
            return 0.0, z[:0], curvatures[rows]

        zero = np.zeros((1, columns.shape[1] + 1))
        gram = columns.sums(zero, function, gram=True).gram
        assert gram is not None
        return gram[0, :, 0]

    def root(self, start: FloatArray) -> FloatArray:
        """Return R with RᵀR the Hessian plus startᵀ start, never forming it.

        A QR decomposition, block by block, of the rows √h·x̃ keeps directions with
        a curvature down to 1e-30 of the largest. The Hessian itself loses them at
        1e-16 (Björck, Numerical Methods for Least Squares Problems, 1996, section 2.4).
        """
        k, root = self.loss.n_outputs, start
        m, z = start.shape[1] // k, self.linear_predictor()
        # At least four times as many rows as R has, as R is decomposed again with each block:
        # this costs a call, and rounding adds up in directions without curvature.
        n_rows = max(4 * m, _QR_ELEMENTS // (k * k * m))
        for rows, data in self.columns.dense_blocks(n_rows):
            _, h = self.loss.gradient_hessian(self.y[rows], z[rows])
            factors = _roots(h.reshape(len(h), k, k) * self.weights[rows, None, None])
            full = np.ones((len(data), m))
            full[:, : data.shape[1]] = data
            stacked = np.einsum("skl,sm->sklm", factors, full).reshape(-1, k * m)
            (root,) = linalg.qr(np.vstack([root, stacked]), mode="r", check_finite=False)
            root = root[: k * m]
        return np.asarray(root)


def _roots(h: FloatArray) -> FloatArray:
    """Return B with BᵀB = h for each sample's symmetric positive semidefinite matrix."""
    if h.shape[1] == 1:
        return np.sqrt(h)
    values, vectors = np.linalg.eigh(h)
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, :, None] * vectors.transpose(0, 2, 1))
