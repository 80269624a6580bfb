"""The L1-penalised quadratic with box constraints, solved by active sets and dense factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from skneuron._typing import AnyArray, FloatArray
from skneuron.solvers.proximal._faces import Face, L1Box

__all__ = ["PenalisedQuadratic", "minimize_quadratic", "primal", "primal_dual"]

# Maximum number of predicted active sets. Most quadratics need three to ten; those that
# need more are usually on a cycle.
_MAX_PREDICTIONS = 25

# Number of predictions in a row that change as many variables as an earlier one did. A cycle
# shows by that.
_MAX_STALLED = 2

# Maximum number of times that variables are released. Quadratics of ill-conditioned columns
# needed up to 20.
_MAX_RELEASES = 200

# Stop when a release adds less than this fraction of the decrease so far: rounding.
_MIN_RELATIVE_GAIN = 1e-13

# Fraction of its diagonal element below which a pivot of a factor is rounding: the Hessian
# counts as singular.
_MIN_PIVOT = 1e-13

# Fraction of the diagonal that is added where the Hessian of the free variables is singular,
# as for identical columns. The steps still end at the minimum.
_DAMPING = 1e-9


@dataclass(frozen=True)
class PenalisedQuadratic:
    """g·(u-v) + ½ (u-v)ᵀH(u-v) + Σ lassoⱼ|uⱼ| subject to low ≤ u ≤ high.

    Attributes
    ----------
    hessian : ndarray of shape (n, n)
        H, positive semidefinite.
    gradient, start : ndarray of shape (n,)
        g and v; v satisfies the bounds.
    terms : L1Box
        L1 penalty and bounds.
    """

    hessian: FloatArray
    gradient: FloatArray
    start: FloatArray
    terms: L1Box

    def decrease(self, u: FloatArray) -> float:
        """Return by how much the function at u is below its value at the start."""
        change = u - self.start
        smooth = float(change @ (self.gradient + 0.5 * (self.hessian @ change)))
        return self.terms.l1_decrease(self.start, u) - smooth


@dataclass
class _Iterate:
    """A point with the gradient of the smooth part, and the decrease from the start."""

    u: FloatArray
    gradient: FloatArray
    decrease: float = 0.0

    def moved(self, q: PenalisedQuadratic, u: FloatArray) -> _Iterate:
        """Return the iterate at another point."""
        gradient = self.gradient + q.hessian @ (u - self.u)
        smooth = 0.5 * float((u - q.start) @ (q.gradient + gradient))
        return _Iterate(u, gradient, q.terms.l1_decrease(q.start, u) - smooth)


@dataclass(frozen=True)
class _Prediction:
    """A predicted active set: the face at a point, which has the values of fixed variables."""

    point: FloatArray
    face: Face

    def differences(self, other: _Prediction) -> int:
        """Return the number of variables that are predicted differently."""
        fixed = ~self.face.free & (self.point != other.point)
        free = (self.face.free != other.face.free) | (self.face.sign != other.face.sign)
        return int(np.count_nonzero(fixed | free))


def minimize_quadratic(q: PenalisedQuadratic) -> tuple[FloatArray, float]:
    """Return the minimum, and by how much it is below the value at the start.

    The primal-dual active-set method needs few factors where it converges, but may cycle. Then
    the primal method finishes, which lowers the function with every step. Variables at zero or
    at a bound are there exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.proximal._active_set import PenalisedQuadratic, minimize_quadratic
    >>> from skneuron.solvers.proximal._faces import L1Box
    >>> terms = L1Box(np.ones(2), np.full(2, -np.inf), np.full(2, np.inf))
    >>> q = PenalisedQuadratic(np.eye(2), np.array([-3.0, -0.5]), np.zeros(2), terms)
    >>> u, decrease = minimize_quadratic(q)
    >>> u.tolist(), decrease
    ([2.0, 0.0], 2.0)
    """
    u = primal_dual(q)
    if u is not None:
        decrease = q.decrease(u)
        if decrease >= 0:
            return u, decrease
    end = primal(q)
    return end.u, end.decrease


def primal_dual(q: PenalisedQuadratic) -> FloatArray | None:
    """Predict the active set, solve for the free variables, and repeat until both agree.

    A semismooth Newton method (Hintermüller, Ito & Kunisch, SIAM J. Optim. 13, 2002). The
    result is None where it cycles, or where a Hessian is not positive definite.
    """
    diagonal = np.diag(q.hessian)
    if not np.all(diagonal > 0):
        return None
    u, gradient = q.start, q.gradient
    last: _Prediction | None = None
    fewest, stalled = len(u) + 1, 0
    for _ in range(_MAX_PREDICTIONS):
        point = q.terms.proximal_step(u, gradient, diagonal)
        predicted = _Prediction(point, q.terms.face_at(point))
        changed = len(u) if last is None else predicted.differences(last)
        if changed == 0:
            return u
        stalled = stalled + 1 if changed >= fewest else 0
        if stalled >= _MAX_STALLED:
            return None
        fewest, last = min(fewest, changed), predicted
        free = predicted.face.free
        change = np.where(free, 0.0, point - q.start)
        slope = q.gradient + q.hessian @ change + q.terms.lasso * predicted.face.sign
        step = _solve_free(q.hessian, slope, free)
        if step is None:
            return None
        # Fixed variables are exactly at zero or at a bound, whatever start + change rounds to.
        u = np.where(free, q.start + step, point)
        gradient = q.gradient + q.hessian @ (u - q.start)
    return None


def primal(q: PenalisedQuadratic) -> _Iterate:
    """Release every variable that violates its condition, minimize on the face, and repeat.

    (Nocedal & Wright, Numerical Optimization, 2006, section 16.5, with many variables at a time.)
    """
    at, strongest = _Iterate(q.start, q.gradient), False
    for _ in range(_MAX_RELEASES):
        before = at.decrease
        face = q.terms.released_face(at.u, at.gradient, strongest=strongest)
        at = _minimize_on_face(q, at, face)
        if at.decrease - before > _MIN_RELATIVE_GAIN * at.decrease:
            strongest = False
        elif strongest:
            break
        else:
            # Several released variables may block each other, a single one cannot.
            strongest = True
    return at


def _minimize_on_face(q: PenalisedQuadratic, at: _Iterate, face: Face) -> _Iterate:
    """Return the minimum on a face, or a lower point on its boundary.

    Newton steps for the free variables. A step that leaves the face is projected on the face,
    or ends at the boundary if the projection does not lower the function. Variables that meet
    the boundary are fixed, so each step has fewer free variables than the last.
    """
    while np.any(face.free):
        found = _newton_step(q, at, face, 0.0) or _newton_step(q, at, face, _DAMPING)
        if found is None:
            break
        at, fixed = found
        face = face.fix(fixed)
        if not np.any(fixed):
            break
    return at


def _newton_step(
    q: PenalisedQuadratic, at: _Iterate, face: Face, damping: float
) -> tuple[_Iterate, AnyArray] | None:
    """Return the next iterate on the face, and the variables that meet its boundary.

    None if the Hessian of the free variables is too nearly singular for a step.
    """
    slope = at.gradient + q.terms.lasso * face.sign
    step = _solve_free(q.hessian, slope, face.free, damping=damping)
    if step is None:
        return None
    outside = face.outside(at.u + step)
    following = at.moved(q, face.project(at.u + step))
    if following.decrease <= at.decrease:
        if not np.any(outside):
            return None
        boundary, _ = face.boundary_step(at.u, step, outside)
        following = at.moved(q, boundary)
        outside = outside & ((boundary == face.bottom) | (boundary == face.top))
    return following, outside


def _solve_free(
    hessian: FloatArray, slope: FloatArray, free: AnyArray, *, damping: float = 0.0
) -> FloatArray | None:
    """Return the Newton step of the free variables, None if their Hessian is not definite."""
    index, step = np.flatnonzero(free), np.zeros(len(slope))
    if len(index) == 0:
        return step
    matrix = hessian.take(index, axis=0).take(index, axis=1)
    matrix.flat[:: len(index) + 1] *= 1 + damping
    # LAPACK's own names, as SciPy's wrappers take as long as a small matrix does.
    factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=0)
    if info != 0 or np.any(np.diag(factor) ** 2 <= _MIN_PIVOT * np.diag(matrix)):
        return None
    step[index] = -linalg.lapack.dpotrs(factor, slope[index], lower=1)[0]
    return step if np.all(np.isfinite(step)) else None
