"""An L1-penalised quadratic with box constraints, and its minimum on a face."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from skneuron._typing import FloatArray
from skneuron.solvers.proximal._faces import Face, L1Box

__all__ = ["SUFFICIENT", "FaceMinimum", "Iterate", "Quadratic", "Step", "minimize_on_face"]

#: Fraction of the decrease on the affine hull of a face that is enough on the face itself.
SUFFICIENT = 0.8

# Largest decrease of released variables in a reliable step, as a fraction of its decrease.
_MAX_RELEASED = 0.1

# Maximum number of rounds that release variables. Most quadratics need three to five, and those of
# ill-conditioned columns up to 100.
_MAX_ROUNDS = 200

# Lengths of a step whose projections are tried before it ends at the first boundary.
_LENGTHS = (1.0, 0.5, 0.25)


@dataclass(frozen=True)
class Iterate:
    """A point of a quadratic."""

    u: FloatArray
    #: Gradient of the smooth part at u.
    gradient: FloatArray
    #: By how much the function at u is below its value at the start.
    decrease: float = 0.0


@dataclass(frozen=True)
class Step:
    """A step of the proximal Newton method."""

    #: The end of the step.
    params: FloatArray
    #: Predicted decrease.
    decrease: float
    #: Estimated further decrease if variables that violate their condition are released.
    released: float
    #: Upper bound of the predicted decrease with these variables fixed.
    bound: float

    @property
    def is_reliable(self) -> bool:
        """Whether the predicted decrease is nearly that of the subproblem's minimum."""
        is_tight = self.decrease >= SUFFICIENT * self.bound
        return is_tight and self.released <= _MAX_RELEASED * self.decrease


@dataclass(frozen=True)
class FaceMinimum:
    """The result of a minimization on a face; at its end more variables may be fixed."""

    at: Iterate
    face: Face
    #: Largest decrease on the affine hull of the face.
    bound: float = np.inf


class Quadratic(ABC):
    """g·(u-v) + ½ (u-v)ᵀH(u-v) + Σ lassoⱼ|uⱼ| subject to low ≤ u ≤ high.

    Parameters
    ----------
    gradient, start, diagonal : ndarray of shape (n,)
        g, v and the diagonal of H; v satisfies the bounds.
    terms : L1Box
        L1 penalty and bounds.

    Attributes
    ----------
    products : int
        The number of products with a Hessian that is not a matrix.
    """

    products = 0
    #: Fraction of the decrease that a further round need not add.
    negligible = 1e-13

    def __init__(
        self, gradient: FloatArray, start: FloatArray, diagonal: FloatArray, terms: L1Box
    ) -> None:
        self.gradient, self.start, self.diagonal = gradient, start, diagonal
        self.terms = terms
        self._last = FaceMinimum(Iterate(start, gradient), terms.face_at(start))

    @abstractmethod
    def product(self, change: FloatArray) -> FloatArray:
        """Return H times a vector."""

    @abstractmethod
    def newton_step(self, slope: FloatArray, face: Face) -> tuple[FloatArray, FloatArray] | None:
        """Return the Newton step of the free variables, and H times the step.

        ``slope`` is the gradient on the face, penalty included. None if no step can be found.
        """

    def is_sufficient(self, decrease: float, bound: float) -> bool:
        """Return whether a decrease needs no further Newton step on the face."""
        return False

    def step(self) -> Step:
        """Return a step to the minimum, or to a point near it.

        The primal active-set method with many variables at a time (Nocedal & Wright, Numerical
        Optimization, 2006, section 16.5): release every variable that violates its condition,
        minimize on the face, and repeat. Variables at zero or at a bound are there exactly.
        """
        strongest = False
        for _ in range(_MAX_ROUNDS):
            at = self._last.at
            face = self.terms.released_face(at.u, at.gradient, strongest=strongest)
            self._last = minimize_on_face(self, at, face)
            gains = self._last.at.decrease - at.decrease > self.negligible * at.decrease
            step = self._as_step()
            if step.released <= self.negligible * step.decrease or (strongest and not gains):
                break
            # Several released variables may block each other, a single one cannot.
            strongest = not gains
        return step

    def _as_step(self) -> Step:
        at = self._last.at
        return Step(at.u, at.decrease, self.released(at), self._last.bound)

    @abstractmethod
    def refined(self) -> Step:
        """Return a step that is exact enough for a gap, on the face of the last one."""

    def at(self, u: FloatArray, gradient: FloatArray) -> Iterate:
        """Return the iterate at a point with a known gradient."""
        smooth = 0.5 * float((u - self.start) @ (self.gradient + gradient))
        return Iterate(u, gradient, self.terms.l1_decrease(self.start, u) - smooth)

    def moved(self, at: Iterate, u: FloatArray) -> Iterate:
        """Return the iterate at another point."""
        return self.at(u, at.gradient + self.product(u - at.u))

    def released(self, at: Iterate) -> float:
        """Return the estimated decrease if variables that violate their condition are released."""
        violation = self.terms.violation(at.u, at.gradient)
        return 0.5 * float(violation @ (violation / self.diagonal))


def minimize_on_face(q: Quadratic, at: Iterate, face: Face) -> FaceMinimum:
    """Return the minimum on a face, or a lower point on its boundary.

    Newton steps for the free variables. Variables that meet the boundary are fixed, so each
    step has fewer free variables than the last.
    """
    whole, bound = face, 0.0
    while np.any(face.free):
        slope = at.gradient + q.terms.lasso * face.sign
        found = q.newton_step(slope, face)
        if found is None:
            break
        step, image = found
        bound = max(bound, at.decrease - float(step @ (slope + 0.5 * image)))
        target = at.u + step
        if not np.any(face.outside(target)):
            return FaceMinimum(q.at(target, at.gradient + image), whole, bound)
        at, face = _onto_boundary(q, at, face, step, image)
        if q.is_sufficient(at.decrease, bound):
            break
    return FaceMinimum(at, whole, bound)


def _onto_boundary(
    q: Quadratic, at: Iterate, face: Face, step: FloatArray, image: FloatArray
) -> tuple[Iterate, Face]:
    """Return a point on the boundary of a face that a step leaves, and the face there.

    The step is projected on the face, or ends at the first boundary if no projection lowers
    the function.
    """
    boundary, first = face.boundary_step(at.u, step)
    for length in _LENGTHS:
        if length <= first:
            break
        target = at.u + length * step
        following = q.moved(at, face.project(target))
        if following.decrease > at.decrease:
            return following, face.fix(face.outside(target))
    fixed = (boundary == face.bottom) | (boundary == face.top)
    return q.at(boundary, at.gradient + first * image), face.fix(fixed)
