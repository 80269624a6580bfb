"""An L1-penalised quadratic with box constraints, and its minimum on a face."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from skneuron._common import FloatArray
from skneuron.solvers._tolerances import SINGULAR, SLOPE_ROUNDING
from skneuron.solvers.proximal._faces import Face, L1Box

__all__ = ["DenseQuadratic", "Quadratic", "QuadraticIterate"]

# Largest decrease that a reliable iterate may leave out, by released variables or along directions
# of hardly any curvature, as a fraction of its decrease.
_MAX_LEFT_OUT = 0.1

# Maximum number of rounds that release variables: three to five, ill-conditioned up to 100.
_MAX_ROUNDS = 200

# Number of projections of a step, each of half the length. The next ones meet half as many ends.
_PROJECTED = 4

# Fraction of the diagonal that is added where the Hessian of the free variables is singular,
# as for identical columns. The steps still end at the minimum.
_DAMPING = 1e-10


@dataclass(frozen=True)
class QuadraticIterate:
    """A point of a quadratic."""

    params: FloatArray
    #: Gradient of the smooth part.
    gradient: FloatArray
    #: By how much the function is below its value at the start.
    decrease: float = 0.0
    #: Estimated further decrease if variables that violate their condition are released.
    released: float = np.inf

    @property
    def is_reliable(self) -> bool:
        """Whether the decrease is nearly the decrease at the minimum."""
        return self.released <= _MAX_LEFT_OUT * self.decrease


class Quadratic(ABC):
    """g·(u-v) + ½ (u-v)ᵀH(u-v) + Σ lassoⱼ|uⱼ| subject to low ≤ u ≤ high.

    The arguments are g, v, the diagonal of H, and L1 penalty and bounds. v is within the bounds.
    """

    #: Fraction of the decrease that a further round need not add.
    negligible: float = 1e-13
    #: Fraction of the decrease on the affine hull of a face that is enough inside.
    sufficient: float = np.inf
    #: Number of products with a Hessian that is not a matrix.
    products: int = 0

    def __init__(
        self, gradient: FloatArray, start: FloatArray, diagonal: FloatArray, terms: L1Box
    ) -> None:
        self.gradient, self.start, self.diagonal = gradient, start, diagonal
        self.terms = terms
        self._last = QuadraticIterate(start, gradient)

    @abstractmethod
    def product(self, change: FloatArray) -> FloatArray:
        """Return H times a vector."""

    @abstractmethod
    def newton_step(self, slope: FloatArray, face: Face) -> tuple[FloatArray, FloatArray] | None:
        """Return the Newton step of the free variables, and H times the step.

        ``slope`` is the gradient, penalty included. None if no step can be found.
        """

    def step(self) -> QuadraticIterate:
        """Return a step to the minimum, or to a point near it.

        The primal active-set method with many variables at a time (Nocedal & Wright, Numerical
        Optimization, 2006, section 16.5). Variables at zero or at a bound are there exactly.
        """
        for _ in range(_MAX_ROUNDS):
            last = self._last
            self._last = at = self._minimum_on(self.terms.released_face(last.params, last.gradient))
            violation = self.terms.violation(at.params, at.gradient)
            released = 0.5 * float(violation @ (violation / self.diagonal))
            if min(released, at.decrease - last.decrease) <= self.negligible * at.decrease:
                break
        return replace(at, released=released)

    def refined(self) -> QuadraticIterate:
        """Return a step that is exact enough for a gap."""
        return self.step()

    def at(self, u: FloatArray, gradient: FloatArray) -> QuadraticIterate:
        """Return the iterate at a point with a known gradient."""
        smooth = 0.5 * float((u - self.start) @ (self.gradient + gradient))
        return QuadraticIterate(u, gradient, self.terms.l1_decrease(self.start, u) - smooth)

    def moved(self, at: QuadraticIterate, u: FloatArray) -> QuadraticIterate:
        """Return the iterate at another point."""
        return self.at(u, at.gradient + self.product(u - at.params))

    def _minimum_on(self, face: Face) -> QuadraticIterate:
        """Return the minimum on a face, or a lower point on its boundary.

        Variables that meet the boundary are fixed: each step has fewer free ones than the last.
        """
        bound = 0.0
        while np.any(face.free):
            at = self._last
            slope = at.gradient + self.terms.lasso * face.sign
            found = self.newton_step(slope, face)
            if found is None:
                break
            step, image = found
            if not np.any(face.outside(at.params + step)):
                return self.at(at.params + step, at.gradient + image)
            bound = max(bound, at.decrease - float(step @ (slope + 0.5 * image)))
            self._last, face = self._onto_boundary(face, step)
            if self._last.decrease >= self.sufficient * bound:
                break
        return self._last

    def _onto_boundary(self, face: Face, step: FloatArray) -> tuple[QuadraticIterate, Face]:
        """Return a point on the boundary, and the face: of a projected step that is shortened."""
        at, length, shortened = self._last, 1.0, 0
        end, lengths = face.boundary(at.params, step)
        while True:
            met = lengths <= length
            u = np.clip(at.params + length * step, face.bottom, face.top)
            following = self.moved(at, np.where(met, end, u))
            if following.decrease > at.decrease or length <= lengths.min():
                return following, face.fix(met)
            half, shortened = (np.count_nonzero(lengths < length) - 1) // 2, shortened + 1
            shorter = np.sort(lengths)[half] if shortened >= _PROJECTED else length / 2
            length = max(float(shorter), float(lengths.min()))


class DenseQuadratic(Quadratic):
    """An L1-penalised quadratic with box constraints and a matrix as its Hessian."""

    def __init__(
        self, hessian: FloatArray, gradient: FloatArray, start: FloatArray, terms: L1Box
    ) -> None:
        diagonal = np.diag(hessian)
        super().__init__(gradient, start, np.where(diagonal > 0, diagonal, 1.0), terms)
        self.hessian = hessian
        # Whether the free variables of some face had a singular Hessian.
        self._is_singular = False

    def product(self, change: FloatArray) -> FloatArray:
        """Return H times a vector."""
        return np.asarray(self.hessian @ change)

    def newton_step(self, slope: FloatArray, face: Face) -> tuple[FloatArray, FloatArray] | None:
        """Return the Newton step of the free variables, and H times the step."""
        index, step = np.flatnonzero(face.free), np.zeros(len(slope))
        if len(index) == 0:
            return step, step
        matrix = self.hessian.take(index, axis=0).take(index, axis=1)
        for damping in (_DAMPING,) if self._is_singular else (0.0, _DAMPING):
            matrix.flat[:: len(index) + 1] += damping * self.diagonal[index]
            # LAPACK's own names, as SciPy's wrappers take as long as a small matrix does.
            factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=0)
            if info == 0 and np.all(np.diag(factor) ** 2 > SINGULAR * np.diag(matrix)):
                step[index] = -linalg.lapack.dpotrs(factor, slope[index], lower=1)[0]
                image = self.product(step)
                if damping and not np.any(face.outside(self._last.params + step)):
                    flat = np.zeros(len(slope))
                    flat[index] = -linalg.lapack.dpotrs(factor, (slope + image)[index], lower=1)[0]
                    flat *= self._flat_length(flat, slope + image, float(slope @ step))
                    step, image = step + flat, image + self.product(flat)
                return step, image
            self._is_singular = True
        return None

    def _flat_length(self, flat: FloatArray, slope: FloatArray, fall: float) -> float:
        """Return the length of a step that damping has shortened, 0 if it adds little."""
        # The rounding error of the curvature along it.
        smallest = float(np.finfo(np.float64).eps) * float(flat @ (self.diagonal * flat))
        curvature = max(float(flat @ self.product(flat)), smallest)
        length = -float(slope @ flat) / curvature if curvature > 0 else 0.0
        least = 2 * _MAX_LEFT_OUT * (self._last.decrease - 0.5 * fall)
        seen = np.abs(slope[flat != 0]).max(initial=0.0) > SLOPE_ROUNDING
        return length if seen and length**2 * curvature > least else 0.0
