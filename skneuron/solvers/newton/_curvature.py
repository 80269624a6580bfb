"""A factored Hessian: Newton steps, predicted decreases, and whitened coordinates."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from skneuron._common import AnyArray, FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._tolerances import REGULAR, SINGULAR
from skneuron.solvers.newton._directions import directions_of, is_regular

__all__ = ["Curvature", "largest_curvature", "observed_hessian"]

# Curvature along a direction, in units of the rounding errors of the columns, below which the
# direction is taken to be flat.
_NOISE = 4

# Slope along a flat direction that is no rounding error: the samples in its way are saturated
# instead. It is a mean over samples, on standardised columns.
_MAX_FLAT_SLOPE = 1e-6

# Rounding error of a sum over samples, as a fraction of the sum of absolute terms.
_SUM_ROUNDING = 1e-12

# Largest part of a sum that rounding errors of columns can hide: most of their digits are right.
_MAX_NOISE = 1e-3

# Number of steps of the power iteration.
_POWER_STEPS = 20


class Curvature:
    """H ≈ RᵀR at one point, by Cholesky or, if nearly singular, by QR and SVD of its small rows.

    Directions without curvature beyond the rounding error of the columns (duplicate columns
    without a penalty) are left out: steps have no component there, so that coefficients keep
    the least norm. If the gradient has a part along them, the model is unbounded and the gap
    infinite.

    Parameters
    ----------
    objective : ObjectiveProtocol
    params : ndarray of shape (n_params,)
    hessian : ndarray of shape (n_params, n_params), optional
        The Hessian, if it is already computed.
    """

    def __init__(
        self, objective: ObjectiveProtocol, params: FloatArray, hessian: FloatArray | None = None
    ) -> None:
        self._objective, self._params = objective, params
        self._slope_sum: float | None = None
        self._cholesky: AnyArray | None = None
        # Directions that count as rounding errors of the columns.
        self._hidden = np.empty((0, len(params)))
        self._size = np.ones(len(params))
        self._precision = len(params) * float(np.finfo(np.float64).eps)
        curvature = objective.curvature(params)
        hessian = curvature.matrix() if hessian is None else hessian
        factor = _cholesky(hessian)
        if factor is None:
            factor = _cholesky_with_flat(hessian, curvature.flat_directions(hessian))
            self._hidden = curvature.hidden_directions()
        if factor is not None:
            self._cholesky = factor
            return
        root = curvature.root()
        root = np.where(np.isfinite(root), root, 0.0)
        # Curvatures of ordinary and of huge values in one unit: their ratio is no collinearity.
        if objective.coordinates.is_unequal:
            size = np.linalg.norm(root, axis=0)
            self._size = np.where(size > 0, size, 1.0)
            root = root / self._size
        rounding = objective.coordinates.rounding()
        noise = _NOISE * float(rounding.max())
        if is_regular(root, noise):
            self._cholesky = np.asfortranarray((root * self._size).T)
            return
        split = directions_of(root, noise)
        # No step changes a constant column. Rounding errors along it would grow from step to step.
        k, d = objective.dims.n_outputs, objective.dims.n_features
        constant = ~np.isfinite(objective.coordinates.scale)
        split.vectors.reshape(len(split.values), k, -1)[..., :d][..., constant] = 0.0
        self._leading, self._order = split.leading, split.order
        # Rounding errors of collinear columns far from zero look like a direction.
        relative = split.values / split.largest
        of_columns = np.linalg.norm(split.vectors * rounding, axis=1)
        kept = relative > np.maximum(self._precision, _NOISE * of_columns)
        self._values, self._vectors = split.values[kept], split.vectors[kept]
        self._flat = split.vectors[~kept]
        self._hidden = split.vectors[~kept & (relative > self._precision)] / self._size

    @classmethod
    def best(
        cls, objective: ObjectiveProtocol, params: FloatArray, hessian: FloatArray | None = None
    ) -> Curvature:
        """Return the observed curvature if it is positive definite, and Fisher's otherwise."""
        observed = observed_hessian(objective, params)
        return cls(objective, params, hessian if observed is None else observed)

    def whiten_gradient(self, gradient: FloatArray) -> FloatArray:
        """Return R⁻ᵀ g, the gradient in coordinates where the curvature is the identity."""
        if self._cholesky is not None:
            return _triangular(self._cholesky, gradient, transposed=False)
        if len(self._order) == 0:
            return np.asarray((self._vectors @ (gradient / self._size)) / self._values)
        scaled = self._curved_part(gradient / self._size)
        clear = linalg.solve_triangular(self._leading, scaled[self._order], trans="T")
        return np.concatenate([clear, (self._vectors @ scaled) / self._values])

    def unwhiten(self, step: FloatArray) -> FloatArray:
        """Return R⁻¹ u, a step of those coordinates in the parameters."""
        if self._cholesky is not None:
            return _triangular(self._cholesky, step, transposed=True)
        r = len(self._order)
        if r == 0:
            return np.asarray(self._vectors.T @ (step / self._values)) / self._size
        out = np.asarray(self._vectors.T @ (step[r:] / self._values))
        out[self._order] += linalg.solve_triangular(self._leading, step[:r])
        return self._curved_part(out) / self._size

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -H⁻¹ g."""
        if self._cholesky is not None:
            return -np.asarray(linalg.lapack.dpotrs(self._cholesky, gradient, lower=1)[0])
        white = self.whiten_gradient(gradient)
        if not self.is_unbounded(gradient):
            return -self.unwhiten(white)
        # Downhill at least, by an arbitrary length. Curvature must not shorten a steep flat step.
        flat = self._flat_part(gradient)
        if flat @ flat > white @ white:
            white = np.zeros_like(white)
        return -self.unwhiten(white) - flat / self._size

    def gap(self, gradient: FloatArray) -> float:
        """Return ½ gᵀH⁻¹g, the excess over the minimum of the quadratic model."""
        if self.is_unbounded(gradient):
            return float(np.inf)
        white = self.whiten_gradient(gradient)
        return 0.5 * float(white @ white) + self.hidden_decrease(gradient)

    def hidden_decrease(self, gradient: FloatArray) -> float:
        """Return the decrease along directions that count as rounding errors of the columns."""
        hidden, product = self._hidden, self._objective.curvature(self._params)
        if len(hidden) == 0 or self._objective.has_summary:
            return 0.0
        values, vectors = np.linalg.eigh(hidden @ np.array([product(row) for row in hidden]).T)
        slopes = vectors.T @ (hidden @ gradient)
        known = (values > 0) & (np.abs(slopes) > self._precision * self._sum_of_slopes())
        return 0.5 * float(np.sum(slopes[known] ** 2 / values[known]))

    def is_unbounded(self, gradient: FloatArray) -> bool:
        """Return whether the gradient has a part along directions without curvature."""
        if self._cholesky is not None:
            return False
        slope = float(np.linalg.norm(self._flat_part(gradient)))
        noise = _SUM_ROUNDING * float(np.linalg.norm(gradient / self._size))
        return slope > noise and slope > min(_MAX_FLAT_SLOPE, self._rounding_of_slopes())

    def _rounding_of_slopes(self) -> float:
        """Return the rounding error of the gradient along a direction that was left out."""
        if self._objective.has_summary:
            # A summary of past chunks has no samples, and keeps the limit.
            return _MAX_FLAT_SLOPE
        rounding = float(self._objective.coordinates.rounding().max())
        return (_SUM_ROUNDING + min(_NOISE * rounding, _MAX_NOISE)) * self._sum_of_slopes()

    def _sum_of_slopes(self) -> float:
        """Return the sum of the absolute terms of a slope, up to the lengths of the rows."""
        if self._slope_sum is None:
            total = self._objective.total_slope(self._params)
            self._slope_sum = total * float(np.sqrt(self._objective.dims.n_params))
        return self._slope_sum

    def _flat_part(self, gradient: FloatArray) -> FloatArray:
        """Return the part of the scaled gradient along directions that were left out."""
        scaled = gradient / self._size
        return np.asarray(scaled - self._curved_part(scaled))

    def _curved_part(self, scaled: FloatArray) -> FloatArray:
        """Return a scaled vector without its part along directions that were left out."""
        if len(self._order) == 0:
            return np.asarray(self._vectors.T @ (self._vectors @ scaled))
        return np.asarray(scaled - self._flat.T @ (self._flat @ scaled))


def observed_hessian(objective: ObjectiveProtocol, params: FloatArray) -> FloatArray | None:
    """Return the observed Hessian of a loss that is not convex, None if it is not definite."""
    if objective.loss.convex:
        return None
    hessian = objective.curvature(params).matrix(observed=True)
    return None if _cholesky(hessian) is None else hessian


def _cholesky(hessian: FloatArray) -> AnyArray | None:
    """Return the lower factor, or None if it has too few digits."""
    size = np.sqrt(hessian.diagonal())
    if not (size > 0).all():
        return None
    # LAPACK's own names, as SciPy's wrappers take as long as a small matrix does.
    factor, info = linalg.lapack.dpotrf(hessian, lower=1, clean=1)
    if info != 0 or not np.isfinite(factor[-1]).all():
        return None
    if (factor.diagonal() / size).min() ** 2 > REGULAR:
        return np.asarray(factor)
    # Unit diagonal first: the condition number then measures collinearity, not scale.
    inverse = 1 / size
    relative = hessian * inverse * inverse[:, None]
    norm = float(np.abs(relative).sum(axis=0).max())
    rcond, info = linalg.lapack.dpocon(factor * inverse[:, None], norm, uplo="L")
    return np.asarray(factor) if info == 0 and rcond > SINGULAR else None


def _cholesky_with_flat(hessian: FloatArray, flat: FloatArray) -> AnyArray | None:
    """Return the factor with curvature added along flat directions without a gradient."""
    if len(flat) == 0:
        return None
    return _cholesky(hessian + np.diag(hessian).mean() * (flat.T @ flat))


def _triangular(factor: AnyArray, vector: FloatArray, *, transposed: bool) -> FloatArray:
    solution, _ = linalg.lapack.dtrtrs(factor, vector, lower=1, trans=int(transposed))
    return np.asarray(solution)


def largest_curvature(objective: ObjectiveProtocol, params: FloatArray) -> float:
    """Return the largest eigenvalue of the Hessian, or of its bound, by power iteration."""
    product = objective.curvature(params).bound_product
    # A fixed, dense start: the result must not depend on chance.
    vector = np.cos(np.arange(1.0, objective.dims.n_params + 1))
    size = 0.0
    for _ in range(_POWER_STEPS):
        vector = product(vector / np.linalg.norm(vector))
        size = float(np.linalg.norm(vector))
        if not 0 < size < np.inf:
            return 1.0
    return size
