"""The penalty on the coefficients, and the only map from ``C`` to its strength."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from skneuron._common import AnyArray, FloatArray

__all__ = ["Penalty", "strength_from_C"]


def strength_from_C(C: float, total_weight: float) -> float:
    """Return λ = 1 / (C·S), the factor of the penalty in the mean-scaled objective.

    Parameters
    ----------
    C : float
        Inverse strength, positive, with ``np.inf`` for no penalty. As in scikit-learn's
        ``LogisticRegression`` it weighs the *sum* of the losses against the penalty.
    total_weight : float
        S, the sum of the sample weights.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If λ is beyond the range of a double.

    Examples
    --------
    >>> from skneuron.objective import strength_from_C
    >>> strength_from_C(0.5, 100.0)
    0.02
    >>> strength_from_C(float("inf"), 100.0)
    0.0
    """
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        strength = float(np.float64(1.0) / np.float64(C) / np.float64(total_weight))
    if not np.isfinite(strength):
        raise ValueError(
            f"The penalty of C={C!r} with a sum of the sample weights of {total_weight!r} "
            "overflows float64. Expected 1 / (C * sample_weight.sum()) to be finite. Use a larger "
            "C, for example C=1.0."
        )
    return strength


@dataclass(frozen=True)
class Penalty:
    """``½ Σⱼ ridgeⱼ vⱼ² + Σⱼ lassoⱼ |vⱼ|``, with v kept between bounds.

    Parameters
    ----------
    ridge, lasso : ndarray of shape (n_coordinates,)
        One strength per coordinate, zero for the intercept.
    low, high : ndarray of shape (n_coordinates,)
        Bounds, infinite for a coordinate without bounds.

    Attributes
    ----------
    is_smooth : bool
        Whether it is a ridge only: no L1 penalty, no bound.

    Examples
    --------
    >>> import numpy as np
    >>> penalty = Penalty.ridge_only(np.array([2.0, 0.0]))
    >>> penalty.value(np.array([[3.0, 5.0]])), penalty.gradient(np.array([[3.0, 5.0]])).tolist()
    (9.0, [[6.0, 0.0]])
    """

    ridge: FloatArray
    lasso: FloatArray
    low: FloatArray
    high: FloatArray
    is_smooth: bool = field(init=False, repr=False, compare=False)
    _has_lasso: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        bounded = np.any(np.isfinite(self.low)) or np.any(np.isfinite(self.high))
        object.__setattr__(self, "_has_lasso", bool(np.any(self.lasso)))
        object.__setattr__(self, "is_smooth", not (self._has_lasso or bounded))

    @classmethod
    def ridge_only(cls, ridge: FloatArray) -> Penalty:
        """Return a penalty without lasso and without bounds."""
        free = np.full_like(ridge, np.inf)
        return cls(ridge, np.zeros_like(ridge), -free, free)

    def take(self, coordinates: AnyArray) -> Penalty:
        """Return the penalty of these coordinates only."""
        parts = (self.ridge, self.lasso, self.low, self.high)
        return Penalty(*(part[coordinates] for part in parts))

    def value(self, weights: FloatArray) -> float:
        """Return ridge and lasso of weights of shape (n_outputs, n_coordinates)."""
        return 0.5 * float(np.vdot(self.ridge * weights, weights)) + self.l1_value(weights)

    def gradient(self, weights: FloatArray) -> FloatArray:
        """Return the gradient of the ridge, of the shape of the weights."""
        return self.ridge * weights

    def l1_value(self, weights: FloatArray) -> float:
        """Return the L1 term of coefficients of shape (n_outputs, n_coordinates)."""
        return float(np.sum(self.lasso * np.abs(weights))) if self._has_lasso else 0.0

    def project(self, weights: FloatArray) -> FloatArray:
        """Return the nearest weights within the bounds."""
        return np.clip(weights, self.low, self.high)
