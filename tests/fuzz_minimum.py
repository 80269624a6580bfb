"""A lower value of F than a fit has found, if there is one.

Projected Newton in extended precision (Bertsekas, SIAM J. Control Optim. 20, 1982) on the free
coefficients: all but those at a bound, or at zero under the L1 penalty, whose gradient holds them.
Every value is that of F at a feasible place. A weak search finds too high a value and never
accuses a fit that is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from fuzz_exact import LD, LOG_PROBA, ONE, PI, error
from scipy import linalg, special

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

# Pivots of a matrix of unit diagonal below this are rounding.
_PIVOT = 1e-17


def is_convex(task):
    """Whether F is, so that every lower value proves a gap."""
    if task.loss == "softmax":
        return True
    return task.activation in (("identity",) if task.loss == "squared_error" else CONVEX)


def _slope(activation, z):
    """Return f'(z)."""
    if activation == "identity":
        return np.ones_like(z)
    if activation in ("relu", "leaky_relu"):
        return np.where(z > 0, ONE, LD("0.01") if activation == "leaky_relu" else LD(0))
    if activation == "tanh":
        return 1 / np.cosh(z) ** 2
    if activation == "probit":
        return np.exp(-z * z / 2) / np.sqrt(2 * PI)
    if activation == "cauchit":
        return 1 / (PI * (1 + z * z))
    low, high = LOG_PROBA[activation](z)
    if activation == "sigmoid":
        return np.exp(low + high)
    # cloglog: exp(z - eᶻ), of which loglog is the mirror.
    return np.exp(z + low) if activation == "cloglog" else np.exp(high - z)


def _derivatives(activation, loss, y, z):
    """Return the first and second derivative of the loss, for one output.

    Where the loss is not convex the second is Gauss's and Fisher's, which is not negative.
    """
    if loss == "squared_error":
        slope = _slope(activation, z)
        return error(activation, y, z) * slope, slope * slope
    sign = np.where(y, ONE, -ONE)
    if activation == "cauchit":
        slope = _slope(activation, z)
        low, high = (np.exp(part) for part in LOG_PROBA["cauchit"](z))
        return -sign * slope / np.where(y, high, low), slope * slope / (low * high)
    if activation in ("sigmoid", "tanh"):
        k = 1 if activation == "sigmoid" else 2
        wrong = 1 / (1 + np.exp(sign * k * z))
        return -k * sign * wrong, k * k * wrong / (1 + np.exp(-sign * k * z))
    if activation == "probit":
        m = sign * z
        ratio = np.sqrt(2 / PI) / special.erfcx(np.float64(-m / np.sqrt(LD(2))))
        curvature = np.where(m < -1e4, ONE, ratio * (ratio + m))
        return -sign * ratio, np.maximum(curvature, 0)
    mirrored = activation == "loglog"
    m, event = (-z, 1 - y) if mirrored else (z, y)
    t = np.exp(np.minimum(m, LD(709)))
    s = np.where(t > 0, t / np.where(t > 0, np.expm1(t), 1), 1)
    excess = np.where(t < 1e-3, t / 2 + t * t / 12, t + s - 1)
    first = np.where(event, -s, t)
    return (-first if mirrored else first), np.where(event, s * excess, t)


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
        first, second = _derivatives(task.activation, task.loss, task.y, z)
        gradient = ((task.weights * first) @ A)[None]
        return gradient + self.ridge * params, second

    def hessian(self, curvature, free):
        """Return the Hessian of the free parameters with a unit diagonal, and the units."""
        task, K = self.task, self.shape[0]
        kind = LD if self.extended else np.float64
        if K == 1:
            columns = np.sqrt(task.weights * curvature)[:, None] * task.A[:, free[0]]
            ridge = self.ridge[free[0]]
            units = np.sqrt((columns * columns).sum(axis=0) + ridge)
            units = np.where(units > 0, units, 1)
            B = (columns / units).astype(kind)
            H = B.T @ B + np.diag(ridge / units**2).astype(kind)
            return H, units
        p, rest = curvature
        root = np.sqrt(task.weights)[:, None]
        diagonal = [root * np.sqrt(p[:, [k]] * rest[:, [k]]) * task.A[:, free[k]] for k in range(K)]
        cross = [root * p[:, [k]] * task.A[:, free[k]] for k in range(K)]
        units = [
            np.sqrt((c * c).sum(axis=0) + self.ridge[f])
            for c, f in zip(diagonal, free, strict=True)
        ]
        units = [np.where(u > 0, u, 1) for u in units]
        blocks = [[None] * K for _ in range(K)]
        scaled = [(c / u).astype(kind) for c, u in zip(cross, units, strict=True)]
        for k in range(K):
            own = (diagonal[k] / units[k]).astype(kind)
            blocks[k][k] = own.T @ own + np.diag(self.ridge[free[k]] / units[k] ** 2).astype(kind)
            for j in range(k):
                blocks[k][j] = -(scaled[k].T @ scaled[j])
                blocks[j][k] = blocks[k][j].T
        return np.block(blocks), np.concatenate(units)

    def step(self, H, units, gradient, damping):
        """Return -(H + damping)⁻¹ g, or None if it is not finite."""
        H = H + damping * np.eye(len(H))
        scaled = gradient / units
        with np.errstate(all="ignore"):
            if self.extended:
                solved = _solve(H, scaled)
            else:
                if not (np.all(np.isfinite(H)) and np.all(np.isfinite(np.float64(scaled)))):
                    return None
                values, vectors = linalg.eigh(H)
                keep = values > 1e-14 * values.max(initial=0)
                solved = LD(vectors[:, keep]) @ ((LD(vectors[:, keep].T) @ scaled) / values[keep])
            step = -solved / units
        return step if np.all(np.isfinite(step)) else None

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
                regular = _is_regular(H)
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
        part = Task_on(task, ordinary, weights)
        return Search(part).from_place(np.zeros(self.shape, LD)).params


def _is_regular(H):
    """Whether a matrix of unit diagonal is far from singular."""
    H = H.astype(np.float64)
    return bool(np.all(np.isfinite(H)) and np.linalg.eigvalsh(H)[0] > 1e-8)


def Task_on(task, rows, weights):
    """Return the task on some of its rows."""
    from dataclasses import replace

    return replace(task, A=task.A[rows], y=task.y[rows], weights=weights, offset=task.offset[rows])


def _solve(H, g):
    """Return H⁻¹g by Cholesky's way in extended precision; directions that are rounding get zero."""
    n = len(g)
    L, keep = np.array(H), np.ones(n, bool)
    for j in range(n):
        if not L[j, j] > _PIVOT:
            keep[j] = False
            L[j:, j] = 0
            continue
        L[j:, j] = L[j:, j] / np.sqrt(L[j, j])
        if j + 1 < n:
            column = L[j + 1 :, j]
            L[j + 1 :, j + 1 :] -= column[:, None] * column
    x = np.array(g)
    for j in range(n):
        x[j] = (x[j] - L[j, :j] @ x[:j]) / L[j, j] if keep[j] else 0
    for j in range(n - 1, -1, -1):
        x[j] = (x[j] - L[j + 1 :, j] @ x[j + 1 :]) / L[j, j] if keep[j] else 0
    return x


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
