"""The Hessian of F at one point, as a matrix, a product, a diagonal or a root."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective._coordinates import SolverCoordinates
from skneuron.objective._flat import FlatDirections, search
from skneuron.objective._rows import MemoryRows
from skneuron.objective._surrogate import QuadraticSummary

__all__ = ["Hessian", "matrix_of"]

# Curvature along shifts of all outputs by the same amount, which a softmax ignores and where
# every gradient is zero. The Hessian becomes regular, and the solution stays the one with
# coefficients that sum to zero over the classes.
_GAUGE = 0.25


class Hessian:
    """Second derivatives of the smooth part of F at some parameters.

    They are Fisher's or Gauss-Newton's if the loss is not convex. Each method takes the passes
    over the rows that it needs.
    """

    def __init__(
        self,
        rows: MemoryRows,
        coordinates: SolverCoordinates,
        summary: QuadraticSummary | None,
        params: FloatArray,
        flat: FlatDirections,
    ) -> None:
        self._rows = rows
        self._coordinates = coordinates
        self._summary = summary
        self._coef = coordinates.with_intercept(params)
        self._flat = flat
        self._loss = rows.curvature(self._coef)

    def matrix(self, *, observed: bool = False) -> FloatArray:
        """Return the matrix of shape (n_params, n_params).

        Positive semidefinite unless ``observed``. A softmax layer's null directions are made
        regular.
        """
        with np.errstate(all="ignore"):
            gram = self._rows.sums(self._coef, gram=True, observed=observed).gram
            assert gram is not None
            return matrix_of(gram, self._coordinates, self._summary)

    def __call__(self, vector: FloatArray) -> FloatArray:
        """Return Hu, without the curvature that :meth:`matrix` adds to null directions."""
        step = self._coordinates.with_intercept(vector)
        return self._complete(self._loss.product(step), vector)

    def bound_product(self, vector: FloatArray) -> FloatArray:
        """Return Bu with a B above every Hessian, or Hu if the loss has no such bound."""
        slopes = self._loss.bound_product(self._coordinates.with_intercept(vector))
        return self(vector) if slopes is None else self._complete(slopes, vector)

    def _complete(self, slopes: FloatArray, vector: FloatArray) -> FloatArray:
        """Add the products of penalty and summary to the product of the losses."""
        k, m = self._coordinates.n_outputs, self._coordinates.n_coordinates
        out = self._coordinates.penalty.gradient(vector.reshape(k, m))
        out += slopes[:, :m]
        flat = out.ravel()
        return flat if self._summary is None else flat + self._summary.product(vector)

    def diagonal(self) -> FloatArray:
        """Return the diagonal."""
        own = self._loss.diagonal()[:, : self._coordinates.n_coordinates]
        out = (own + self._coordinates.penalty.ridge).ravel()
        return out if self._summary is None else out + self._summary.diagonal

    def own_blocks(self) -> Iterator[FloatArray]:
        """Yield each output's own block of the Hessian, without the summary."""
        yield from map(self._ridged, self._loss.own_blocks())

    def mean_block(self) -> FloatArray:
        """Return the mean over the outputs of their own blocks of the Hessian."""
        out = self._ridged(self._loss.mean_block())
        if self._summary is not None:
            out += self._summary.mean_block(self._coordinates.n_outputs)
        return out

    def _ridged(self, block: FloatArray) -> FloatArray:
        m = self._coordinates.n_coordinates
        out = np.array(block[:m, :m])
        out.flat[:: m + 1] += self._coordinates.penalty.ridge
        return out

    def root(self) -> FloatArray:
        """Return upper triangular R with RᵀR the Hessian, which keeps curvatures down to 1e-30."""
        if self._summary is not None:
            # The summary has no rows: its matrix has all digits that there are.
            values, vectors = np.linalg.eigh(self.matrix())
            scaled = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
            return np.asarray(np.linalg.qr(scaled, mode="r"))
        k = self._coordinates.n_outputs
        start = np.diag(np.tile(np.sqrt(self._coordinates.penalty.ridge), k))
        if k > 1:
            common = np.tile(np.diag(np.sqrt(_gauge(self._coordinates) / k)), k)
            start = np.vstack([start, common])
        return self._loss.root(start)

    def flat_directions(self, matrix: FloatArray) -> FloatArray:
        """Return directions in which F is constant, orthonormal rows.

        Only of one output without a penalty, and of columns without huge values. The array is
        empty if there are none, or if they are uncertain.
        """
        at = self._coordinates
        # Constant columns, of infinite scale, have a ridge in any case.
        varies = np.append(np.isfinite(at.scale), True)[: at.n_coordinates]
        several = at.n_outputs > 1 or at.is_unequal
        if several or self._summary is not None or at.penalty.ridge[varies].any():
            return np.empty((0, at.n_params))

        def change(directions: FloatArray) -> FloatArray:
            steps = [at.with_intercept(direction)[0] for direction in directions]
            return self._loss.change(np.array(steps))

        if self._flat.found is None:
            self._flat.found = search(matrix, self, change, at.rounding())
        return self._flat.found


def matrix_of(
    gram: FloatArray, coordinates: SolverCoordinates, summary: QuadraticSummary | None
) -> FloatArray:
    """Return the matrix of F from the one of the losses, which may be overwritten."""
    n, m = coordinates.n_outputs, coordinates.n_coordinates
    out = gram if gram.shape[1] == m else np.array(gram[:, :m, :, :m])
    diagonal = np.arange(m)
    for i in range(n):
        out[i, diagonal, i, diagonal] += coordinates.penalty.ridge
    if n > 1:
        out[:, diagonal, :, diagonal] += (_gauge(coordinates) / n)[:, None, None]
    matrix = out.reshape(n * m, n * m)
    if summary is not None:
        matrix += summary.matrix
    return matrix


def _gauge(coordinates: SolverCoordinates) -> FloatArray:
    """Return the curvature along common shifts of all outputs, per coordinate."""
    gauge = np.full(coordinates.n_coordinates, _GAUGE)
    if not coordinates.penalty.is_smooth:
        # An L1 penalty and bounds make a difference there. Only the intercept has none.
        gauge[: coordinates.n_features] = 0.0
    return gauge
