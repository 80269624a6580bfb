"""The perceptron rule, as a loss."""

from __future__ import annotations

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.losses._base import Loss

__all__ = ["PerceptronRule"]

# A margin of zero comes out of a sum as rounding of either sign. Pre-activations of the
# rule are of order one from the first step on, as columns are scaled.
_ON_THE_LINE = 1e-12


class PerceptronRule(Loss):
    """A mistake costs 1; the rule's direction is the slope of max(0, -margin).

    With the margin m = ±z, a sample is misclassified where m ≤ 0, up to rounding:
    undecided counts as wrong, so that zero weights have something to learn from. The
    number of mistakes has no useful slope; the one handed out is that of the perceptron
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
        """Return mistakes, and -1 or +1 for each towards its class."""
        mistakes = self.value(y, z)
        return mistakes, np.where(y, 0.0 - mistakes, mistakes)

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Refuse: a step has no curvature."""
        raise NotImplementedError("the perceptron rule has no second derivative")
