"""The adjusted score of mean bias reduction, on orthonormal columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from skneuron._common import FloatArray
from skneuron._threads import run_parts
from skneuron.activations import Activation, Sigmoid, Tanh
from skneuron.activations._derived import expected_information, relative_curvature
from skneuron.objective import MemoryRows, Objective
from skneuron.solvers import relative

__all__ = ["AdjustedScore", "ScorePoint"]

# A direction of the scaled columns is zero if it is shorter than this fraction of the longest one.
_DEPENDENT = 1e-10

# Number of rounding errors that can add up in a column that is a sum of other columns.
_ROUNDINGS = 10

# Number of elements of X that are kept in memory instead of computed anew, 16 MB.
_KEPT_ELEMENTS = 2**21

# Number of elements of a block, 1 MB of float64.
_BLOCK_ELEMENTS = 2**17


@dataclass(frozen=True)
class ScorePoint:
    """The adjusted score at parameters of the orthonormal columns.

    Attributes
    ----------
    parameters, score, step : ndarray of shape (r,)
        ``step`` is the step of Fisher scoring, the inverse of the information times the score.
    loss : float
        Mean log loss.
    gap : float
        Half of the score times the step, relative to the loss at zero coefficients.
    merit : float
        Number that steps should reduce. For a canonical link the score is minus the gradient of a
        penalized loss, the mean log loss minus log det(information) / 2S. It is the gap otherwise.
    """

    parameters: FloatArray
    score: FloatArray
    step: FloatArray
    loss: float
    gap: float
    merit: float


class AdjustedScore:
    """The score of the mean log-likelihood, adjusted so that its root has less bias.

    With the score gᵢ of a row, its leverage hᵢ and its fitted probability f, the adjusted score is
    Σ (sᵢ gᵢ + ½ hᵢ f''/f') xᵢ (Firth, Biometrika 80, 1993; Kosmidis & Firth, Biometrika 96, 2009).
    Sample weights s count rows, so a sum of the leverages is the number of parameters.

    Parameters
    ----------
    objective : Objective
        The log loss of two classes, without a penalty.
    activation : Activation
    total_weight : float
        Sum of the sample weights.
    """

    def __init__(self, objective: Objective, activation: Activation, total_weight: float) -> None:
        rows = objective.rows
        assert isinstance(rows, MemoryRows)
        assert rows.source is not None
        self._rows = rows
        self._objective, self._activation = objective, activation
        self._total_weight = total_weight
        self._design = rows.source
        n, d = self._design.shape
        self._offset = np.zeros(n) if rows.offset is None else rows.offset
        self._block_rows = max(8 * (d + 1), _BLOCK_ELEMENTS // (d + 1))
        #: Coefficients of the scaled columns are ``basis @ parameters``.
        self.basis = np.eye(objective.dims.n_coordinates)
        self._kept: list[tuple[slice, FloatArray]] | None = None
        self.basis, self._inverse = self._orthonormal()
        if n * self.basis.shape[1] <= _KEPT_ELEMENTS:
            self._kept = list(self._computed(range(n)))

    def parameters(self, params: FloatArray) -> FloatArray:
        """Return the parameters of the orthonormal columns for a solver's parameters."""
        return np.asarray(self._inverse @ params)

    def at(self, parameters: FloatArray) -> ScorePoint | None:
        """Return the adjusted score in two passes, or None if it is not finite."""
        rows, activation = self._rows, self._activation
        z = np.empty(self._design.shape[0])
        expected, slope = np.empty_like(z), np.empty_like(z)

        def information_of(own: slice, q: FloatArray) -> FloatArray:
            """Return the information of these rows, and store their z and their weights."""
            z[own] = self._offset[own] + q @ parameters
            expected[own] = rows.weights[own] * expected_information(activation, z[own])
            return np.asarray((q * expected[own, None]).T @ q)

        def score_of(own: slice, q: FloatArray) -> FloatArray:
            """Return the adjusted score of these rows."""
            half = q @ inverse.T
            leverage = expected[own] * np.einsum("ij,ij->i", half, half)
            bias = leverage * relative_curvature(activation, z[own])
            bias[leverage == 0] = 0.0
            return np.asarray((slope[own] + bias / (2 * self._total_weight)) @ q)

        with np.errstate(all="ignore"):
            information = self._sum(information_of)
            try:
                root = np.linalg.cholesky(information)
                inverse = np.asarray(np.linalg.inv(root))
            except np.linalg.LinAlgError:
                return None
            low, high = activation.log_proba(z)
            low1, high1 = activation.log_proba_derivative(z)
            slope[:] = rows.weights * np.where(rows.y, high1, low1)
            score = self._sum(score_of)
            half = inverse @ score
            step = inverse.T @ half
            loss = -float(rows.weights @ np.where(rows.y, high, low))
            gap = relative(0.5 * float(half @ half), self._objective)
            penalized = loss - float(np.log(np.diag(root)).sum()) / self._total_weight
        if not (np.isfinite(loss) and np.isfinite(gap) and np.all(np.isfinite(step))):
            return None
        merit = penalized if type(activation) in (Sigmoid, Tanh) else gap
        return ScorePoint(parameters, score, step, loss, gap, merit)

    def _orthonormal(self) -> tuple[FloatArray, FloatArray]:
        """Return a basis in which the columns are orthonormal, and its pseudoinverse.

        The basis leaves out the directions along which no linear predictor changes: columns that
        depend on others, as inference finds them.
        """
        at, weights = self._objective.coordinates, np.sqrt(self._rows.weights)

        def triangle(part: range) -> FloatArray:
            """Return the triangle of the QR factorization of a range of rows."""
            out = np.zeros((0, at.n_coordinates))
            for rows, block in self._computed(part):
                stacked = np.vstack([out, weights[rows, None] * block])
                out = np.asarray(np.linalg.qr(stacked, mode="r"))
            return out

        _, lengths, right = np.linalg.svd(
            np.vstack(run_parts(triangle, self._design.fixed_parts())), full_matrices=False
        )
        self._rows.columns.counter.rows += self._design.shape[0]
        far = np.ones(at.n_coordinates)
        far[: at.n_features] += np.abs(at.center) / at.scale
        rounding = _ROUNDINGS * float(np.finfo(self._design.source.dtype).eps) * far
        smallest = np.maximum(_DEPENDENT, np.linalg.norm(right * rounding, axis=1))
        known = lengths > smallest * lengths.max(initial=0.0)
        return right[known].T / lengths[known], right[known] * lengths[known, None]

    def _computed(self, part: range) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of rows, and the columns of these rows in the basis."""
        at = self._objective.coordinates
        for rows, data in self._design.dense_blocks(part, self._block_rows):
            out = np.ones((len(data), at.n_coordinates))
            out[:, : at.n_features] = (data - at.center) / at.scale
            yield rows, out @ self.basis

    def _sum(self, function: Callable[[slice, FloatArray], Any]) -> Any:
        """Return the sum of a function of rows and their orthonormal columns, over all blocks."""

        def over(part: range) -> Any:
            """Return the sum over a range of rows."""
            return reduce(add, (function(*block) for block in self._computed(part)))

        self._rows.columns.counter.rows += self._design.shape[0]
        if self._kept is not None:
            return reduce(add, (function(*block) for block in self._kept))
        return reduce(add, run_parts(over, self._design.fixed_parts()))
