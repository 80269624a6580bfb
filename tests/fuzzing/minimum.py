"""A lower value of F than a fit has found, if there is one.

Projected Newton in extended precision (Bertsekas, SIAM J. Control Optim. 20, 1982) on the free
coefficients: all but those at a bound, or at zero under the L1 penalty, whose gradient holds them.
Every value is that of F at a feasible place. A weak search finds too high a value and never
accuses a fit that is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuzzing.exact import LD, ONE
from fuzzing.hessian import is_regular, of_layer, of_neuron, solve
from fuzzing.slopes import derivatives

#: Activations whose log loss is convex; with squared error the identity is.
CONVEX = ("sigmoid", "tanh", "probit", "cloglog", "loglog")

# Products for one Hessian in extended precision, above which BLAS takes them in float64.
_EXTENDED_WORK = 2e6

# Largest number of Newton steps of one search.
_STEPS = 60

# Damping that is tried in turn, as a fraction of the diagonal of the Hessian.
_DAMPING = (0.0, 1e-10, 1e-4, 1.0)

# A step is halved this often at most, and doubled while F falls.
_HALVINGS, _DOUBLINGS = 30, 40

# Where F is not convex a search stays this near, in every linear predictor, and takes these steps.
_NEAR, _NEAR_STEPS = 0.1, 10

# The quadratic model is exact enough if no linear predictor changes by more in its step.
_SMALL_STEP = 1e-4


def is_convex(task):
    """Whether F is, so that every lower value proves a gap."""
    if task.loss == "softmax":
        return True
    return task.activation in (("identity",) if task.loss == "squared_error" else CONVEX)


@dataclass
class Found:
    """Where a search has ended.

    ``certain`` if Newton's own step was small in every row, ``regular`` if the Hessian of the free
    coefficients was.
    """

    value: np.longdouble
    params: np.ndarray
    certain: bool
    regular: bool = False


class Search:
    """Newton on one task."""

    def __init__(self, task):
        self.task = task
        self.home = None
        K, m = task.n_outputs, task.A.shape[1]
        self.shape = (K, m)
        d = m - 1
        self.ridge, self.lasso = np.zeros(m, LD), np.zeros(m, LD)
        self.ridge[:d], self.lasso[:d] = task.ridge, task.lasso
        self.low, self.high = np.full(m, -np.inf, LD), np.full(m, np.inf, LD)
        self.low[:d], self.high[:d] = task.low, task.high
        if not task.fit_intercept:
            self.low[-1] = self.high[-1] = 0
        self.extended = len(task.A) * (K * m) ** 2 <= _EXTENDED_WORK

    def smooth(self, params):
        """Return the gradient of the smooth part, and Hessian blocks' weights."""
        task, A = self.task, self.task.A
        z = task.z(params)
        if task.loss == "softmax":
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            rest = 1 - p
            top = p.argmax(axis=1)
            rows = np.arange(len(p))
            others = p.copy()
            others[rows, top] = 0
            rest[rows, top] = others.sum(axis=1)
            slope = p.copy()
            slope[rows, task.y] = -rest[rows, task.y]
            gradient = (task.weights[:, None] * slope).T @ A
            return gradient + self.ridge * params, (p, rest)
        first, second = derivatives(task.activation, task.loss, task.y, z)
        gradient = ((task.weights * first) @ A)[None]
        return gradient + self.ridge * params, second

    def hessian(self, curvature, free):
        """Return the Hessian of the free parameters with a unit diagonal, and the units."""
        kind = LD if self.extended else np.float64
        if self.shape[0] == 1:
            return of_neuron(self.task, self.ridge, curvature, free[0], kind)
        return of_layer(self.task, self.ridge, curvature, free, kind)

    def step(self, H, units, gradient, damping):
        """Return -(H + damping)⁻¹ g, or None if it is not finite."""
        with np.errstate(all="ignore"):
            solved = solve(H + damping * np.eye(len(H)), gradient / units)
            step = None if solved is None else -solved / units
        return step if step is not None and np.all(np.isfinite(step)) else None

    def project(self, params, low, high):
        return np.minimum(np.maximum(params, low), high)

    def value(self, params):
        """Return F, infinite too far from home."""
        if self.home is not None:
            with np.errstate(all="ignore"):
                away = np.abs(self.task.z(params) - self.home).max()
            if not away <= _NEAR:
                return LD(np.inf)
        return self.task.value(params)

    def near(self, params):
        """Return the lowest place found on a short way down: proof of a gap without convexity."""
        self.home = self.task.z(params)
        return self.from_place(params, _NEAR_STEPS)

    def from_place(self, params, steps=_STEPS):
        """Return the lowest place on the way from a start."""
        params = self.project(np.array(params, LD), self.low, self.high)
        value = self.value(params)
        certain = regular = False
        for _ in range(steps):
            with np.errstate(all="ignore"):
                gradient, curvature = self.smooth(params)
            side = np.sign(params)
            side = np.where((side == 0) & (np.abs(gradient) > self.lasso), -np.sign(gradient), side)
            pull = gradient + self.lasso * side
            free = (self.low < self.high) & ~((self.lasso > 0) & (side == 0))
            free &= ~((params <= self.low) & (pull > 0)) & ~((params >= self.high) & (pull < 0))
            if not free.any() or not np.all(np.isfinite(pull)):
                certain = bool(np.all(np.isfinite(pull)))
                break
            low = np.where((self.lasso > 0) & (side > 0), np.maximum(self.low, 0), self.low)
            high = np.where((self.lasso > 0) & (side < 0), np.minimum(self.high, 0), self.high)
            with np.errstate(all="ignore"):
                H, units = self.hessian(curvature, list(free))
                regular = is_regular(H)
            lower, sure = self._line(params, value, pull[free], free, H, units, low, high)
            certain = sure
            if lower is None:
                break
            fell = value - lower[0]
            value, params = lower
            if sure and fell <= 1e-19 * abs(value):
                break
        return Found(value, params, certain, regular)

    def _line(self, params, value, pull, free, H, units, low, high):
        """Return a lower place along one of the damped steps, and whether Newton's was small."""
        sure = False
        for damping in _DAMPING:
            found = self.step(H, units, pull, damping)
            if found is None:
                continue
            direction = np.zeros(self.shape, LD)
            direction[free] = found
            if damping == 0:
                with np.errstate(all="ignore"):
                    sure = bool(np.abs(self.task.A @ direction.T).max() < _SMALL_STEP)
            best = None
            length = ONE
            for _ in range(_HALVINGS):
                place = self.project(params + length * direction, low, high)
                there = self.value(place)
                if there < value:
                    best = (there, place)
                    break
                length /= 2
            if best is None:
                continue
            if length == 1:
                for _ in range(_DOUBLINGS):
                    length *= 2
                    place = self.project(params + length * direction, low, high)
                    there = self.value(place)
                    if not there < best[0]:
                        break
                    best = (there, place)
            return best, sure
        return None, sure

    def without_outliers(self):
        """Return a start: the minimum on rows without values far from their column's middle."""
        task = self.task
        size = np.abs(task.A[:, :-1])
        middle = np.sort(size, axis=0)[(3 * len(size)) // 4]
        ordinary = ~np.any(size > 100 * np.where(middle > 0, middle, np.inf), axis=1)
        ordinary &= ~np.any((middle == 0) & (size > 0), axis=1)
        if ordinary.all() or ordinary.sum() < 3 or len(np.unique(task.y[ordinary])) < 2:
            return None
        weights = task.weights[ordinary] / task.weights[ordinary].sum()
        part = task.on(ordinary, weights)
        return Search(part).from_place(np.zeros(self.shape, LD)).params


def minimum(task, stored):
    """Return the lowest value of F that any start leads to, and whether it is certain."""
    search = Search(task)
    if not is_convex(task):
        return search.near(stored)
    best = search.from_place(stored)
    if best.certain and search.extended and task.loss != "softmax":
        starts = []
    else:
        starts = [np.zeros(search.shape, LD)]
    far = search.without_outliers()
    if far is not None:
        starts.append(far)
        if len(starts) == 1:
            starts.append(np.zeros(search.shape, LD))
    for start in starts:
        found = search.from_place(start)
        if found.value < best.value or (
            found.certain and not best.certain and found.value <= best.value
        ):
            best = found
    return best
