"""One problem, all solvers: the loosest setting that is good enough, and its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmark_utils.worker import FitError, Worker

OURS = "skneuron"


@dataclass(frozen=True)
class Measurement:
    """One fit: which, at which setting, how long, and the objective it reached."""

    solver: str
    phase: str
    tolerance: float
    seconds: float
    objective: float


@dataclass
class Entrant:
    """One solver in the contest.

    Parameters
    ----------
    worker : Worker
    rungs : iterator of float
        Tolerances not tried yet, loose to tight.
    chosen : Measurement or None
        The first fit whose gap was small enough.
    ended : str
        Why there is no further fit: a time-out, an error or no setting left.
    """

    worker: Worker
    rungs: Iterator[float]
    chosen: Measurement | None = None
    ended: str = ""
    spent: float = 0.0
    objectives: list[float] = field(default_factory=list)


class Contest:
    """Measure several solvers on one problem.

    Parameters
    ----------
    workers : dict of str to Worker
        By name of the solver, ours first.
    evaluate : callable
        Weights to objective value.
    at_zero : float
        Objective at zero weights, F(0).
    target : float
        Largest relative gap ``(F - best) / F(0)`` that is good enough.
    timeout : float
        Most seconds of a fit; also, a fit may take twenty times ours, and ``least``.
    least : float
        Seconds that each fit may take.
    slowest : float
        A solver whose fit took more than so many times ours gets no tighter tolerance.
    say : callable
        Called with every measurement.
    """

    def __init__(
        self,
        workers: dict[str, Worker],
        evaluate: Callable[[dict[str, np.ndarray]], float],
        *,
        at_zero: float,
        target: float,
        timeout: float,
        least: float = 10.0,
        slowest: float = np.inf,
        say: Callable[[str], Any],
    ) -> None:
        self.entrants = {
            name: Entrant(worker, iter(worker.solver.tolerances))
            for name, worker in workers.items()
        }
        self.evaluate, self.at_zero, self.target = evaluate, at_zero, target
        self.limit = self.timeout = timeout
        self.least, self.slowest = least, slowest
        self.ours = np.inf
        self.say = say
        self.measurements: list[Measurement] = []

    @property
    def best(self) -> float:
        """The best optimum known, F*: the lowest objective of any fit."""
        return min((m.objective for m in self.measurements), default=np.inf)

    def gap(self, measurement: Measurement) -> float:
        """Return the relative gap of a fit to the best optimum known."""
        return (measurement.objective - self.best) / self.at_zero

    def run(self, rounds: int) -> None:
        """Find the best optimum, then each one's setting, then repeat the settings."""
        self._refer()
        moved = True
        while moved:  # A solver that found a lower optimum sends the others on.
            moved = False
            for name in self.entrants:
                moved |= self._walk(name)
        for _ in range(rounds):
            for name, entrant in self.entrants.items():
                if entrant.chosen is not None and entrant.spent < self.timeout / 2:
                    self._fit(name, "repeat", entrant.chosen.tolerance)

    def _refer(self) -> None:
        """Ask ours, and one peer that can, for an optimum to the last digits."""
        for ours in (True, False):
            for name, entrant in self.entrants.items():
                tolerance = entrant.worker.solver.reference_tolerance
                if name.startswith(OURS) != ours or tolerance is None:
                    continue
                fit = self._fit(name, "reference", tolerance)
                if fit is not None and ours:
                    self._limit_to(fit.seconds)
                if fit is not None:
                    break
                entrant.ended = ""

    def _walk(self, name: str) -> bool:
        """Tighten a solver's tolerance until its gap is small enough; tell if it moved."""
        entrant = self.entrants[name]
        moved = False
        while entrant.chosen is None or not self._is_enough(entrant, entrant.chosen):
            entrant.chosen = None
            tolerance = next(entrant.rungs, None)
            if tolerance is None and not entrant.ended:
                entrant.ended = "no tighter tolerance left"
            if entrant.ended or tolerance is None:
                break
            moved = True
            measurement = self._fit(name, "ladder", tolerance)
            if measurement is not None and self._is_enough(entrant, measurement):
                entrant.chosen = measurement
                if name.startswith(OURS):
                    self._limit_to(measurement.seconds)
        return moved

    def _limit_to(self, seconds: float) -> None:
        """Allow the others twenty times our seconds."""
        self.ours = seconds
        self.limit = min(self.timeout, max(self.least, 20.0 * seconds))

    def _is_enough(self, entrant: Entrant, measurement: Measurement) -> bool:
        """Return whether a solver need not try a tighter tolerance."""
        return entrant.worker.solver.any_gap or self.gap(measurement) <= self.target

    def _fit(self, name: str, phase: str, tolerance: float) -> Measurement | None:
        """Measure one fit; None, and the entrant ended, if it gave nothing."""
        entrant = self.entrants[name]
        limit = self.timeout if name.startswith(OURS) or phase == "repeat" else self.limit
        try:
            fit = entrant.worker.fit(tolerance, limit)
        except (TimeoutError, FitError) as error:
            timed_out = isinstance(error, TimeoutError)
            entrant.ended = f"stopped after {limit:.0f} s" if timed_out else str(error)
            self.say(f"  {name:24} {phase:9} {tolerance:.0e}  {entrant.ended}")
            return None
        measurement = Measurement(name, phase, tolerance, fit.seconds, self.evaluate(fit.weights))
        self.measurements.append(measurement)
        self.say(
            f"  {name:24} {phase:9} {tolerance:.0e} {fit.seconds:10.4f} s"
            f"  gap {self.gap(measurement):.1e}"
        )
        if phase == "ladder":
            entrant.objectives.append(measurement.objective)
            if len(entrant.objectives) > 3 and len(set(entrant.objectives[-4:])) == 1:
                entrant.ended = "a tighter tolerance changes nothing"
            elif fit.seconds > self.slowest * self.ours:
                entrant.ended = f"took {fit.seconds / self.ours:.0f} times as long"
        elif phase == "repeat":
            entrant.spent += fit.seconds
        return measurement
