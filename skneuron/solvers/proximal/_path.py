"""The quadratic model with an L1 penalty and bounds, by following its minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.solvers.proximal._free_line import FreeLine
from skneuron.solvers.proximal._kinked import KinkedQuadratic

__all__ = ["follow_path"]

# So many events a weight, or so many in turn that lead nowhere: far more than there are but
# where events fall together.
_EVENTS, _IDLE = 10, 3


@dataclass
class _Pieces:
    """Where each weight is: free on a smooth piece, or held at a kink or a bound.

    Attributes
    ----------
    q : KinkedQuadratic
    free : ndarray of bool
    bottom, top : ndarray
        Ends of a free weight's piece; of a held weight both are where it is held.
    least, most : ndarray
        Between these a held weight's slope keeps it there.
    """

    q: KinkedQuadratic
    free: AnyArray
    bottom: FloatArray
    top: FloatArray
    least: FloatArray
    most: FloatArray

    @classmethod
    def around_start(cls, q: KinkedQuadratic) -> _Pieces:
        """Return the pieces on which the start lies."""
        pieces = cls(q, np.zeros(len(q), dtype=bool), *np.zeros((4, len(q))))
        for j, at in enumerate(q.start.tolist()):
            if q.low[j] < at < q.high[j] and (at != 0 or q.lasso[j] == 0):
                pieces.release(j, at, rightward=at > 0)
            else:
                pieces.hold(j, at)
        return pieces

    def release(self, j: int, at: float, *, rightward: bool) -> None:
        """Let a weight go from a place."""
        bottom, top = float(self.q.low[j]), float(self.q.high[j])
        if self.q.lasso[j] > 0:
            positive = at > 0 or (at == 0 and rightward)
            bottom, top = (max(bottom, 0.0), top) if positive else (bottom, min(top, 0.0))
        self.free[j], self.bottom[j], self.top[j] = True, bottom, top

    def hold(self, j: int, at: float) -> None:
        """Hold a weight at a place."""
        q = self.q
        self.free[j], self.bottom[j], self.top[j] = False, at, at
        self.least[j] = -q.lasso[j] * (1 if at >= 0 else -1) if at < q.high[j] else -np.inf
        self.most[j] = -q.lasso[j] * (1 if at > 0 else -1) if at > q.low[j] else np.inf


def follow_path(q: KinkedQuadratic) -> FloatArray | None:
    """Return the minimum, or None where the Hessian is singular or events fall together.

    With another g the start itself is the minimum. From that g to the one that is asked
    for the minimum moves along straight lines; at each end of one a weight comes to a
    kink or a bound, or leaves it (Osborne, Presnell & Turlach, IMA J. Numer. Anal. 20,
    2000; with bounds Best, in Applied Mathematics and Parallel Computing, 1996). So it
    takes a solve per weight that changes its place.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.proximal._kinked import KinkedQuadratic
    >>> from skneuron.solvers.proximal._path import follow_path
    >>> free = np.full(2, np.inf)
    >>> parts = np.array([-3.0, -0.5]), np.zeros(2), np.ones(2)
    >>> follow_path(KinkedQuadratic(np.eye(2), *parts, -free, free)).tolist()
    [2.0, 0.0]
    """
    pieces = _Pieces.around_start(q)
    held = np.clip(q.gradient, pieces.least, pieces.most)
    first = np.where(pieces.free, -q.lasso * np.sign(q.start), held)
    toward = q.gradient - first
    line = FreeLine(q.hessian, toward)
    u, slope, left, idle = q.start.copy(), first, 1.0, 0
    for _ in range(_EVENTS * len(q)):
        moves = line.direction(pieces.free)
        if moves is None:
            return None
        du, dslope = moves
        lengths = _lengths(u, du, slope, dslope, pieces)
        j = int(np.argmin(lengths))
        length = min(left, float(lengths[j]))
        u = u + length * du
        slope = slope + length * dslope
        left -= length
        idle = 0 if length > 0 else idle + 1
        if idle > _IDLE * len(q):
            return None
        if left <= 0:
            return np.clip(u, pieces.bottom, pieces.top)
        if pieces.free[j]:
            u[j] = pieces.top[j] if du[j] > 0 else pieces.bottom[j]
            pieces.hold(j, float(u[j]))
        else:
            pieces.release(j, float(u[j]), rightward=dslope[j] < 0)
    return None


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
