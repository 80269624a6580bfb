"""Learning rates of stochastic solvers that change with the epochs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skneuron.solvers._parameter_values import POSITIVE, Constraint, check, is_number

__all__ = ["Constant", "Cosine", "InverseScaling", "Schedule", "StepDecay"]

_NOT_NEGATIVE = Constraint(lambda x: is_number(x) and 0 <= x < np.inf, "a finite number >= 0")
_UP_TO_ONE = Constraint(lambda x: is_number(x) and 0 < x <= 1, "a number > 0, <= 1")


class Schedule(BaseEstimator):  # type: ignore[misc]
    """A learning rate as a function of the epoch.

    Epochs e are counted from 0 in fractions: after half of the first epoch's batches e is
    0.5, so that a schedule means the same for every batch size. Schedules are scikit-learn
    ``BaseEstimator`` objects: their parameters can be searched, as
    ``solver__learning_rate__rate``.
    """

    #: The values that each parameter may have.
    constraints: ClassVar[Mapping[str, Constraint]] = {}

    @abstractmethod
    def __call__(self, epoch: float) -> float:
        """Return the rate after a number of epochs."""

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        check(self)


class Constant(Schedule):
    """A constant rate.

    Parameters
    ----------
    rate : float, default=0.1

    Examples
    --------
    >>> from skneuron.solvers.schedules import Constant
    >>> Constant(0.2)(3.0)
    0.2
    """

    constraints: ClassVar = {"rate": POSITIVE}

    def __init__(self, rate: float = 0.1) -> None:
        self.rate = rate

    def __call__(self, epoch: float) -> float:
        """Return the rate."""
        return self.rate


class InverseScaling(Schedule):
    """rate / (1 + e / delay)^power.

    Parameters
    ----------
    rate : float, default=0.1
    power : float, default=0.5
        In (0.5, 1] plain SGD converges (Robbins & Monro, Ann. Math. Stat. 22, 1951). With
        averaging, 0.5 does too.
    delay : float, default=1.0
        Epochs after which the rate has fallen by a factor of 2^power.

    Examples
    --------
    >>> from skneuron.solvers.schedules import InverseScaling
    >>> InverseScaling(0.2, power=1.0)(3.0)
    0.05
    """

    constraints: ClassVar = {"rate": POSITIVE, "power": _NOT_NEGATIVE, "delay": POSITIVE}

    def __init__(self, rate: float = 0.1, power: float = 0.5, delay: float = 1.0) -> None:
        self.rate = rate
        self.power = power
        self.delay = delay

    def __call__(self, epoch: float) -> float:
        """Return the rate after a number of epochs."""
        return float(self.rate / (1 + epoch / self.delay) ** self.power)


class Cosine(Schedule):
    """Half a cosine from ``rate`` down to ``final``, and ``final`` after that.

    From Loshchilov & Hutter, International Conference on Learning Representations, 2017.

    Parameters
    ----------
    rate : float, default=0.1
    epochs : float, default=50
        Number of epochs until the rate is ``final``.
    final : float, default=0.0

    Examples
    --------
    >>> from skneuron.solvers.schedules import Cosine
    >>> round(Cosine(0.2, epochs=10)(5.0), 6)
    0.1
    """

    constraints: ClassVar = {"rate": POSITIVE, "epochs": POSITIVE, "final": _NOT_NEGATIVE}

    def __init__(self, rate: float = 0.1, epochs: float = 50, final: float = 0.0) -> None:
        self.rate = rate
        self.epochs = epochs
        self.final = final

    def __call__(self, epoch: float) -> float:
        """Return the rate after a number of epochs."""
        done = min(1.0, epoch / self.epochs)
        return float(self.final + (self.rate - self.final) * (1 + np.cos(np.pi * done)) / 2)


class StepDecay(Schedule):
    """rate · factor^⌊e / every⌋.

    Parameters
    ----------
    rate : float, default=0.1
    factor : float in (0, 1], default=0.5
    every : float, default=10
        Number of epochs between two decreases.

    Examples
    --------
    >>> from skneuron.solvers.schedules import StepDecay
    >>> StepDecay(0.2, every=2)(5.0)
    0.05
    """

    constraints: ClassVar = {"rate": POSITIVE, "factor": _UP_TO_ONE, "every": POSITIVE}

    def __init__(self, rate: float = 0.1, factor: float = 0.5, every: float = 10) -> None:
        self.rate = rate
        self.factor = factor
        self.every = every

    def __call__(self, epoch: float) -> float:
        """Return the rate after a number of epochs."""
        return float(self.rate * self.factor ** (epoch // self.every))
