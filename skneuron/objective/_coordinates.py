"""Coordinates in which every column has a curvature of order one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.design import Moments
from skneuron.objective._penalty import Penalty

__all__ = ["Dimensions", "Regularization", "SolverCoordinates"]

# Smallest scale of a column. Below it deviations have lost digits to subnormal numbers, and
# coefficients of order 1/scale come close to the largest float64.
_SMALLEST_SCALE = 1e-290


class Dimensions(NamedTuple):
    """Sizes of an objective."""

    n_samples: int
    n_features: int
    n_outputs: int
    #: Number of coefficients of one output and its intercept.
    n_coordinates: int
    #: Number of parameters of all outputs.
    n_params: int
    fit_intercept: bool


@dataclass(frozen=True)
class Regularization:
    """Penalty and bounds of the coefficients on the original scale."""

    #: λ and ρ.
    strength: float
    l1_ratio: float = 0.0
    #: Bounds, of shape (n_features,).
    low: FloatArray | None = None
    high: FloatArray | None = None
    #: Factor of λ of each coefficient, of shape (n_features,). None if all are 1.
    factor: FloatArray | None = None


@dataclass(frozen=True)
class SolverCoordinates:
    """The map between a solver's parameters and coefficients: v = scale · w, b of centered columns.

    Attributes
    ----------
    center, scale, spread, variance : ndarray of shape (n_features,)
        Solvers see columns x̃ = (x - center) / scale. The variance is the mean of x̃², and the
        spread the width of the ordinary values of x.
    low, high : ndarray of shape (n_features,)
        Bounds of w.
    penalty : Penalty
        On v, exactly the one on w.
    fit_intercept : bool
    n_outputs : int
    offset_center : float or ndarray of shape (n_outputs,)
        Subtracted from the offset, and from the intercept that users see, as the center of a
        column is.
    is_unequal : bool
        Whether huge values of a column would hide its ordinary values. Conjugate gradients do
        not see all of such a Hessian.
    n_features, n_coordinates, n_params : int
        ``n_coordinates`` counts the coefficients of one output and its intercept.
    """

    center: FloatArray
    scale: FloatArray
    spread: FloatArray
    variance: FloatArray
    low: FloatArray
    high: FloatArray
    penalty: Penalty
    fit_intercept: bool
    n_outputs: int
    offset_center: FloatArray | float = 0.0
    is_unequal: bool = False
    n_features: int = field(init=False)
    n_coordinates: int = field(init=False)
    n_params: int = field(init=False)

    def __post_init__(self) -> None:
        n_coordinates = len(self.scale) + self.fit_intercept
        object.__setattr__(self, "n_features", len(self.scale))
        object.__setattr__(self, "n_coordinates", n_coordinates)
        object.__setattr__(self, "n_params", self.n_outputs * n_coordinates)

    @classmethod
    def of_columns(
        cls,
        moments: Moments,
        regularization: Regularization,
        fit_intercept: bool,
        n_outputs: int,
        scale: FloatArray | None = None,
        offset_center: FloatArray | float = 0.0,
    ) -> SolverCoordinates:
        """Return the coordinates that suit columns of these moments.

        Raises
        ------
        ValueError
            If a column has values so large or so small that its scale is no float64.
        """
        strength: FloatArray | float = regularization.strength
        if regularization.factor is not None:
            strength = strength * regularization.factor
        l1_ratio = regularization.l1_ratio
        root = np.sqrt(strength * (1 - l1_ratio))
        if scale is None:
            with np.errstate(over="ignore"):
                scale = np.hypot(_size(moments), 2 * root)
        _check_scale(scale, moments)
        low, high = regularization.low, regularization.high
        low = np.full(len(scale), -np.inf) if low is None else low
        high = np.full(len(scale), np.inf) if high is None else high
        # A constant column says nothing that the intercept does not: its infinite scale makes
        # the column exactly zero and its coefficient too, with any curvature. Bounds that
        # exclude zero give such a column a coefficient all the same.
        constant = moments.deviation == 0
        bounded = constant & ((low > 0) | (high < 0))
        silent = constant & ~bounded
        scale = np.where(bounded, 1.0, scale)
        away = moments.mean - moments.center
        # The intercept, last, has neither penalty nor bounds.
        last = int(fit_intercept)
        penalty = Penalty(
            np.append(np.where(silent, 1.0, (root / scale) ** 2), [0.0] * last),
            np.append(np.where(silent, 0.0, strength * l1_ratio / scale), [0.0] * last),
            np.append(np.where(silent, -np.inf, low * scale), [-np.inf] * last),
            np.append(np.where(silent, np.inf, high * scale), [np.inf] * last),
        )
        return cls(
            center=np.where(silent, 0.0, moments.center),
            scale=np.where(silent, np.inf, scale),
            spread=moments.spread,
            variance=(moments.deviation / scale) ** 2 + (away / scale) ** 2,
            low=low,
            high=high,
            penalty=penalty,
            fit_intercept=fit_intercept,
            n_outputs=n_outputs,
            offset_center=offset_center,
            is_unequal=bool(np.any(moments.spread != moments.deviation)),
        )

    @property
    def is_shiftable(self) -> AnyArray:
        """Whether neither an L1 penalty nor a bound sees a shift of all outputs, per coordinate."""
        bounded = np.isfinite(self.penalty.low) | np.isfinite(self.penalty.high)
        return ~(bounded | (self.penalty.lasso > 0))

    def dims(self, n_samples: int) -> Dimensions:
        """Return the sizes of an objective on ``n_samples`` samples."""
        sizes = self.n_features, self.n_outputs, self.n_coordinates, self.n_params
        return Dimensions(n_samples, *sizes, self.fit_intercept)

    def restrict(self, columns: AnyArray) -> SolverCoordinates:
        """Return the coordinates of these columns only, and of the intercept."""
        parts = {name: getattr(self, name)[columns] for name in _PER_COLUMN}
        return replace(self, penalty=self.penalty.take(self._of_one_output(columns)), **parts)

    def positions(self, columns: AnyArray) -> AnyArray:
        """Return the positions of the parameters of these columns, and of the intercepts."""
        outputs = np.arange(self.n_outputs)[:, None] * self.n_coordinates
        return np.asarray((outputs + self._of_one_output(columns)).ravel(), dtype=np.intp)

    def _of_one_output(self, columns: AnyArray) -> AnyArray:
        return np.append(columns, self.n_features) if self.fit_intercept else columns

    def with_intercept(self, params: FloatArray) -> FloatArray:
        """Return parameters of shape (n_outputs, n_features + 1), the intercept last."""
        full = params.reshape(self.n_outputs, self.n_coordinates)
        if self.fit_intercept:
            return full
        return np.concatenate([full, np.zeros((self.n_outputs, 1))], axis=1)

    def split(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return v of shape (n_outputs, n_features) and intercepts of shape (n_outputs,)."""
        full = self.with_intercept(params)
        return full[:, :-1], full[:, -1]

    def to_weights(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (coef of shape (n_outputs, n_features), intercept of shape (n_outputs,))."""
        v, intercept = self.split(params)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            # Bounds are exact: multiplication and division may move a digit beyond them.
            coef = np.clip(v / self.scale, self.low, self.high)
            return coef, intercept - coef @ self.center - self.offset_center

    def from_weights(
        self, coef: FloatArray, intercept: FloatArray, *, project: bool = True
    ) -> FloatArray:
        """Return the parameters of coefficients, shifted to sum to zero over several outputs.

        Without ``project`` they may be beyond the bounds, as far as rounding has moved them.
        """
        params = np.zeros((self.n_outputs, self.n_coordinates))
        known = np.isfinite(self.scale)
        params[:, : self.n_features][:, known] = coef[:, known] * self.scale[known]
        if self.fit_intercept:
            params[:, -1] = intercept + coef @ self.center + self.offset_center
        if self.n_outputs > 1 and self.penalty.is_smooth:
            params -= params.mean(axis=0)
        elif self.n_outputs > 1:
            shifted = np.flatnonzero(self.is_shiftable[: self.n_features])
            params[:, shifted] -= params[:, shifted].mean(axis=0)
        return (self.penalty.project(params) if project else params).ravel()

    def rounding(self) -> FloatArray:
        """Return the rounding error of centered columns of float64, per parameter."""
        out = np.zeros((self.n_outputs, self.n_coordinates))
        out[:, : self.n_features] = np.finfo(np.float64).eps * np.abs(self.center) / self.scale
        return out.ravel()


# Fields with one element per column.
_PER_COLUMN = ("center", "scale", "spread", "variance", "low", "high")


def _check_scale(scale: FloatArray, moments: Moments) -> None:
    """Raise ``ValueError`` for columns with a scale beyond float64."""
    if not np.all(np.isfinite(scale)):
        column = int(np.flatnonzero(~np.isfinite(scale))[0])
        raise ValueError(
            f"The standard deviation of column {column} of X overflows float64. Expected values "
            "below about 1e300 in magnitude. Rescale the column, for example X / 1e100."
        )
    small = (moments.deviation > 0) & (scale < _SMALLEST_SCALE)
    if np.any(small):
        raise ValueError(
            f"Column {int(np.flatnonzero(small)[0])} of X has values so small that its coefficient "
            "may overflow float64. Expected a standard deviation above 1e-290. Rescale the column, "
            "for example X * 1e100."
        )


def _size(moments: Moments) -> FloatArray:
    """Return the unit of each column: the deviation, or its geometric mean with the spread.

    In a column of very unequal values the scaled ordinary values are then as far below one as
    the scaled huge values are above it, and neither squares overflow nor underflow.
    """
    unequal = moments.spread != moments.deviation
    between = np.sqrt(moments.deviation) * np.sqrt(moments.spread)
    return np.where(unequal, between, moments.deviation)
