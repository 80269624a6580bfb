"""How a quadratic's free weights follow its slope, one after another being freed or held."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from skneuron._typing import AnyArray, FloatArray

__all__ = ["FreeLine"]

# The Hessian of the free weights is factored again after changes of this share of those
# above a few, for which a factor costs less than a border (measured).
_CHANGES, _FEW = 1 / 16, 50

# Slopes of free weights have to stay zero, up to this share of what moves them. Where they
# do not, the border is too nearly singular, and the Hessian is factored again.
_ZERO = 1e-11


class FreeLine:
    """The minimum over the free weights of a quadratic whose slope changes along a line.

    Weights that are freed or held after the Hessian of the free ones has been factored are
    a border around it, and the equations that are left are as few as these: the Schur
    complement method (Gill, Murray, Saunders & Wright, Reliable Numerical Computation, 1990).
    A change costs two triangular solves then.

    Parameters
    ----------
    hessian : ndarray of shape (n, n)
        Positive semidefinite.
    toward : ndarray of shape (n,)
        How the slope changes per unit of the way while all weights are held.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.proximal._free_line import FreeLine
    >>> line = FreeLine(np.array([[4.0, 2.0], [2.0, 4.0]]), np.array([-3.0, -4.0]))
    >>> weights, slopes = line.direction(np.array([False, True]))
    >>> weights.tolist(), slopes.tolist()
    ([0.0, 1.0], [-1.0, 0.0])
    """

    def __init__(self, hessian: FloatArray, toward: FloatArray) -> None:
        self._hessian, self._toward = hessian, toward
        self._base = _Base(hessian, toward, np.zeros(len(toward), dtype=bool))

    def direction(self, free: AnyArray) -> tuple[FloatArray, FloatArray] | None:
        """Return how weights and slopes change per unit of the way, None if that is open."""
        changed = np.flatnonzero(free != self._base.free)
        if len(changed) <= _CHANGES * (self._base.size - _FEW):
            du = self._base.bordered(changed)
            dslope = self._toward + self._hessian @ du
            if np.abs(dslope[free]).max(initial=0.0) <= _ZERO * np.abs(self._toward).max():
                return du, np.where(free, 0.0, dslope)
        self._base = _Base(self._hessian, self._toward, free.copy())
        du = self._base.moves
        if not np.all(np.isfinite(du)):
            return None
        return du, np.where(free, 0.0, self._toward + self._hessian @ du)


class _Base:
    """The factored Hessian of some free weights, and what borders it."""

    def __init__(self, hessian: FloatArray, toward: FloatArray, free: AnyArray) -> None:
        self._hessian, self._toward, self.free = hessian, toward, free
        self._index = np.flatnonzero(free)
        self.size = len(self._index)
        self._borders: dict[int, FloatArray] = {}
        #: Of the weights per unit of the way, NaN where the Hessian is singular.
        self.moves = np.zeros(len(toward))
        if self.size == 0:
            return
        matrix = hessian.take(self._index, axis=0).take(self._index, axis=1)
        self._factor, info = linalg.lapack.dpotrf(matrix, lower=1, clean=0)
        self.moves[self._index] = -self._solve(toward[self._index]) if info == 0 else np.nan

    def bordered(self, changed: AnyArray) -> FloatArray:
        """Return how the weights move where some of them have been freed or held since."""
        if len(changed) == 0:
            return self.moves
        held = self.free[changed]
        both_free = ~held & ~held[:, None]
        borders = np.array([self._border(j) for j in changed.tolist()])
        # A weight that is freed has no slope, one that is held does not move.
        rows = self._hessian[changed]
        rows[held] = 0.0
        rows[held, changed[held]] = 1.0
        schur = np.where(both_free, self._hessian[np.ix_(changed, changed)], 0.0)
        schur -= rows @ borders.T
        right = -np.where(held, 0.0, self._toward[changed]) - rows @ self.moves
        try:
            border = np.linalg.solve(schur, right)
        except np.linalg.LinAlgError:
            return np.full_like(self.moves, np.nan)
        moves = self.moves - border @ borders
        moves[changed] = np.where(held, 0.0, border)
        return np.asarray(moves)

    def _border(self, j: int) -> FloatArray:
        """Return by how much less the others move per unit of what is done at one."""
        if j not in self._borders:
            image = np.zeros(len(self._toward))
            unit = np.where(self._index == j, 1.0, 0.0)
            right = unit if self.free[j] else self._hessian[j, self._index]
            image[self._index] = self._solve(right)
            self._borders[j] = image
        return self._borders[j]

    def _solve(self, right: FloatArray) -> FloatArray:
        return np.asarray(linalg.lapack.dpotrs(self._factor, right, lower=1)[0])
