"""The quadratic model with an L1 penalty and bounds, solved exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.solvers.proximal._kinked import KinkedQuadratic, solve_positive
from skneuron.solvers.proximal._path import follow_path

__all__ = ["minimize_quadratic"]

# A face is entered or left at each step. Far more of them than a solve of some hundred
# weights takes; the step that is reached by then is one of descent all the same.
_STEPS = 200

# Solved when another step would add less than this share of what the model has fallen by.
_SOLVED = 1e-13

# Columns that stand twice leave the share of each open. Where that shows, this much of the
# diagonal holds them where they start, which changes other steps by no more than that.
_PROXIMAL = 1e-9

# Guesses of who is free; where these do not settle they go round in circles.
_PIVOTS = 25

# After so many in turn that have not come nearer the minimum is followed instead.
_IDLE = 2

_ARMIJO, _HALVINGS = 1e-4, 20

# Collinear columns leave directions in which only a kink ends the step. Damped by these
# shares of the diagonal, one after the other, it becomes one along the scaled gradient.
_DAMPINGS = (0.0, 1e-8, 1e-4, 1.0, 100.0)


def minimize_quadratic(q: KinkedQuadratic) -> tuple[FloatArray, float]:
    """Return the minimum and how much lower it is than at the start, which is not negative.

    By an active set method that needs few solves where it converges, else by following
    the minimum (:mod:`skneuron.solvers.proximal._path`), each once more with a little of the
    diagonal added where neither ends, as where the Hessian is singular, else by Newton steps on the
    free weights, projected onto the orthant and the bounds in which the model is smooth
    (two-metric projection; Bertsekas, SIAM J. Control Optim. 20, 1982; for the kinks Andrew &
    Gao, ICML 2007). Weights at zero or at a bound are there exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.proximal._kinked import KinkedQuadratic, solve_positive
    >>> from skneuron.solvers.proximal._quadratic import minimize_quadratic
    >>> free = np.full(2, np.inf)
    >>> parts = np.array([-3.0, -0.5]), np.zeros(2), np.ones(2)
    >>> u, decrease = minimize_quadratic(KinkedQuadratic(np.eye(2), *parts, -free, free))
    >>> u.tolist(), decrease
    ([2.0, 0.0], 2.0)
    """
    model = q
    for proximal in (0.0, _PROXIMAL):
        if proximal:
            model = replace(q, hessian=q.hessian + np.diag(proximal * np.diag(q.hessian)))
        for method in (_by_pivots, follow_path):
            u = method(model)
            if u is not None and q.decrease(u) >= 0:
                return u, q.decrease(u)
    return _by_descent(q)


def _by_pivots(q: KinkedQuadratic) -> FloatArray | None:
    """Guess who is free, solve, and guess again until the guess proves right.

    A primal-dual active set method (Hintermüller, Ito & Kunisch, SIAM J. Optim. 13, 2002):
    few solves where it converges, which it does not have to.
    """
    hessian, gradient, start, lasso = q.hessian, q.gradient, q.start, q.lasso
    diagonal = np.diag(hessian)
    if not np.all(diagonal > 0):
        return None
    u, slope = start, gradient
    last, fewest, idle = None, len(start) + 1, 0
    for _ in range(_PIVOTS):
        target = u - slope / diagonal
        shrunk = np.sign(target) * np.maximum(np.abs(target) - lasso / diagonal, 0)
        held = np.clip(shrunk, q.low, q.high)
        free = ((held != 0) | (lasso == 0)) & (held > q.low) & (held < q.high)
        sign = np.where(free, np.sign(held), 0.0)
        guess = np.where(free, 3.0 + sign, held)
        if last is not None and np.array_equal(guess, last):
            return u
        if last is not None:
            changed = int(np.count_nonzero(guess != last))
            idle = idle + 1 if changed >= fewest else 0
            fewest = min(fewest, changed)
        if idle >= _IDLE:
            return None
        last = guess
        change = np.where(free, 0.0, held - start)
        if np.any(free):
            right = gradient[free] + (hessian @ change)[free] + (lasso * sign)[free]
            step = solve_positive(hessian[np.ix_(free, free)], right)
            if step is None:
                return None
            change[free] = -step
        # At its place exactly, whatever start and change round to.
        u = np.where(free, start + change, held)
        slope = gradient + hessian @ (u - start)
    return None


def _by_descent(q: KinkedQuadratic) -> tuple[FloatArray, float]:
    """Newton steps on the free weights, projected, each of which lowers the model."""
    u, slope = q.start.copy(), q.gradient.copy()
    fallen = 0.0
    for _ in range(_STEPS):
        total, bottom, top = _smooth_piece(u, slope, q)
        free = ~(((u <= bottom) & (total >= 0)) | ((u >= top) & (total <= 0)))
        if not np.any(free):
            break
        moved = None
        for damping in _DAMPINGS:
            step = np.zeros_like(u)
            step[free] = _newton_step(q.hessian, total, free, damping)
            promised = -0.5 * float(total @ step)
            if promised <= _SOLVED * fallen:
                return u, fallen
            moved = _projected_search(q.hessian, total, u, step, bottom, top)
            if moved is not None:
                break
        if moved is None:
            break
        u, change, decrease = moved
        slope = slope + q.hessian @ change
        fallen += decrease
    return u, fallen


def _smooth_piece(
    u: FloatArray, slope: FloatArray, q: KinkedQuadratic
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return slope, lower and upper bounds of the smooth piece that u may move in."""
    lasso, low, high = q.lasso, q.low, q.high
    sign = np.sign(u)
    at_zero = (sign == 0) & (lasso > 0)
    pull = np.where(slope < -lasso, 1.0, np.where(slope > lasso, -1.0, 0.0))
    sign = np.where(at_zero, pull, sign)
    bent = lasso > 0
    bottom = np.where(bent & (sign >= 0), np.maximum(low, 0), low)
    top = np.where(bent & (sign <= 0), np.minimum(high, 0), high)
    # Bounds that exclude zero put every weight on one side of it.
    bottom, top = np.minimum(bottom, u), np.maximum(top, u)
    total = np.where(at_zero & (sign == 0), 0.0, slope + lasso * sign)
    return total, bottom, top


def _newton_step(
    hessian: FloatArray, total: FloatArray, free: AnyArray, damping: float
) -> FloatArray:
    """Return the step of the free weights, none where the Hessian is not positive definite."""
    part = hessian[np.ix_(free, free)]
    if damping:
        part = part + np.diag(damping * np.maximum(np.diag(part), np.finfo(np.float64).tiny))
    step = solve_positive(part, total[free])
    return np.full(len(part), np.nan) if step is None else -step


def _projected_search(
    hessian: FloatArray,
    total: FloatArray,
    u: FloatArray,
    step: FloatArray,
    bottom: FloatArray,
    top: FloatArray,
) -> tuple[FloatArray, FloatArray, float] | None:
    """Halve the step until its projection falls enough: (u, its change, the decrease)."""
    if not np.all(np.isfinite(step)):
        return None
    length = 1.0
    for _ in range(_HALVINGS):
        trial = np.clip(u + length * step, bottom, top)
        change = trial - u
        linear = float(total @ change)
        decrease = -linear - 0.5 * float(change @ (hessian @ change))
        if decrease >= -_ARMIJO * linear and decrease > 0:
            return trial, change, decrease
        length /= 2
    return None
