"""A factored Hessian: Newton steps, the gap they promise, and coordinates without scale."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from skneuron._typing import AnyArray, FloatArray
from skneuron.solvers._contract import ObjectiveProtocol

__all__ = ["DENSE_PARAMS", "Curvature", "largest_curvature"]

# Up to here a Hessian is formed (32 MB) and factored in some tenths of a second; above,
# conjugate gradients estimate the same quadratic form from Hessian products.
DENSE_PARAMS = 2000

# Newton steps by Cholesky lose log10(condition) digits. With three left they still
# contract quickly; below that the decomposition of √h·X̃ takes over, which sees the
# square root of the condition.
_SMALLEST_RCOND = 1e-13

# What each column keeps of its curvature when those before it are taken out. Above this
# the condition cannot be near that limit but for matrices made to deceive, and these only
# cost further steps: it need not be estimated.
_CLEARLY_REGULAR = 1e-6

# So many times the rounding of the columns is no direction yet: each of those that add up to
# nothing is off by it.
_NOISE = 4


# Along directions left out there is no slope but for rounding. A slope of this size, of a mean
# over samples on columns of one scale, says that all samples are saturated instead.
_NO_SLOPE = 1e-6

# Rounding error of the gradient along them, as a fraction of the gradient.
_UNSEEN_ROUNDING = 1e-12


class Curvature:
    """H ≈ RᵀR at one point, by Cholesky or, if nearly singular, by QR and SVD.

    Directions without any curvature (duplicate columns without a penalty), or with no more
    than the rounding of the columns makes, are left out: steps have no component there, so
    that weights keep the least norm. Where there is a slope along them all the same, nothing
    is known of how far the minimum is: the gap is infinite.

    Parameters
    ----------
    objective : ObjectiveProtocol
    params : ndarray of shape (n_params,)
    hessian : ndarray of shape (n_params, n_params), optional
        The Hessian there, if it is known.
    """

    def __init__(
        self, objective: ObjectiveProtocol, params: FloatArray, hessian: FloatArray | None = None
    ) -> None:
        self._cholesky: AnyArray | None = None
        hessian = objective.curvature(params).matrix() if hessian is None else hessian
        factor = _cholesky(hessian)
        if factor is None:
            factor = _cholesky_beside(hessian, objective.curvature(params).flat_directions(hessian))
        if factor is not None:
            self._cholesky = factor
            return
        root = objective.curvature(params).root()
        root = np.where(np.isfinite(root), root, 0.0)
        # Curvatures of ordinary and of huge values in one unit: their ratio is no collinearity.
        self._size = np.ones(len(root))
        if objective.coordinates.is_unequal:
            size = np.linalg.norm(root, axis=0)
            self._size = np.where(size > 0, size, 1.0)
            root = root / self._size
        _, values, vectors = linalg.svd(root, full_matrices=False, check_finite=False)
        # What rounding makes of collinear columns far from zero looks like a direction, too.
        noise = np.linalg.norm(vectors * objective.coordinates.rounding(), axis=1)
        smallest = np.maximum(len(values) * np.finfo(np.float64).eps, _NOISE * noise)
        seen = values > values[0] * smallest
        self._values, self._vectors = values[seen], vectors[seen]

    @classmethod
    def observed(cls, objective: ObjectiveProtocol, params: FloatArray) -> Curvature | None:
        """Return the curvature of the observed Hessian, None if it is not positive definite."""
        factor = _cholesky(objective.curvature(params).matrix(observed=True))
        if factor is None:
            return None
        out = cls.__new__(cls)
        out._cholesky = factor
        return out

    def whiten_gradient(self, gradient: FloatArray) -> FloatArray:
        """Return R⁻ᵀ g, the gradient in coordinates where the curvature is the identity."""
        if self._cholesky is not None:
            return _triangular(self._cholesky, gradient, transposed=False)
        return np.asarray((self._vectors @ (gradient / self._size)) / self._values)

    def unwhiten(self, step: FloatArray) -> FloatArray:
        """Return R⁻¹ u, a step of those coordinates in the parameters."""
        if self._cholesky is not None:
            return _triangular(self._cholesky, step, transposed=True)
        return np.asarray(self._vectors.T @ (step / self._values)) / self._size

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -H⁻¹ g."""
        if self._cholesky is not None:
            return -np.asarray(linalg.lapack.dpotrs(self._cholesky, gradient, lower=1)[0])
        step = -self.unwhiten(self.whiten_gradient(gradient))
        # Downhill at least, where there is no telling how far.
        return step - self._unseen(gradient) / self._size if self.is_blind(gradient) else step

    def gap(self, gradient: FloatArray) -> float:
        """Return ½ gᵀH⁻¹g, the excess over the minimum of the quadratic model."""
        if self.is_blind(gradient):
            return float(np.inf)
        white = self.whiten_gradient(gradient)
        return 0.5 * float(white @ white)

    def is_blind(self, gradient: FloatArray) -> bool:
        """Return whether there is a slope in a direction without curvature."""
        if self._cholesky is not None:
            return False
        noise = _UNSEEN_ROUNDING * float(np.linalg.norm(gradient / self._size))
        return bool(np.linalg.norm(self._unseen(gradient)) > max(_NO_SLOPE, noise))

    def _unseen(self, gradient: FloatArray) -> FloatArray:
        """Return the part of the scaled gradient along directions that were left out."""
        scaled = gradient / self._size
        return np.asarray(scaled - self._vectors.T @ (self._vectors @ scaled))


def _cholesky(hessian: FloatArray) -> AnyArray | None:
    """Return the lower factor, or None if too little of it could be trusted."""
    size = np.sqrt(np.diag(hessian))
    if not np.all(size > 0):
        return None
    # LAPACK's own names, as SciPy's wrappers take as long as a small matrix does.
    factor, info = linalg.lapack.dpotrf(hessian, lower=1, clean=1)
    if info != 0 or not np.all(np.isfinite(factor[-1])):
        return None
    if (np.diag(factor) / size).min() ** 2 > _CLEARLY_REGULAR:
        return np.asarray(factor)
    # Unit diagonal first: what is left of the condition is collinearity, not scale.
    inverse = 1 / size
    relative = hessian * inverse * inverse[:, None]
    norm = float(np.abs(relative).sum(axis=0).max())
    rcond, info = linalg.lapack.dpocon(factor * inverse[:, None], norm, uplo="L")
    return np.asarray(factor) if info == 0 and rcond > _SMALLEST_RCOND else None


def _cholesky_beside(hessian: FloatArray, flat: FloatArray) -> AnyArray | None:
    """Return the factor with curvature added where there is none, and no gradient either."""
    if len(flat) == 0:
        return None
    return _cholesky(hessian + np.diag(hessian).mean() * (flat.T @ flat))


def _triangular(factor: AnyArray, vector: FloatArray, *, transposed: bool) -> FloatArray:
    solution, _ = linalg.lapack.dtrtrs(factor, vector, lower=1, trans=int(transposed))
    return np.asarray(solution)


def largest_curvature(objective: ObjectiveProtocol, params: FloatArray, *, steps: int) -> float:
    """Largest eigenvalue of the Hessian, or of its bound, by power iteration from below."""
    product = objective.curvature(params).bound_product
    # A fixed, dense start: the answer must not depend on chance.
    vector = np.cos(np.arange(1.0, objective.dims.n_params + 1))
    size = 0.0
    for _ in range(steps):
        vector /= np.linalg.norm(vector)
        vector = product(vector)
        size = float(np.linalg.norm(vector))
        if not 0 < size < np.inf:
            return 1.0
    return size
