"""The penalty on the weights, and the one place that knows what ``C`` means."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["Ridge", "strength_from_C"]


def strength_from_C(C: float, total_weight: float) -> float:
    """Return λ = 1 / (C·S), the factor of ½‖w‖² in the mean-scaled objective.

    Parameters
    ----------
    C : float
        Inverse strength, positive; ``np.inf`` for no penalty. As in scikit-learn's
        ``LogisticRegression`` it weighs the *sum* of the losses against ½‖w‖².
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
    >>> from skneuron.penalties import strength_from_C
    >>> strength_from_C(0.5, 100.0)
    0.02
    >>> strength_from_C(float("inf"), 100.0)
    0.0
    """
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        strength = float(np.float64(1.0) / np.float64(C) / np.float64(total_weight))
    if not np.isfinite(strength):
        raise ValueError(
            f"C={C!r} times the sum of the sample weights, {total_weight!r}, is too small "
            "for a float64; expected 1/(C·S) to be finite"
        )
    return strength


class Ridge:
    """½ Σⱼ λⱼ vⱼ², one strength per coordinate; the bias has λ = 0.

    Parameters
    ----------
    strengths : ndarray of shape (n_coordinates,)

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.penalties import Ridge
    >>> ridge = Ridge(np.array([2.0, 0.0]))
    >>> ridge.value(np.array([[3.0, 5.0]])), ridge.gradient(np.array([[3.0, 5.0]])).tolist()
    (9.0, [[6.0, 0.0]])
    """

    def __init__(self, strengths: FloatArray) -> None:
        self.strengths = strengths

    def value(self, weights: FloatArray) -> float:
        """Return the penalty of weights of shape (n_outputs, n_coordinates)."""
        return 0.5 * float(np.sum(self.strengths * weights**2))

    def gradient(self, weights: FloatArray) -> FloatArray:
        """Return its gradient, of the shape of the weights."""
        return self.strengths * weights
