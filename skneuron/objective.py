"""The objective: the one place that knows the bias and the weights of samples.

Conventions
-----------
F(w, b) = Σᵢ sᵢ ℓ(yᵢ, zᵢ) / S + λ [(1-ρ)/2 ‖w‖² + ρ ‖w‖₁], with z = w·x + b, S = Σᵢ sᵢ,
λ = 1/(C·S) and ρ the ``l1_ratio``; w may have bounds.

Solvers work on parameters v of shape (n_outputs * n_coordinates,), per output the
weights first and the bias last. They belong to standardized columns,
v = scale · w, with scale² = variance + 4λ(1-ρ): then every column has a curvature of
order one, whatever its unit, and the penalty, exactly the one on w, is
Σ ½ λ(1-ρ)/scale² · v² + λρ/scale · |v|.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import (
    DesignMatrix,
    Moments,
    ReadyDesign,
    StandardizedDesign,
    column_moments,
)
from skneuron.losses import Loss
from skneuron.penalties import Penalty

__all__ = ["Objective", "Regularization"]

# A softmax layer does not change when all its neurons are shifted alike. Curvature of
# this size is added in those directions, where every gradient is zero: the Hessian
# becomes regular and the solution stays the one whose classes sum to zero.
_GAUGE = 0.25

# Below it deviations have lost digits to subnormal numbers and weights of order 1/scale
# come close to the largest double.
_SMALLEST_SCALE = 1e-290

# A class of which a subsample would hold fewer than this share of an equal part is
# sampled on its own.
_RARE = 0.25


@dataclass(frozen=True)
class Regularization:
    """What holds the raw weights back.

    Attributes
    ----------
    strength : float
        λ.
    l1_ratio : float
        ρ.
    low, high : ndarray of shape (n_features,) or None
        Bounds of the weights.
    """

    strength: float
    l1_ratio: float = 0.0
    low: FloatArray | None = None
    high: FloatArray | None = None


class Objective:
    """Mean loss plus penalty as a function of the scaled weights and the bias.

    Parameters
    ----------
    design : DesignMatrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class indices.
    loss : Loss
    sample_weight : ndarray of shape (n_samples,)
        Positive, of sum 1.
    regularization : Regularization
    fit_intercept : bool
    moments : Moments, optional
        Those of the design, if they are known.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> from skneuron.losses import LogisticLoss
    >>> from skneuron.objective import Objective, Regularization
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> none = Regularization(0.0)
    >>> F = Objective(DesignMatrix(X), y, LogisticLoss(), np.full(2, 0.5), none, True)
    >>> round(F.zero_value, 4)
    0.6931
    """

    def __init__(
        self,
        design: DesignMatrix,
        y: AnyArray,
        loss: Loss,
        sample_weight: FloatArray,
        regularization: Regularization,
        fit_intercept: bool,
        moments: Moments | None = None,
    ) -> None:
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.n_features = design.shape[1]
        self.n_outputs = loss.n_outputs
        self.n_coordinates = self.n_features + int(fit_intercept)
        self.n_params = self.n_outputs * self.n_coordinates
        self._y = y
        self._labels = loss.encode(y)
        self._weights = sample_weight
        moments = moments or column_moments(design, sample_weight, center=fit_intercept)
        if moments is None:
            raise ValueError("X has values that are not finite")
        self._scale_columns(design, moments, regularization)
        self._class_weights = np.bincount(y, sample_weight)
        known = np.arange(len(self._class_weights))
        zero = np.zeros((len(known), self.n_outputs)[: 1 + (self.n_outputs > 1)])
        self.zero_value = float(self._class_weights @ loss.value(known, zero))

    def _scale_columns(
        self, design: DesignMatrix, moments: Moments, regularization: Regularization
    ) -> None:
        strength, l1_ratio = regularization.strength, regularization.l1_ratio
        root = np.sqrt(strength * (1 - l1_ratio))
        with np.errstate(over="ignore"):
            scale = np.hypot(moments.deviation, 2 * root)
        if not np.all(np.isfinite(scale)):
            column = int(np.flatnonzero(~np.isfinite(scale))[0])
            raise ValueError(
                f"column {column} of X spreads so wide that its deviation is no float64; "
                "expected values below about 1e300 in magnitude: rescale it"
            )
        small = (moments.deviation > 0) & (scale < _SMALLEST_SCALE)
        if np.any(small):
            raise ValueError(
                f"column {int(np.flatnonzero(small)[0])} of X has values so small that its weight "
                "may be beyond float64; expected a deviation above 1e-290: rescale it"
            )
        low, high = regularization.low, regularization.high
        low = np.full(len(scale), -np.inf) if low is None else low
        high = np.full(len(scale), np.inf) if high is None else high
        # A constant column says nothing that the bias does not: as the infinite scale
        # makes it exactly zero, its weight is too, and any curvature will do for it.
        # Bounds that exclude zero give it a weight all the same.
        constant = moments.deviation == 0
        held = constant & ((low > 0) | (high < 0))
        scale = np.where(held, 1.0, scale)
        silent = constant & ~held
        self.scale = np.where(silent, np.inf, scale)
        self.center = np.where(silent, 0.0, moments.mean)
        self._design = design
        standardized = StandardizedDesign(design, self.center, self.scale, moments.deviation)
        self._X: StandardizedDesign | ReadyDesign = standardized
        self._reads_of_copy = 0
        if standardized.is_small():
            self._X = standardized.take(slice(None))
        self.variance = (moments.deviation / scale) ** 2
        d, m = self.n_features, self.n_coordinates
        ridge, lasso = np.zeros(m), np.zeros(m)
        bottom, top = np.full(m, -np.inf), np.full(m, np.inf)
        ridge[:d] = np.where(silent, 1.0, (root / scale) ** 2)
        lasso[:d] = np.where(silent, 0.0, strength * l1_ratio / scale)
        bottom[:d] = np.where(silent, -np.inf, low * scale)
        top[:d] = np.where(silent, np.inf, high * scale)
        self.penalty = Penalty(ridge, lasso, bottom, top)
        self.is_smooth = self.penalty.is_smooth

    # --- its rows ---------------------------------------------------------------------

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self._X.shape[0]

    @property
    def n_stored(self) -> int:
        """Number of stored elements of X."""
        return self._X.n_stored

    @property
    def reads(self) -> float:
        """How often all rows have been read so far; of a small X a copy is."""
        return self._design.reads + self._reads_of_copy

    def subsample(self, m: int, rng: np.random.Generator) -> Objective:
        """Return the same objective on about ``m`` rows, in the same coordinates.

        Rows are drawn one from each of m stretches of equal length. A class that would
        hardly be seen is drawn on its own, and every class keeps its total weight.
        """
        n = self.n_samples
        rows = _one_of_each_stretch(n, m, rng)
        drawn = np.bincount(self._y[rows], minlength=len(self._class_weights))
        enough = _RARE * m / len(drawn)
        rare = [k for k in np.flatnonzero(drawn < enough) if self._class_weights[k] > 0]
        if rare:
            keep = ~np.isin(self._y[rows], rare)
            groups = [rows[keep]]
            for k in rare:
                members = np.flatnonzero(self._y == k)
                groups.append(
                    members[_one_of_each_stretch(len(members), int(np.ceil(enough)), rng)]
                )
            rows = np.sort(np.concatenate(groups))
        y, weights = self._y[rows], self._weights[rows]
        totals = np.bincount(y, weights, minlength=len(self._class_weights))
        factors = np.divide(
            self._class_weights, totals, out=np.zeros_like(totals), where=totals > 0
        )
        out = copy.copy(self)
        out._reads_of_copy = 0
        out._X, out._y, out._labels = self._X.take(rows), y, self._labels[rows]
        out._weights = weights * factors[y]
        return out

    def second_moments(self) -> FloatArray:
        """Return the mean of x̃² of each column on these rows."""
        return self._X.second_moments(self._weights)

    def restrict(self, columns: AnyArray) -> Objective:
        """Return the same objective with the weights of all other columns at zero.

        The parameters are those of these columns, and the bias.
        """
        kept = np.append(columns, self.n_features) if self.fit_intercept else columns
        out = copy.copy(self)
        out._X = self._X.columns(columns)
        out.scale, out.center = self.scale[columns], self.center[columns]
        out.variance = self.variance[columns]
        out.n_features, out.n_coordinates = len(columns), len(kept)
        out.n_params = self.n_outputs * out.n_coordinates
        out.penalty = self.penalty.take(kept)
        return out

    # --- between the solver's coordinates and the user's ------------------------------

    def to_weights(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (coef of shape (n_outputs, n_features), intercept of shape (n_outputs,))."""
        weights, bias = self._split(params)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            coef = weights / self.scale
            intercept = bias - coef @ self.center
        return coef, intercept

    def from_weights(self, coef: FloatArray, intercept: FloatArray) -> FloatArray:
        """Return the parameters of raw weights; a layer's are brought to sum zero."""
        params = np.zeros((self.n_outputs, self.n_coordinates))
        known = np.isfinite(self.scale)
        params[:, : self.n_features][:, known] = coef[:, known] * self.scale[known]
        if self.fit_intercept:
            params[:, -1] = intercept + coef @ self.center
        if self.n_outputs > 1 and self.is_smooth:
            params -= params.mean(axis=0)
        return self.penalty.project(params).ravel()

    def start(self) -> FloatArray:
        """Return where learning starts: every pre-activation at ``loss.start``.

        Without a bias that can only be approached: then the weights are one step of
        steepest descent for least squares from zero, along X̃ᵀSt with targets t.
        """
        params = np.zeros((self.n_outputs, self.n_coordinates))
        if self.loss.start == 0:
            return self.penalty.project(params).ravel()
        if self.fit_intercept:
            params[:, -1] = self.loss.start
            return self.penalty.project(params).ravel()
        zero = np.zeros((1, self.n_features)), np.zeros(1)
        direction = self._X.sweep(
            *zero, lambda rows, z: (0.0, self._weights[rows] * self._y[rows], None)
        ).weights
        z = self._X.forward(direction, zero[1])
        match = float(self._weights @ (z * self._y))
        curvature = float(self._weights @ z**2)
        params[:] = direction * (match / curvature if curvature > 0 else 0.0)
        return self.penalty.project(params).ravel()

    # --- value and derivatives --------------------------------------------------------

    def value_gradient(self, params: FloatArray) -> tuple[float, FloatArray]:
        """Return F and the gradient of its smooth part in one pass over the rows.

        Beyond the range of a double F is inf; solvers step back from there.
        """
        value, gradient, _ = self._pass(params)
        return value, gradient

    def value_gradient_hessian(self, params: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return F, gradient and Hessian of its smooth part in one pass over the rows."""
        value, gradient, hessian = self._pass(params, gram=True)
        assert hessian is not None
        return value, gradient, hessian

    def hessian(self, params: FloatArray, *, observed: bool = False) -> FloatArray:
        """Return the curvature matrix of shape (n_params, n_params).

        Positive semidefinite (Fisher or Gauss-Newton where the loss is not convex)
        unless ``observed``; a softmax layer's null directions are made regular.
        """
        hessian = self._pass(params, gram=True, observed=observed)[2]
        assert hessian is not None
        return hessian

    def _pass(
        self, params: FloatArray, *, gram: bool = False, observed: bool = False
    ) -> tuple[float, FloatArray, FloatArray | None]:
        def pointwise(rows: slice, z: FloatArray) -> tuple[float, FloatArray, FloatArray | None]:
            return self.loss.sums(
                self._labels[rows], z, self._weights[rows], curvature=gram, observed=observed
            )

        self._reads_of_copy += isinstance(self._X, ReadyDesign)
        with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
            sums = self._X.sweep(*self._split(params), pointwise, gram=gram)
            full = params.reshape(self.n_outputs, -1)
            value = sums.value + self.penalty.value(full)
            gradient = self.penalty.gradient(full)
            gradient[:, : self.n_features] += sums.weights
            if self.fit_intercept:
                gradient[:, -1] += sums.bias
            hessian = None if sums.gram is None else self._regular(sums.gram)
        return (value if np.isfinite(value) else np.inf), gradient.ravel(), hessian

    def _regular(self, gram: FloatArray) -> FloatArray:
        """Return the Hessian from the curvature of the losses."""
        n, m = self.n_outputs, self.n_coordinates
        out = np.array(gram[:, :m, :, :m])
        diagonal = np.arange(m)
        gauged = diagonal if self.is_smooth else diagonal[self.n_features :]
        for i in range(n):
            out[i, diagonal, i, diagonal] += self.penalty.ridge
            for j in range(n if n > 1 else 0):
                out[i, gauged, j, gauged] += _GAUGE / n
        return out.reshape(self.n_params, self.n_params)

    def zero_diagonal(self) -> FloatArray:
        """Return the diagonal of the Hessian where every pre-activation is zero."""
        k = self.n_outputs
        known = np.arange(len(self._class_weights))
        zero = np.zeros((len(known), k)[: 1 + (k > 1)])
        _, h = self.loss.gradient_hessian(known, zero)
        bend = np.einsum("skk->k", self._class_weights[:, None, None] * h.reshape(-1, k, k))
        out = np.ones((k, self.n_coordinates))
        out[:, : self.n_features] = self.variance
        out = bend[:, None] * out + self.penalty.ridge
        # Where there is neither variance nor penalty there is no gradient either.
        return np.asarray(np.where(out > 0, out, 1.0)).ravel()

    def hessian_root(self, params: FloatArray) -> FloatArray:
        """Return upper triangular R with RᵀR the Hessian, never forming it.

        A QR decomposition, block by block, of the rows √h·x̃ keeps directions whose
        curvature is down to 1e-30 of the largest; the Hessian itself loses them at
        1e-16 (Björck, Numerical Methods for Least Squares Problems, 1996, section 2.4).
        """
        n, m = self.n_outputs, self.n_coordinates
        penalty = np.zeros((n, m, n, m))
        diagonal = np.arange(m)
        gauged = diagonal if self.is_smooth else diagonal[self.n_features :]
        for i in range(n):
            penalty[i, diagonal, i, diagonal] = np.sqrt(self.penalty.ridge)
        root = penalty.reshape(n * m, n * m)
        if n > 1:
            gauge = np.zeros((m, n, m))
            gauge[gauged, :, gauged] = np.sqrt(_GAUGE / n)
            root = np.vstack([root, gauge.reshape(m, n * m)])
        weights, bias = self._split(params)
        # Four times as many rows as R has, so that R is not decomposed again too often.
        for block, data in self._X.dense_blocks(n_rows=4 * m):
            rows = np.ones((len(data), m))
            rows[:, : self.n_features] = data
            z = data @ weights.T + bias
            _, h = self.loss.gradient_hessian(self._y[block], z[:, 0] if n == 1 else z)
            h = h.reshape(len(h), n, n) * self._weights[block, None, None]
            factors = _matrix_roots(h)
            stacked = np.einsum("skl,sm->sklm", factors, rows).reshape(-1, n * m)
            (root,) = linalg.qr(np.vstack([root, stacked]), mode="r", check_finite=False)
            root = root[: n * m]
        return np.asarray(root)

    def hessian_operator(self, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return the function u ↦ H(params) u, its pointwise part computed once."""
        state = self.loss.curvature_state(self._y, self._X.forward(*self._split(params)))

        def curved(rows: slice, dz: FloatArray) -> FloatArray:
            return self.loss.curvature_product(state[rows], dz)

        return self._operator(curved)

    def bounding_operator(self, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return u ↦ Bu with a B above every Hessian, where the loss has such a bound.

        Without one it is the Hessian at ``params``.
        """
        bound = self.loss.curvature_bound
        if bound is None:
            return self.hessian_operator(params)
        return self._operator(lambda rows, dz: bound * dz)

    def _operator(
        self, curved: Callable[[slice, FloatArray], FloatArray]
    ) -> Callable[[FloatArray], FloatArray]:
        def pointwise(rows: slice, dz: FloatArray) -> tuple[float, FloatArray, None]:
            slopes = curved(rows, dz)
            s = self._weights[rows]
            slopes *= s if slopes.ndim == 1 else s[:, None]
            return 0.0, slopes, None

        def product(vector: FloatArray) -> FloatArray:
            sums = self._X.sweep(*self._split(vector), pointwise)
            out = self.penalty.gradient(vector.reshape(self.n_outputs, -1))
            out[:, : self.n_features] += sums.weights
            if self.fit_intercept:
                out[:, -1] += sums.bias
            return out.ravel()

        return product

    def reach(self, step: FloatArray) -> float:
        """Return the largest change of a pre-activation that a step makes on any row."""
        weights, bias = self._split(step)
        most = 0.0

        def widest(rows: slice, dz: FloatArray) -> tuple[float, FloatArray, None]:
            nonlocal most
            most = max(most, float(np.abs(dz).max(initial=0.0)))
            return 0.0, dz[:0], None

        with np.errstate(all="ignore"):
            self._X.sweep(weights, bias, widest)
        return most

    def _split(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        full = params.reshape(self.n_outputs, self.n_coordinates)
        bias = full[:, -1] if self.fit_intercept else np.zeros(self.n_outputs)
        return full[:, : self.n_features], bias


def _one_of_each_stretch(n: int, m: int, rng: np.random.Generator) -> AnyArray:
    """Return m increasing row numbers below n, all of them if m >= n."""
    if m >= n:
        return np.arange(n)
    return np.asarray((np.arange(m) + rng.random(m)) * (n / m), dtype=np.intp)


def _matrix_roots(h: FloatArray) -> FloatArray:
    """Return B with BᵀB = h for each sample's symmetric positive semidefinite matrix."""
    if h.shape[1] == 1:
        return np.sqrt(h)
    values, vectors = np.linalg.eigh(h)
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, :, None] * vectors.transpose(0, 2, 1))
