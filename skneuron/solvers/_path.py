"""The quadratic model with an L1 penalty and bounds, by following its minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from skneuron._typing import AnyArray, FloatArray

__all__ = ["follow_path"]

# So many events a weight: far more than there are but where events fall together.
_EVENTS = 10


@dataclass
class _Pieces:
    """Where each weight is: free on a smooth piece, or held at a kink or a bound.

    Attributes
    ----------
    free : ndarray of bool
    sign : ndarray
        Of the kink's slope on the piece of a free weight.
    bottom, top : ndarray
        Ends of that piece; of a held weight both are where it is held.
    least, most : ndarray
        Between these a held weight's slope keeps it there.
    """

    free: AnyArray
    sign: FloatArray
    bottom: FloatArray
    top: FloatArray
    least: FloatArray
    most: FloatArray

    @classmethod
    def around(cls, u: FloatArray, lasso: FloatArray, low: FloatArray, high: FloatArray) -> _Pieces:
        """Return the pieces on which u lies."""
        zeros = np.zeros_like(u)
        free = (u > low) & (u < high) & ((u != 0) | (lasso == 0))
        pieces = cls(free, zeros.copy(), u.copy(), u.copy(), zeros.copy(), zeros.copy())
        for j in range(len(u)):
            if free[j]:
                pieces.release(j, float(u[j]), 1 if u[j] > 0 else -1, lasso, low, high)
            else:
                pieces.hold(j, float(u[j]), lasso, low, high)
        return pieces

    def release(
        self, j: int, at: float, way: int, lasso: FloatArray, low: FloatArray, high: FloatArray
    ) -> None:
        """Let a weight go from a place to the right (1) or left (-1)."""
        bottom, top = float(low[j]), float(high[j])
        positive = at > 0 or (at == 0 and way > 0)
        if lasso[j] > 0:
            bottom, top = (max(bottom, 0.0), top) if positive else (bottom, min(top, 0.0))
        self.free[j], self.sign[j] = True, 1.0 if positive else -1.0
        self.bottom[j], self.top[j] = bottom, top

    def hold(self, j: int, at: float, lasso: FloatArray, low: FloatArray, high: FloatArray) -> None:
        """Hold a weight at a place."""
        right, left = lasso[j] * (1 if at >= 0 else -1), lasso[j] * (1 if at > 0 else -1)
        self.free[j], self.sign[j] = False, 0.0
        self.bottom[j] = self.top[j] = at
        self.least[j] = -right if at < high[j] else -np.inf
        self.most[j] = -left if at > low[j] else np.inf


def follow_path(
    hessian: FloatArray,
    gradient: FloatArray,
    start: FloatArray,
    lasso: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray | None:
    """Minimize g·(u-v) + ½ (u-v)ᵀH(u-v) + Σ lassoⱼ|uⱼ| over low ≤ u ≤ high.

    With another g the start itself is the minimum. From that g to the one that is asked
    for the minimum moves along straight lines; at each end of one a weight comes to a
    kink or a bound, or leaves it (Osborne, Presnell & Turlach, IMA J. Numer. Anal. 20,
    2000; with bounds Best, in Applied Mathematics and Parallel Computing, 1996). So it
    takes a solve per weight that changes its place.

    Parameters
    ----------
    hessian : ndarray of shape (n, n)
    gradient, start : ndarray of shape (n,)
        At v, which lies within the bounds.
    lasso, low, high : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,), or None where the Hessian is singular or events fall together
    """
    limits = (lasso, low, high)
    pieces = _Pieces.around(start, *limits)
    first = np.where(
        pieces.free, -lasso * pieces.sign, np.clip(gradient, pieces.least, pieces.most)
    )
    toward = gradient - first
    u, slope, left = start.copy(), first, 1.0
    for _ in range(_EVENTS * len(u)):
        moves = _direction(hessian, toward, pieces.free)
        if moves is None:
            return None
        du, dslope = moves
        lengths = _lengths(u, du, slope, dslope, pieces)
        j = int(np.argmin(lengths))
        length = min(left, float(lengths[j]))
        u = np.where(pieces.free, u + length * du, u)
        slope = slope + length * dslope
        left -= length
        if left <= 0:
            return np.clip(u, pieces.bottom, pieces.top)
        if pieces.free[j]:
            u[j] = pieces.top[j] if du[j] > 0 else pieces.bottom[j]
            pieces.hold(j, float(u[j]), *limits)
        else:
            pieces.release(j, float(u[j]), 1 if dslope[j] < 0 else -1, *limits)
    return None


def _direction(
    hessian: FloatArray, toward: FloatArray, free: AnyArray
) -> tuple[FloatArray, FloatArray] | None:
    """Return how weights and slopes change per unit of the way."""
    du = np.zeros_like(toward)
    if not free.any():
        return du, toward
    index = np.flatnonzero(free)
    columns = hessian[:, index]
    factor, info = linalg.lapack.dpotrf(columns[index], lower=1, clean=0)
    if info != 0:
        return None
    du[index] = -linalg.lapack.dpotrs(factor, toward[index], lower=1)[0]
    if not np.all(np.isfinite(du)):
        return None
    dslope = toward + columns @ du[index]
    dslope[index] = 0.0
    return du, dslope


def _lengths(
    u: FloatArray, du: FloatArray, slope: FloatArray, dslope: FloatArray, pieces: _Pieces
) -> FloatArray:
    """Return how far each weight is from its next event."""
    place = np.where(pieces.free, u, slope)
    speed = np.where(pieces.free, du, dslope)
    end = np.where(
        speed > 0,
        np.where(pieces.free, pieces.top, pieces.most),
        np.where(pieces.free, pieces.bottom, pieces.least),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = (end - place) / speed
    return np.where(speed == 0, np.inf, np.maximum(lengths, 0.0))
