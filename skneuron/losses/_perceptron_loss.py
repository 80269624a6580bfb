"""The perceptron rule, as a loss."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.losses._loss import Loss

__all__ = ["PerceptronRule"]

# Largest rounding error of a margin of zero. Columns are scaled, so linear predictors of the
# perceptron are of order one from the first step on.
_ON_THE_LINE = 1e-12


class PerceptronRule(Loss):
    """Loss of 1 per mistake, with the slope of max(0, -margin).

    With the margin m = ±z, a sample is misclassified if m ≤ 0, up to rounding. A margin of
    zero counts as a mistake, so that a fit can start from zero coefficients. The number of
    mistakes has no useful slope. The slope here belongs to the perceptron
    criterion (Duda, Hart & Stork, Pattern Classification, 2001, section 5.5).

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.losses import PerceptronRule
    >>> value, slope = PerceptronRule().value_gradient(np.array([1, 0]), np.array([2.0, 0.0]))
    >>> value.tolist(), slope.tolist()
    ([0.0, 1.0], [0.0, 1.0])
    """

    smooth = False
    differentiable = False

    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return 1 for a misclassified sample, else 0."""
        return (np.where(y, z, -z) <= _ON_THE_LINE).astype(np.float64)

    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mistakes, and the slope -1 or +1 of each mistake."""
        mistakes = self.value(y, z)
        return mistakes, np.where(y, 0.0 - mistakes, mistakes)

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Raise an error: a step has no curvature."""
        raise NotImplementedError(
            "The perceptron rule has no second derivative. Expected a differentiable activation. "
            "Use for example activation='sigmoid'."
        )
