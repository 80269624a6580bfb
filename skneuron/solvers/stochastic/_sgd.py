"""Stochastic gradient descent."""

from __future__ import annotations

from typing import ClassVar

from skneuron._common import FloatArray
from skneuron.solvers._parameter_values import FLAG, FRACTION
from skneuron.solvers._whitening import Whitening
from skneuron.solvers.schedules import Schedule
from skneuron.solvers.stochastic._batches import Batches
from skneuron.solvers.stochastic._stochastic import Stochastic, StochasticState

__all__ = ["SGD"]


class SGD(Stochastic):
    """Stochastic gradient descent on shuffled batches of rows.

    An iteration is an epoch: one pass in batches, and one over all rows that gives F and
    the gradient there exactly. A warm start uses the coefficients only: each fit draws its
    batches, and sets its rate, anew.

    Parameters
    ----------
    learning_rate : float, "auto" or Schedule, default="auto"
        Step per unit of gradient: a number, or a schedule from
        :mod:`skneuron.solvers.schedules`, for standardized columns. ``"auto"`` steps in
        coordinates in which a subsample's Hessian is the identity (up to 300 coordinates),
        renewed after 1, 2, 4, ... epochs. An epoch that does not lower F is made again at
        half the rate.
    batch_size : int or "auto", default="auto"
        Rows of a batch. ``"auto"`` is 256, of few rows a 32nd, but 8 at least.
    momentum : float in [0, 1), default=0.9
    nesterov : bool, default=True
        Whether the gradient is added to momentum's step a second time, as if taken ahead.
    averaging : bool or "auto", default="auto"
        Whether coefficients are an average over the steps that forgets the first ones.
        ``"auto"`` averages if ``variance_reduction`` is off.
    variance_reduction : bool, default=True
        Whether a batch's gradient is corrected by what it was at the end of the last epoch,
        for its own rows and for all (SVRG). Batches then agree near the optimum, and a
        constant rate converges. Without it the automatic rate shrinks.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.solvers import SGD
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = NeuronClassifier(solver=SGD(), random_state=0).fit(X, y)
    >>> neuron.converged_, bool(neuron.gap_ < 1e-8)
    (True, True)
    """

    default_tol = 1e-8
    buffers = ("velocity",)
    constraints: ClassVar = {**Stochastic.constraints, "momentum": FRACTION, "nesterov": FLAG}

    def __init__(
        self,
        learning_rate: float | str | Schedule = "auto",
        *,
        batch_size: int | str = "auto",
        momentum: float = 0.9,
        nesterov: bool = True,
        averaging: bool | str = "auto",
        variance_reduction: bool = True,
    ) -> None:
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.momentum = momentum
        self.nesterov = nesterov
        self.averaging = averaging
        self.variance_reduction = variance_reduction

    def _automatic_rate(self, whitening: Whitening, batches: Batches) -> float:
        """Return the rate. Momentum m multiplies it by 1 / (1 - m), half of which is kept."""
        factor = min(1.0, 2 * (1 - self.momentum))
        return factor * whitening.rate(batches.objective.dims.n_samples / batches.n_batches)

    def _step(self, gradient: FloatArray, rate: float, state: StochasticState) -> FloatArray:
        if self.momentum > 0:
            # The velocity is without the rate, so that a schedule acts at once.
            velocity = state.buffers["velocity"]
            velocity *= self.momentum
            velocity += gradient
            if self.nesterov:
                gradient += self.momentum * velocity
            else:
                gradient = velocity
        return gradient * -rate
