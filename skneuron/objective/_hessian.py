"""The Hessian of F at one point, as a matrix, a product, a diagonal or a root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from skneuron._common import FloatArray
from skneuron.objective._base_rows import Rows
from skneuron.objective._coordinates import SolverCoordinates
from skneuron.objective._rows import MemoryRows
from skneuron.objective._surrogate import QuadraticSummary

__all__ = ["FlatDirections", "Hessian", "matrix_of"]

# Fraction of the largest eigenvalue below which a direction is flat, or so nearly flat that
# rounding hides the difference in a sum of products.
_DOUBTFUL = 1e-10

# Maximum number of such directions. With more of them X has another fault than collinear levels.
_MAX_DOUBTFUL = 50

# Multiple of the rounding error of the columns that is no change: sums of many samples round too.
_NOISE = 10


@dataclass
class FlatDirections:
    """The flat directions of an objective without a penalty, or None before the search."""

    found: FloatArray | None = None
    #: Those that are flat up to rounding errors of the columns only.
    hidden: FloatArray | None = None


@dataclass(eq=False)
class Hessian:
    """Second derivatives of the smooth part of F at some parameters.

    They are Fisher's or Gauss-Newton's if the loss is not convex. Each method takes the passes
    over the rows that it needs.
    """

    rows: Rows
    coordinates: SolverCoordinates
    summary: QuadraticSummary | None
    params: FloatArray
    flat: FlatDirections

    def __post_init__(self) -> None:
        self._coef = self.coordinates.with_intercept(self.params)
        self._loss = self.rows.curvature(self._coef)

    def matrix(self, *, observed: bool = False) -> FloatArray:
        """Return the matrix of shape (n_params, n_params).

        Positive semidefinite unless ``observed``. A softmax layer's null directions are made
        regular.
        """
        with np.errstate(all="ignore"):
            gram = self.rows.sums(self._coef, gram=True, observed=observed).gram
            assert gram is not None
            return matrix_of(gram, self.coordinates, self.summary)

    def __call__(self, vector: FloatArray) -> FloatArray:
        """Return Hu, without the curvature that :meth:`matrix` adds to null directions."""
        step = self.coordinates.with_intercept(vector)
        return self._complete(self._loss.product(step), vector)

    def bound_product(self, vector: FloatArray) -> FloatArray:
        """Return Bu with a B above every Hessian, or Hu if the loss has no such bound."""
        slopes = self._loss.bound_product(self.coordinates.with_intercept(vector))
        return self(vector) if slopes is None else self._complete(slopes, vector)

    def _complete(self, slopes: FloatArray, vector: FloatArray) -> FloatArray:
        """Add the products of penalty and summary to the product of the losses."""
        k, m = self.coordinates.n_outputs, self.coordinates.n_coordinates
        out = self.coordinates.penalty.gradient(vector.reshape(k, m))
        out += slopes[:, :m]
        flat = out.ravel()
        return flat if self.summary is None else flat + self.summary.product(vector)

    def diagonal(self) -> FloatArray:
        """Return the diagonal."""
        own = self._loss.diagonal()[:, : self.coordinates.n_coordinates]
        out = (own + self.coordinates.penalty.ridge).ravel()
        return out if self.summary is None else out + self.summary.diagonal

    def own_blocks(self) -> Iterator[FloatArray]:
        """Yield each output's own block of the Hessian, without the summary."""
        yield from map(self._ridged, self._loss.own_blocks())

    def mean_block(self) -> FloatArray:
        """Return the mean over the outputs of their own blocks of the Hessian."""
        out = self._ridged(self._loss.mean_block())
        if self.summary is not None:
            out += self.summary.mean_block(self.coordinates.n_outputs)
        return out

    def _ridged(self, block: FloatArray) -> FloatArray:
        m = self.coordinates.n_coordinates
        out = np.array(block[:m, :m])
        out.flat[:: m + 1] += self.coordinates.penalty.ridge
        return out

    def root(self) -> FloatArray:
        """Return R with RᵀR the Hessian, which keeps curvatures down to 1e-30.

        R is upper triangular, with fewer rows than columns if there are few samples.
        """
        if self.summary is not None:
            # The summary has no rows: its matrix has all digits that there are.
            values, vectors = np.linalg.eigh(self.matrix())
            scaled = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
            return np.asarray(np.linalg.qr(scaled, mode="r"))
        k = self.coordinates.n_outputs
        start = np.diag(np.tile(np.sqrt(self.coordinates.penalty.ridge), k))
        if k > 1:
            gauge = _gauge(self.coordinates, self.diagonal().reshape(k, -1).mean(axis=0))
            common = np.tile(np.diag(np.sqrt(gauge / k)), k)
            start = np.vstack([start, common])
        return self._loss.root(start[start.any(axis=1)])

    def flat_directions(self, matrix: FloatArray) -> FloatArray:
        """Return directions in which F is constant, orthonormal rows.

        Only of one output with columns without a penalty, and without huge values. The array is
        empty if there are none, or if they are uncertain.
        """
        at = self.coordinates
        # Constant columns, of infinite scale, have a ridge in any case.
        penalized = (at.penalty.ridge > 0)[: at.n_features] & np.isfinite(at.scale)
        several = at.n_outputs > 1 or at.is_unequal
        all_penalized = penalized.any() and (penalized | ~np.isfinite(at.scale)).all()
        if several or self.summary is not None or all_penalized:
            return np.empty((0, at.n_params))

        def change(directions: FloatArray) -> FloatArray:
            """Return the mean square change of z, and of the penalty, by unit directions."""
            steps = np.array([at.with_intercept(direction)[0] for direction in directions])
            changed, n = self.rows.total(_sum_of_squares, steps), self.rows.n_samples
            if not penalized.any():
                return np.asarray(changed / n)
            # The penalty adds the squares of these coordinates, as further rows would.
            seen = n * (directions[:, : at.n_features][:, penalized] ** 2).sum(axis=1)
            return np.asarray((changed + seen) / (n + np.count_nonzero(penalized)))

        if self.flat.found is None:
            self.flat.found, self.flat.hidden = _flat_directions(
                matrix, self, change, at.rounding()
            )
        return self.flat.found

    def hidden_directions(self) -> FloatArray:
        """Return the flat directions along which z changes by rounding errors of the columns."""
        none = np.empty((0, self.coordinates.n_params))
        return none if self.flat.hidden is None else self.flat.hidden


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
        gauge = _gauge(coordinates, np.einsum("ijij->j", out) / n)
        out[:, diagonal, :, diagonal] += (gauge / n)[:, None, None]
    matrix = out.reshape(n * m, n * m)
    if summary is not None:
        matrix += summary.matrix
    return matrix


def _sum_of_squares(rows: MemoryRows, steps: FloatArray) -> FloatArray:
    """Return the sum over the rows of the squared change of z by each step."""
    return np.asarray(np.sum(rows.columns.forward(steps).reshape(-1, len(steps)) ** 2, axis=0))


def _gauge(coordinates: SolverCoordinates, mean: FloatArray) -> FloatArray:
    """Return the curvature to add along common shifts of all outputs, per coordinate.

    A softmax ignores such shifts, and every gradient is zero there. With the ``mean`` curvature of
    the outputs the Hessian becomes regular at any size of its curvatures, and the solution stays
    the one with coefficients that sum to zero over the classes.
    """
    if coordinates.penalty.is_smooth:
        return mean
    # An L1 penalty and bounds make a difference there. The intercept has none.
    return np.where(coordinates.is_shiftable, mean, 0.0)


def _flat_directions(
    hessian: FloatArray,
    product: Callable[[FloatArray], FloatArray],
    change: Callable[[FloatArray], FloatArray],
    rounding: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return orthonormal rows of shape (m, n_params), none if a doubtful direction is not flat.

    The matrix only suggests them. Products u ↦ Hu, which lose no digits, refine them once. Then
    the changes of all linear predictors decide, and not the curvatures at this point. The second
    array has those directions that are flat up to rounding errors of the columns only.
    """
    none = np.empty((0, len(hessian)))
    if not np.all(np.isfinite(hessian)):
        return none, none
    values, vectors = np.linalg.eigh(hessian)
    doubtful = values <= _DOUBTFUL * values[-1]
    if not 0 < doubtful.sum() <= _MAX_DOUBTFUL or not values[-1] > 0:
        return none, none
    large, known = vectors[:, ~doubtful], values[~doubtful]
    rest = np.array([product(column) for column in vectors[:, doubtful].T]).T
    refined = vectors[:, doubtful] - large @ ((large.T @ rest) / known[:, None])
    directions = np.linalg.qr(refined)[0].T
    size = np.sqrt(change(directions))
    noise = np.linalg.norm(directions * rounding, axis=1)
    least = _NOISE * len(hessian) * np.finfo(np.float64).eps
    if np.any(size > np.maximum(least, _NOISE * noise)):
        return none, none
    return directions, directions[size > least]
