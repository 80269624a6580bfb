"""What the searches of Newton-CG have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._iterate import Point
from skneuron.solvers._stopping import StoppingRule

__all__ = ["Search"]


class Search(ABC):
    """A point, and the step that comes next.

    Parameters
    ----------
    objective : ObjectiveProtocol
    point : Point
    tol : float
        Relative gap to reach.
    """

    #: Steps without progress that end a fit.
    idle_steps: int

    _step: FloatArray
    _promised: float

    def __init__(self, objective: ObjectiveProtocol, point: Point, tol: float) -> None:
        self._objective = objective
        self._tol = tol
        self.point = point
        self._stopping = StoppingRule(objective, point.value, self.idle_steps + 1)

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
        """Return whether the step failed, or the last ones made no progress."""
        return length == 0 or self._stopping.is_stuck(self.point.value, self._promised)
