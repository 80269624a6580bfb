"""Adam: the gradients of each coefficient set the size of its steps."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._parameter_values import FRACTION, POSITIVE
from skneuron.solvers._whitening import Whitening
from skneuron.solvers.schedules import Schedule
from skneuron.solvers.stochastic._batches import Batches
from skneuron.solvers.stochastic._stochastic import MIN_BATCHES, Stochastic, StochasticState

__all__ = ["Adam"]

# Learning rate, times the root of the number of batches. Adam's step is about the rate in every
# direction, and in whitened coordinates the minimum is a few units away: a tenth of a unit a step,
# and less if there are many steps. Measured on 30 to 4,000 batches.
_RATE = 0.6


class Adam(Stochastic):
    """Adam (Kingma & Ba, International Conference on Learning Representations, 2015).

    An iteration is an epoch: one pass in batches, and one over all rows that gives F and
    the gradient there exactly. The penalty is the objective's, part of the gradient. A warm
    start uses the coefficients only, as with :class:`SGD`.

    Parameters
    ----------
    learning_rate : float, "auto" or Schedule, default="auto"
        Size of a step: a number, or a schedule from :mod:`skneuron.solvers.schedules`, for
        standardized columns. ``"auto"`` works as for :class:`SGD`: in coordinates whitened
        by a subsample's Hessian, halved after an epoch that does not lower F.
    batch_size : int or "auto", default="auto"
        Rows of a batch. ``"auto"`` is 256, of few rows a 32nd, but 8 at least.
    beta1, beta2 : float in [0, 1), default=0.9 and 0.999
        Fractions that the means of gradients and of their squares keep at each step.
    epsilon : float, default=1e-8
        Added to the root of the mean square of the gradient.
    averaging : bool or "auto", default="auto"
        As for :class:`SGD`.
    variance_reduction : bool, default=True
        As for :class:`SGD`.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.solvers import Adam
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = NeuronClassifier(solver=Adam(), random_state=0).fit(X, y)
    >>> neuron.converged_, bool(neuron.gap_ < 1e-6)
    (True, True)
    """

    default_tol = 1e-6
    buffers = ("mean", "square")
    constraints: ClassVar = {
        **Stochastic.constraints,
        "beta1": FRACTION,
        "beta2": FRACTION,
        "epsilon": POSITIVE,
    }

    def __init__(
        self,
        learning_rate: float | str | Schedule = "auto",
        *,
        batch_size: int | str = "auto",
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        averaging: bool | str = "auto",
        variance_reduction: bool = True,
    ) -> None:
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.averaging = averaging
        self.variance_reduction = variance_reduction

    def _automatic_rate(self, whitening: Whitening, batches: Batches) -> float:
        return _RATE / math.sqrt(max(MIN_BATCHES, batches.n_batches))

    def _step(self, gradient: FloatArray, rate: float, state: StochasticState) -> FloatArray:
        mean, square = state.buffers["mean"], state.buffers["square"]
        mean *= self.beta1
        mean += (1 - self.beta1) * gradient
        square *= self.beta2
        gradient *= gradient
        gradient *= 1 - self.beta2
        square += gradient
        t = state.since
        root = np.sqrt(square, out=gradient)
        root *= 1 / math.sqrt(1 - self.beta2**t)
        root += self.epsilon
        np.divide(mean, root, out=root)
        root *= -rate / (1 - self.beta1**t)
        return root
