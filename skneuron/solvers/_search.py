"""What the searches of Newton-CG have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.solvers._gap import VISIBLE
from skneuron.solvers._point import Point

__all__ = ["Search"]

# A gap is smaller where it is less than this share of the least so far.
_LESS = 0.9


class Search(ABC):
    """A point, and the step that comes next.

    Parameters
    ----------
    objective : Objective
    point : Point
    tol : float
        Relative gap to reach.
    """

    #: After so many steps without a smaller gap only rounding is left.
    idle_steps: int

    _step: FloatArray
    _promised: float

    def __init__(self, objective: Objective, point: Point, tol: float) -> None:
        self._objective = objective
        self._tol = tol
        self.point = point
        self._best, self._lowest, self._idle = np.inf, point.value, 0

    @abstractmethod
    def may_be_done(self) -> bool:
        """Whether the step promises so little that the gap may be reached."""

    @abstractmethod
    def certified_gap(self) -> float:
        """Return the relative gap if it can be believed, inf if a step has to come first."""

    @abstractmethod
    def newton_gap(self) -> float:
        """Return the relative gap of Newton's model."""

    @abstractmethod
    def advance(self) -> float:
        """Take the step, and look for the next one; return its length, 0 if it failed."""

    def is_stuck(self, length: float) -> bool:
        """Whether nothing is left to be gained: no smaller gap, and F does not fall any more."""
        if self._promised < _LESS * self._best:
            self._best, self._idle = self._promised, 0
        elif self.point.value < self._lowest - VISIBLE * abs(self._lowest):
            self._idle = 0
        else:
            self._idle += 1
        self._lowest = min(self._lowest, self.point.value)
        return length == 0 or self._idle > self.idle_steps
