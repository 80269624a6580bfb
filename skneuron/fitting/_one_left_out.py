"""One Newton step from a fit to the fits without single samples."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_on_one_thread
from skneuron.fitting._result import FitResult
from skneuron.fitting._subproblems import Subproblem
from skneuron.objective import MemoryRows

__all__ = ["OneLeftOut"]

# Maximum number of samples with the largest changes whose scores further steps refine, to
# estimate the error.
_MAX_REFINED = 32

# The same number for many samples. Their refinement would cost more than the scores.
_MIN_REFINED = 4

# Number of linear predictors of a refinement, 2 MB, between both.
_REFINED_ELEMENTS = 2**18

# Number of further steps. The last two of them show how fast the steps become shorter.
_N_STEPS = 3

# Largest ratio of the last two steps that an estimate uses: 19 times the last step remains. Steps
# of a sample that do not become shorter make a large estimate.
_SLOWEST = 0.95

# Shortest step that is no rounding error of a score.
_NO_STEP = 1e-12

# Fraction of the largest eigenvalue below which a direction of the Hessian has no curvature.
_NO_CURVATURE = 1e-13

# Curvature of a direction, relative to the coordinates, down to which a Cholesky factor is exact
# enough. Eigenvalues take ten times as long.
_LITTLE_CURVATURE = 1e-9

# Lowest score of a sample. Its square is a float64 number.
_LOWEST_SCORE = -1e150

# Number of outputs of a pass over the rows, so that few columns of z are in memory.
_OUTPUTS = 64


class OneLeftOut:
    """Scores of all samples, each one Newton step from the fit, without this sample.

    With the Hessian H of all samples, hᵢ = sᵢ ℓ″ᵢ x̃ᵢᵀ H⁻¹ x̃ᵢ is the leverage of sample i. The
    step changes its linear predictor by sᵢ ℓ′ᵢ x̃ᵢᵀ H⁻¹ x̃ᵢ / (1 - hᵢ), see Rad and Maleki,
    Journal of the Royal Statistical Society B 82, 2020.

    Parameters
    ----------
    part : Subproblem
        With a smooth, convex loss and a smooth penalty.
    result : FitResult

    Attributes
    ----------
    scores : ndarray of shape (n_samples,)
        Log-probabilities of the observed classes.
    leverage : ndarray of shape (n_samples,)
    """

    def __init__(self, part: Subproblem, result: FitResult) -> None:
        self._objective = objective = part.objective
        rows, at = objective.rows, objective.coordinates
        assert isinstance(rows, MemoryRows)
        self._rows = rows
        coef, intercept = (w.astype(np.float64) for w in (result.coef, result.intercept))
        self._params = at.from_weights(coef, intercept)
        # Threads cost more than they gain for matrices that a path can afford at each C.
        with blas_on_one_thread(), np.errstate(all="ignore"):
            self._root = _inverse_root(objective.curvature(self._params).matrix())
            z = objective.linear_predictor(self._params)
            slope, curvature = rows.loss.gradient_hessian(rows.y, z)
            square = self._squares()
            self.leverage = rows.weights * curvature * square
            # Rounding errors may raise a leverage to 1, where no fit without the sample exists.
            left = np.maximum(1 - self.leverage, np.finfo(float).eps)
            self._pull = rows.weights * slope / left
            self._curvature = rows.weights * curvature / left
            self._loss = rows.loss.value(rows.y, z)
            self.scores = _scores(rows.loss.value(rows.y, z + self._pull * square))

    def _squares(self) -> FloatArray:
        """Return x̃ᵢᵀ H⁻¹ x̃ᵢ of each row."""
        out = np.zeros(len(self._rows.y))
        for start in range(0, len(self._root), _OUTPUTS):
            z = self._forward(self._root[start : start + _OUTPUTS])
            out += np.einsum("ij,ij->i", z, z)
        return out

    def _forward(self, params: FloatArray, rows: AnyArray | None = None) -> FloatArray:
        """Return x̃ᵢᵀ of all rows, or of some, times each row of ``params``."""
        own = self._rows.columns
        columns = own if rows is None else own.take(rows)
        return columns.forward(self._full(params)).reshape(-1, len(params))

    def _full(self, params: FloatArray) -> FloatArray:
        """Return parameters with an intercept, of zero for a fit without one."""
        if self._objective.coordinates.fit_intercept:
            return params
        return np.hstack([params, np.zeros((len(params), 1))])

    def error(self, weights: FloatArray) -> float:
        """Return an estimate of the error of the mean score, in standard errors of the mean.

        Three further steps with the same Hessian refine the scores of the samples that change
        most. Their error is the limit of these steps, which become shorter as a geometric series.
        The error of the other samples is in proportion to their squared changes by the first step.
        """
        share = weights / weights.sum()
        squares = share * (self.scores + self._loss) ** 2
        if not squares.any():
            return 0.0
        n_refined = max(_MIN_REFINED, min(_MAX_REFINED, _REFINED_ELEMENTS // len(share)))
        chosen = np.argsort(-squares, kind="stable")[:n_refined]
        with blas_on_one_thread(), np.errstate(all="ignore"):
            steps = np.diff([self.scores[chosen], *self._refined(chosen)], axis=0)
            ratio = steps[-1] / np.copysign(np.maximum(np.abs(steps[-2]), _NO_STEP), steps[-2])
            ratio = np.clip(ratio, -1.0, _SLOWEST)
            # The limit of steps to and fro lies between the last two places.
            left = np.abs(steps[-1]) * np.where(ratio > 0, ratio / (1 - ratio), -ratio)
            limit = share[chosen] @ (np.abs(steps.sum(axis=0)) + left)
            mean = share @ self.scores
            deviation = np.sqrt(share @ (self.scores - mean) ** 2 / (len(share) - 1))
            error = limit / deviation
            error *= squares.sum() / squares[chosen].sum()
        return float(error) if not np.isnan(error) else np.inf

    def _refined(self, chosen: AnyArray) -> list[FloatArray]:
        """Return the scores of the chosen samples after each of the further steps."""
        rows, at = self._rows, self._objective.coordinates
        own = self._forward(self._root, chosen)
        params = self._params + self._pull[chosen, None] * (own @ self._root)
        offset = 0.0 if rows.offset is None else rows.offset[chosen]
        number = np.full(len(rows.y), -1)
        number[chosen] = np.arange(len(chosen))

        def without_own(part: slice, z: FloatArray) -> tuple[float, FloatArray, None]:
            """Return slopes at the parameters of each chosen sample, without this sample."""
            z = z.reshape(-1, len(chosen))
            z = z if rows.offset is None else z + rows.offset[part, None]
            slopes = rows.loss.value_gradient(rows.y[part, None], z)[1]
            slopes *= rows.weights[part, None]
            inside = np.flatnonzero(number[part] >= 0)
            slopes[inside, number[part][inside]] = 0.0
            return 0.0, slopes, None

        out = []
        for _ in range(_N_STEPS):
            gradient = rows.columns.sums(self._full(params), without_own).slopes
            gradient = gradient[:, : at.n_coordinates] + at.penalty.ridge * params
            step = gradient @ self._root.T
            step += (self._curvature[chosen] * np.einsum("ij,ij->i", own, step))[:, None] * own
            params = params - step @ self._root
            z = np.diagonal(self._forward(params, chosen))
            out.append(_scores(rows.loss.value(rows.y[chosen], z + offset)))
        return out


def _inverse_root(hessian: FloatArray) -> FloatArray:
    """Return R with RᵀR the inverse of a Hessian, along the directions that have a curvature."""
    size = np.sqrt(np.diag(hessian))
    size[size == 0] = 1.0
    scaled = hessian / np.outer(size, size)
    factor, failed = linalg.lapack.dpotrf(scaled, lower=True)
    if not failed and np.diag(factor).min() ** 2 > _LITTLE_CURVATURE:
        return np.asarray(linalg.lapack.dtrtri(factor, lower=True)[0] / size)
    values, vectors = linalg.eigh(scaled)
    curved = values > _NO_CURVATURE * values[-1]
    return np.asarray((vectors[:, curved] / np.sqrt(values[curved])).T / size)


def _scores(losses: FloatArray) -> FloatArray:
    """Return scores from losses, at least the lowest score."""
    return np.maximum(np.where(np.isnan(losses), _LOWEST_SCORE, -losses), _LOWEST_SCORE)
