"""F of stored coefficients in extended precision, written without the package's own formulas.

A ``Task`` is one objective: a neuron of two classes, one class against the others, or a softmax.
Columns of 1e15 cancel in w·x + b. The task therefore subtracts from each column a float64 near
its median, and computes the new intercept b + Σ wⱼcⱼ in fractions. The products are then of
the size of the spread of a column, and ``np.longdouble`` has 11 bits more than float64.

Two evaluations of the linear predictor are legitimate for float64 coefficients: the exact one,
and the float64 sum that ``decision_function`` returns. ``objective_`` may be F at either of
them, or between the two. It may also differ from them by ``rounding``: a float64 sum over
centered columns has this error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy import special

LD = np.longdouble
ONE = LD(1)
PI = 4 * np.arctan(ONE)
EPS = float(np.finfo(np.float64).eps)

#: Whether ``np.longdouble`` is longer than a float64 here.
EXTENDED = bool(np.finfo(LD).eps < EPS / 1000)

# exp of this is the largest float64, at which the extreme value activations stop by contract.
_LOG_LARGEST = np.log(LD(np.finfo(np.float64).max))

# Units in the last place that a float64 evaluation over centered columns may lose: one for each
# of product, sum, centering and scaling, doubled.
_ULPS = 8


def _log_expit(z):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def _log_normal_cdf(z):
    """Return log Φ(z); z²/2 in extended precision, the remaining factor by ``erfcx``."""
    far = np.abs(z)
    tail = np.log(special.erfcx(np.float64(far / np.sqrt(LD(2)))) / LD(2)) - far * far / 2
    return np.where(z < 0, tail, np.log1p(-np.exp(np.where(z < 0, -ONE, tail))))


def _log_exponential(z):
    """Return (log(1 - p), log p) of the complementary log-log with t = eᶻ."""
    t = np.exp(np.minimum(z, _LOG_LARGEST))
    small = np.where(z < -30, z - t / 2, np.log(-np.expm1(-np.minimum(t, 1))))
    return -t, np.where(t < 0.7, small, np.log1p(-np.exp(-np.maximum(t, 0.5))))


def _log_cauchy_cdf(z):
    far = np.arctan2(ONE, np.abs(z)) / PI
    return np.where(z < 0, np.log(far), np.log1p(-far))


#: (log(1 - p), log p) by name of the activation.
LOG_PROBA = {
    "sigmoid": lambda z: (_log_expit(-z), _log_expit(z)),
    "tanh": lambda z: (_log_expit(-2 * z), _log_expit(2 * z)),
    "probit": lambda z: (_log_normal_cdf(-z), _log_normal_cdf(z)),
    "cloglog": _log_exponential,
    "loglog": lambda z: _log_exponential(-z)[::-1],
    "cauchit": lambda z: (_log_cauchy_cdf(-z), _log_cauchy_cdf(z)),
}

#: (f, targets) for the squared error, of activations without probabilities.
OUTPUT = {
    "identity": (lambda z: z, (0, 1)),
    "relu": (lambda z: np.maximum(z, 0), (0, 1)),
    "leaky_relu": (lambda z: np.where(z > 0, z, LD("0.01") * z), (0, 1)),
    "tanh": (np.tanh, (-1, 1)),
}


def losses(activation, loss, y, z):
    """Return ℓ(yᵢ, zᵢ), in the precision of z."""
    if loss == "softmax":
        top = z.max(axis=1)
        total = np.log(np.exp(z - top[:, None]).sum(axis=1))
        return total - (z[np.arange(len(y)), y] - top)
    if loss == "log_loss":
        low, high = LOG_PROBA[activation](z)
        return -np.where(y, high, low)
    return error(activation, y, z) ** 2 / 2


def error(activation, y, z):
    """Return f(z) minus the target of the squared error."""
    if activation in OUTPUT:
        f, (low, high) = OUTPUT[activation]
        return f(z) - np.where(y, high, low)
    # 1 - p is exact where p rounds to one.
    low, high = LOG_PROBA[activation](z)
    return np.where(y, -np.exp(low), np.exp(high))


@dataclass
class Task:
    """One objective. Rows of weight zero are left out, and weights sum to one."""

    activation: str
    loss: str
    A: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    centers: np.ndarray
    fit_intercept: bool
    ridge: np.longdouble
    lasso: np.longdouble
    low: np.ndarray
    high: np.ndarray
    n_outputs: int = 1

    def place(self, coef, intercept):
        """Return stored coefficients as parameters of shape (n_outputs, n_features + 1)."""
        out = np.zeros((self.n_outputs, self.A.shape[1]), LD)
        for row, (w, b) in enumerate(zip(coef, intercept, strict=True)):
            out[row, : len(w)] = w
            if self.fit_intercept:
                shifts = [
                    Fraction(float(v)) * Fraction(float(c))
                    for v, c in zip(w, self.centers, strict=True)
                ]
                exact = Fraction(float(b)) + sum(shifts)
                out[row, -1] = extended(exact)
        return out

    def on(self, rows, weights):
        """Return the task on some of its rows, with other weights."""
        return replace(
            self, A=self.A[rows], y=self.y[rows], weights=weights, offset=self.offset[rows]
        )

    def z(self, params):
        """Return the linear predictor, of shape (n_rows,) or (n_rows, n_outputs)."""
        z = self.A @ params.T
        return (z if self.loss == "softmax" else z[:, 0]) + self.offset

    def penalty(self, params):
        """Return ridge and L1 penalty."""
        w = params[:, : len(self.centers)]
        return self.ridge / 2 * (w * w).sum() + self.lasso * np.abs(w).sum()

    def value(self, params):
        """Return F."""
        return self.value_at(self.z(params)) + self.penalty(params)

    def value_at(self, z):
        """Return the mean loss at linear predictors."""
        with np.errstate(all="ignore"):
            value = self.weights @ losses(self.activation, self.loss, self.y, LD(z))
        return value if np.isfinite(value) else LD(np.inf)

    def rounding(self, params, *, centered=True):
        """Return what a float64 evaluation over centered columns may be wrong by.

        Without ``centered``, of columns as they are.
        """
        size = np.abs(self.A) @ np.abs(params).T
        if not centered:
            size = size + 2 * np.abs(params[:, : len(self.centers)]) @ np.abs(self.centers)
        size = (size if self.loss == "softmax" else size[:, 0]) + np.abs(self.offset)
        delta = _ULPS * EPS * size
        z = self.z(params)
        with np.errstate(all="ignore"):
            here = losses(self.activation, self.loss, self.y, z)
            if self.loss == "softmax":
                # The loss of a row changes by no more than the linear predictors do.
                most = 2 * delta.max(axis=1)
            else:
                most = np.maximum(
                    np.abs(losses(self.activation, self.loss, self.y, z + delta) - here),
                    np.abs(losses(self.activation, self.loss, self.y, z - delta) - here),
                )
            return self.weights @ most + _ULPS * EPS * (
                self.weights @ np.abs(here) + self.penalty(params)
            )


def extended(exact):
    """Return a fraction as an extended number."""
    try:
        high = float(exact)
    except OverflowError:
        return LD(np.inf) * (1 if exact > 0 else -1)
    return LD(high) + LD(float(exact - Fraction(high)))


def centers_of(X, fit_intercept):
    """Return a float64 in the middle of each column: half of the values are near it."""
    return np.sort(X, axis=0)[len(X) // 2] if fit_intercept else np.zeros(X.shape[1])


def weights_of(problem, y):
    """Return sample weight times class weight, extended; None where the draw gives no model."""
    sample_weight = problem.fit.get("sample_weight")
    weights = np.ones(len(y), LD) if sample_weight is None else LD(sample_weight)
    class_weight = problem.params.get("class_weight")
    if class_weight is None:
        return weights
    sums = np.array([weights[y == k].sum() for k in range(problem.n_classes)])
    if class_weight == "balanced":
        present = sums > 0
        factors = np.where(present, sums.sum() / (present.sum() * np.where(present, sums, 1)), 1)
    else:
        labels = problem.classes.tolist()
        factors = np.array([LD(class_weight.get(label, 1.0)) for label in labels])
    return weights * factors[y]


def tasks_of(problem, activation, loss, rows=slice(None)):
    """Return the tasks of a problem on some of its rows, and the indices of its rows in use."""
    X = problem.dense[rows]
    y = problem.y_index[rows]
    weights = weights_of(problem, problem.y_index)[rows]
    used = np.flatnonzero(weights > 0)
    X, y, total = X[used], y[used], weights.sum()
    K, fit_intercept = problem.n_classes, problem.params.get("fit_intercept", True)
    centers = centers_of(X, fit_intercept)
    A = np.concatenate(
        [LD(X) - LD(centers), np.full((len(X), 1), float(fit_intercept), LD)], axis=1
    )
    # The mistakes of a perceptron do not depend on the length of w: it has no penalty.
    strength = LD(0) if activation == "step" else 1 / (LD(problem.params.get("C", 1.0)) * total)
    rho = LD(problem.params.get("l1_ratio", 0.0))
    low, high = problem.box
    offset = problem.fit.get("offset")
    offset = (
        np.zeros(len(X) if K == 2 else (len(X), K), LD)
        if offset is None
        else LD(offset)[rows][used]
    )
    shared = (centers, fit_intercept, strength * (1 - rho), strength * rho, low, high)
    w = weights[used] / total
    if K == 2:
        return [Task(activation, loss, A, y, w, offset, *shared)], used
    if activation == "sigmoid" and loss == "log_loss":
        return [Task(activation, "softmax", A, y, w, offset, *shared, n_outputs=K)], used
    return [
        Task(activation, loss, A, (y == k).astype(int), w, offset[:, k], *shared) for k in range(K)
    ], used
