"""The objective: the one place that knows the bias and the weights of samples.

Conventions
-----------
F(w, b) = Σᵢ sᵢ ℓ(yᵢ, zᵢ) / S + ½ λ ‖w‖², with z = w·x + b, S = Σᵢ sᵢ, λ = 1/(C·S).

Solvers work on parameters v of shape (n_outputs * n_coordinates,), per output the
weights first and the bias last. They belong to standardized columns,
v = scale · w, with scale² = variance + 4λ: then every column has a curvature of order
one, whatever its unit, and the penalty, exactly the one on w, is ½ Σ λ/scale² · v².
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import Block, DesignMatrix, StandardizedDesign
from skneuron.losses import Loss
from skneuron.penalties import Ridge

__all__ = ["Objective"]

# A softmax layer does not change when all its neurons are shifted alike. Curvature of
# this size is added in those directions, where every gradient is zero: the Hessian
# becomes regular and the solution stays the one whose classes sum to zero.
_GAUGE = 0.25

# Below it deviations have lost digits to subnormal numbers and weights of order 1/scale
# come close to the largest double.
_SMALLEST_SCALE = 1e-290


class Objective:
    """Mean loss plus ridge penalty as a function of the scaled weights and the bias.

    Parameters
    ----------
    design : DesignMatrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class indices.
    loss : Loss
    sample_weight : ndarray of shape (n_samples,)
        Positive, of sum 1.
    strength : float
        λ.
    fit_intercept : bool

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Sigmoid
    >>> from skneuron.design import DesignMatrix
    >>> from skneuron.losses import LogLoss
    >>> from skneuron.objective import Objective
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> F = Objective(DesignMatrix(X), y, LogLoss(Sigmoid()), np.full(2, 0.5), 0.0, True)
    >>> round(F.zero_value, 4)
    0.6931
    """

    def __init__(
        self,
        design: DesignMatrix,
        y: AnyArray,
        loss: Loss,
        sample_weight: FloatArray,
        strength: float,
        fit_intercept: bool,
    ) -> None:
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.n_features = design.shape[1]
        self.n_outputs = loss.n_outputs
        self.n_coordinates = self.n_features + int(fit_intercept)
        self.n_params = self.n_outputs * self.n_coordinates
        self._y = y
        self._weights = sample_weight
        self._scale_columns(design, strength)
        self.zero_value = self.value_gradient(np.zeros(self.n_params))[0]

    def _scale_columns(self, design: DesignMatrix, strength: float) -> None:
        moments = design.moments(self._weights, center=self.fit_intercept)
        root = np.sqrt(strength)
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
        # A constant column says nothing that the bias does not: as the infinite scale
        # makes it exactly zero, its weight is too, and any curvature will do for it.
        constant = moments.deviation == 0
        self.scale = np.where(constant, np.inf, scale)
        self.center = np.where(constant, 0.0, moments.mean)
        self._X = StandardizedDesign(design, self.center, self.scale, moments.deviation)
        ridge = np.zeros(self.n_coordinates)
        ridge[: self.n_features] = np.where(constant, 1.0, (root / self.scale) ** 2)
        self.penalty = Ridge(ridge)

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
        if self.n_outputs > 1:
            params -= params.mean(axis=0)
        return params.ravel()

    def start(self) -> FloatArray:
        """Return where learning starts: every pre-activation at ``loss.start``.

        Without a bias that can only be approached: then the weights are one step of
        steepest descent for least squares from zero, along X̃ᵀSt with targets t.
        """
        params = np.zeros((self.n_outputs, self.n_coordinates))
        if self.loss.start == 0:
            return params.ravel()
        if self.fit_intercept:
            params[:, -1] = self.loss.start
            return params.ravel()
        direction, bias = np.zeros((1, self.n_features)), np.zeros(1)
        for block in self._X.blocks():
            direction += block.backward(self._weights[block.rows] * self._y[block.rows])[0]
        match = curvature = 0.0
        for block in self._X.blocks():
            z, s = block.forward(direction, bias), self._weights[block.rows]
            match += float(s @ (z * self._y[block.rows]))
            curvature += float(s @ z**2)
        params[:] = direction * (match / curvature if curvature > 0 else 0.0)
        return params.ravel()

    # --- value and derivatives --------------------------------------------------------

    def value_gradient(self, params: FloatArray) -> tuple[float, FloatArray]:
        """Return F and its gradient in one pass over the rows.

        Beyond the range of a double F is inf; solvers step back from there.
        """
        weights, bias = self._split(params)
        value = 0.0
        gradient = np.zeros((self.n_outputs, self.n_coordinates))
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for block in self._X.blocks():
                s = self._weights[block.rows]
                losses, slopes = self.loss.value_gradient(
                    self._y[block.rows], block.forward(weights, bias)
                )
                value += float(s @ losses)
                slopes *= s if slopes.ndim == 1 else s[:, None]
                self._collect(gradient, *block.backward(slopes))
            full = params.reshape(self.n_outputs, -1)
            value += self.penalty.value(full)
            gradient += self.penalty.gradient(full)
        return (value if np.isfinite(value) else np.inf), gradient.ravel()

    def hessian(self, params: FloatArray, *, observed: bool = False) -> FloatArray:
        """Return the curvature matrix of shape (n_params, n_params).

        Positive semidefinite (Fisher or Gauss-Newton where the loss is not convex)
        unless ``observed``; a softmax layer's null directions are made regular.
        """
        n, m = self.n_outputs, self.n_coordinates
        out = np.zeros((n, m, n, m))
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for block in self._X.gram_blocks():
                h = self._pointwise(params, block, observed=observed)
                for i in range(n):
                    for j in range(i + 1):
                        part = block.gram(np.ascontiguousarray(h[:, i, j]))[:m, :m]
                        out[i, :, j, :] += part
                        if j < i:
                            out[j, :, i, :] += part
        diagonal = np.arange(m)
        for i in range(n):
            out[i, diagonal, i, diagonal] += self.penalty.strengths
            for j in range(n if n > 1 else 0):
                out[i, diagonal, j, diagonal] += _GAUGE / n
        return out.reshape(self.n_params, self.n_params)

    def hessian_root(self, params: FloatArray) -> FloatArray:
        """Return upper triangular R with RᵀR the Hessian, never forming it.

        A QR decomposition, block by block, of the rows √h·x̃ keeps directions whose
        curvature is down to 1e-30 of the largest; the Hessian itself loses them at
        1e-16 (Björck, Numerical Methods for Least Squares Problems, 1996, section 2.4).
        """
        n, m = self.n_outputs, self.n_coordinates
        penalty = np.zeros((n, m, n, m))
        diagonal = np.arange(m)
        for i in range(n):
            penalty[i, diagonal, i, diagonal] = np.sqrt(self.penalty.strengths)
        root = penalty.reshape(n * m, n * m)
        if n > 1:
            gauge = np.zeros((m, n, m))
            gauge[diagonal, :, diagonal] = np.sqrt(_GAUGE / n)
            root = np.vstack([root, gauge.reshape(m, n * m)])
        # Four times as many rows as R has, so that R is not decomposed again too often.
        for block in self._X.dense_blocks(n_rows=4 * m):
            h = self._pointwise(params, block, observed=False)
            rows = np.ones((len(h), m))
            rows[:, : self.n_features] = block.dense()
            factors = _matrix_roots(h)
            stacked = np.einsum("skl,sm->sklm", factors, rows).reshape(-1, n * m)
            (root,) = linalg.qr(np.vstack([root, stacked]), mode="r", check_finite=False)
            root = root[: n * m]
        return np.asarray(root)

    def hessian_operator(self, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return the function u ↦ H(params) u, its pointwise part computed once."""
        return self._operator(
            [self._pointwise(params, block, observed=False) for block in self._X.blocks()]
        )

    def _operator(self, stored: list[FloatArray]) -> Callable[[FloatArray], FloatArray]:
        """Return u ↦ Hu for curvature weights stored block by block."""

        def product(vector: FloatArray) -> FloatArray:
            weights, bias = self._split(vector)
            out = np.zeros((self.n_outputs, self.n_coordinates))
            for h, block in zip(stored, self._X.blocks(), strict=True):
                z = block.forward(weights, bias).reshape(len(h), -1)
                self._collect(out, *block.backward(np.einsum("skl,sl->sk", h, z)))
            out += self.penalty.gradient(vector.reshape(self.n_outputs, -1))
            return out.ravel()

        return product

    def bounding_operator(self, params: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return u ↦ Bu with a B above every Hessian, where the loss has such a bound.

        Without one it is the Hessian at ``params``.
        """
        bound = self.loss.curvature_bound
        if bound is None:
            return self.hessian_operator(params)
        eye = bound * np.eye(self.n_outputs)
        return self._operator([self._weights[b.rows, None, None] * eye for b in self._X.blocks()])

    # --- shared by the passes ---------------------------------------------------------

    def _split(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        full = params.reshape(self.n_outputs, self.n_coordinates)
        bias = full[:, -1] if self.fit_intercept else np.zeros(self.n_outputs)
        return full[:, : self.n_features], bias

    def _collect(self, out: FloatArray, weights: FloatArray, bias: FloatArray) -> None:
        out[:, : self.n_features] += weights
        if self.fit_intercept:
            out[:, -1] += bias

    def _pointwise(self, params: FloatArray, block: Block, *, observed: bool) -> FloatArray:
        """Curvature weights times sample weights, shape (n_rows, n_outputs, n_outputs)."""
        z = block.forward(*self._split(params))
        _, h = self.loss.gradient_hessian(self._y[block.rows], z, observed=observed)
        h = h.reshape(len(h), self.n_outputs, self.n_outputs)
        return np.asarray(h * self._weights[block.rows, None, None])


def _matrix_roots(h: FloatArray) -> FloatArray:
    """Return B with BᵀB = h for each sample's symmetric positive semidefinite matrix."""
    if h.shape[1] == 1:
        return np.sqrt(h)
    values, vectors = np.linalg.eigh(h)
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, :, None] * vectors.transpose(0, 2, 1))
