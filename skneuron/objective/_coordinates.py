"""Coordinates in which every column has a curvature of order one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.design import Moments
from skneuron.penalties import Penalty

__all__ = ["Coordinates", "Regularization"]

# Below it deviations have lost digits to subnormal numbers and weights of order 1/scale
# come close to the largest double.
_SMALLEST_SCALE = 1e-290


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


class Coordinates:
    """v = scale · w for the weights, and the bias of centered columns.

    Parameters
    ----------
    moments : Moments
    regularization : Regularization
    fit_intercept : bool
    n_outputs : int
    scale : ndarray of shape (n_features,), optional
        Of the columns; by default it follows from deviation and ridge.

    Attributes
    ----------
    center, scale, variance : ndarray of shape (n_features,)
        Solvers see columns x̃ = (x - center) / scale; the variance is the mean of x̃².
    penalty : Penalty
        On v, exactly the one on w.
    n_features, n_outputs, n_coordinates, n_params : int
        ``n_coordinates`` counts the weights of one output and its bias.
    is_smooth : bool
        Whether there is neither an L1 penalty nor a bound.
    """

    def __init__(
        self,
        moments: Moments,
        regularization: Regularization,
        fit_intercept: bool,
        n_outputs: int,
        scale: FloatArray | None = None,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.offset_center: FloatArray | float = 0.0
        self.n_features = len(moments.mean)
        self.n_outputs = n_outputs
        self.n_coordinates = self.n_features + int(fit_intercept)
        self.n_params = n_outputs * self.n_coordinates
        self._scale_columns(moments, regularization, scale)

    def _scale_columns(
        self, moments: Moments, regularization: Regularization, given: FloatArray | None
    ) -> None:
        strength, l1_ratio = regularization.strength, regularization.l1_ratio
        root = np.sqrt(strength * (1 - l1_ratio))
        with np.errstate(over="ignore"):
            scale = np.hypot(_size(moments), 2 * root) if given is None else given
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
        self._low, self._high = low, high
        self.scale = np.where(silent, np.inf, scale)
        self.center = np.where(silent, 0.0, moments.center)
        away = moments.mean - moments.center
        self.variance = (moments.deviation / scale) ** 2 + (away / scale) ** 2
        d, m = self.n_features, self.n_coordinates
        ridge, lasso = np.zeros(m), np.zeros(m)
        bottom, top = np.full(m, -np.inf), np.full(m, np.inf)
        ridge[:d] = np.where(silent, 1.0, (root / scale) ** 2)
        lasso[:d] = np.where(silent, 0.0, strength * l1_ratio / scale)
        bottom[:d] = np.where(silent, -np.inf, low * scale)
        top[:d] = np.where(silent, np.inf, high * scale)
        self.penalty = Penalty(ridge, lasso, bottom, top)
        self.is_smooth = self.penalty.is_smooth

    def keep_columns(self, columns: AnyArray) -> None:
        """Become the coordinates of these columns only, and of the bias."""
        kept = np.append(columns, self.n_features) if self.fit_intercept else columns
        self.scale, self.center = self.scale[columns], self.center[columns]
        self._low, self._high = self._low[columns], self._high[columns]
        self.variance = self.variance[columns]
        self.n_features, self.n_coordinates = len(columns), len(kept)
        self.n_params = self.n_outputs * self.n_coordinates
        self.penalty = self.penalty.take(kept)

    def to_weights(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (coef of shape (n_outputs, n_features), intercept of shape (n_outputs,))."""
        weights, bias = self.split(params)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            # Bounds are exact: what was multiplied and divided may be a digit beyond them.
            coef = np.clip(weights / self.scale, self._low, self._high)
            intercept = bias - coef @ self.center - self.offset_center
        return coef, intercept

    def from_weights(
        self, coef: FloatArray, intercept: FloatArray, *, project: bool = True
    ) -> FloatArray:
        """Return the parameters of raw weights; a layer's are brought to sum zero.

        Without ``project`` they may be beyond the bounds, as far as rounding has moved them.
        """
        params = np.zeros((self.n_outputs, self.n_coordinates))
        known = np.isfinite(self.scale)
        params[:, : self.n_features][:, known] = coef[:, known] * self.scale[known]
        if self.fit_intercept:
            params[:, -1] = intercept + coef @ self.center + self.offset_center
        if self.n_outputs > 1 and self.is_smooth:
            params -= params.mean(axis=0)
        return (self.penalty.project(params) if project else params).ravel()

    def prediction_rounding(self, coef: FloatArray, intercept: FloatArray) -> float:
        """Return how far rounding moves a typical w·x + b, from the size of its terms."""
        with np.errstate(all="ignore"):
            known = np.isfinite(self.scale)
            size = np.abs(self.center) + np.where(known, np.sqrt(self.variance) * self.scale, 0.0)
            terms = np.abs(coef) @ size + np.abs(intercept)
            return float(np.finfo(np.float64).eps * terms.max())

    def rounding(self) -> FloatArray:
        """Return how far centered columns of doubles are off, per parameter."""
        out = np.zeros((self.n_outputs, self.n_coordinates))
        out[:, : self.n_features] = np.finfo(np.float64).eps * np.abs(self.center) / self.scale
        return out.ravel()

    def split(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return weights of shape (n_outputs, n_features) and biases of shape (n_outputs,)."""
        full = params.reshape(self.n_outputs, self.n_coordinates)
        bias = full[:, -1] if self.fit_intercept else np.zeros(self.n_outputs)
        return full[:, : self.n_features], bias


def _size(moments: Moments) -> FloatArray:
    """Return the unit of each column: the deviation, or its mean in ratio with the spread.

    In a column of very unequal values the scaled ordinary values are then as far below one as
    the scaled huge values are above it, and neither squares overflow nor underflow.
    """
    unequal = moments.spread != moments.deviation
    between = np.sqrt(moments.deviation) * np.sqrt(moments.spread)
    return np.where(unequal, between, moments.deviation)
