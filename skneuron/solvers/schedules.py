"""Learning rates of stochastic solvers that change with the epochs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
from sklearn.base import BaseEstimator

from skneuron.solvers._parameters import is_number, require

__all__ = ["Constant", "Cosine", "InverseScaling", "Schedule", "StepDecay"]


class Schedule(BaseEstimator):  # type: ignore[misc]
    """A learning rate as a function of the epoch.

    Epochs e are counted from 0 in fractions: after half of the first epoch's batches e is
    0.5, so that a schedule means the same for every batch size. Schedules are scikit-learn
    ``BaseEstimator`` objects: their parameters can be searched, as
    ``solver__learning_rate__rate``.
    """

    #: Lowest value of each parameter, whether that is allowed, and the highest value.
    limits: Mapping[str, tuple[float, bool, float]] = {}

    @abstractmethod
    def __call__(self, epoch: float) -> float:
        """Return the rate after a number of epochs."""

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        for name, (low, closed, high) in self.limits.items():
            value = getattr(self, name)
            valid = is_number(value) and low <= value <= high and value < np.inf
            above = "finite" if high == np.inf else f"<= {high:g}"
            expected = f"a number {'>=' if closed else '>'} {low:g}, {above}"
            require(valid and (closed or value > low), self, name, expected)


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

    limits: Mapping[str, tuple[float, bool, float]] = {"rate": (0, False, np.inf)}

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

    limits: Mapping[str, tuple[float, bool, float]] = {
        "rate": (0, False, np.inf),
        "power": (0, True, np.inf),
        "delay": (0, False, np.inf),
    }

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

    limits: Mapping[str, tuple[float, bool, float]] = {
        "rate": (0, False, np.inf),
        "epochs": (0, False, np.inf),
        "final": (0, True, np.inf),
    }

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

    limits: Mapping[str, tuple[float, bool, float]] = {
        "rate": (0, False, np.inf),
        "factor": (0, False, 1),
        "every": (0, False, np.inf),
    }

    def __init__(self, rate: float = 0.1, factor: float = 0.5, every: float = 10) -> None:
        self.rate = rate
        self.factor = factor
        self.every = every

    def __call__(self, epoch: float) -> float:
        """Return the rate after a number of epochs."""
        return float(self.rate * self.factor ** (epoch // self.every))
