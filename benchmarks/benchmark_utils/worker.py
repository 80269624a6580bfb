"""A child process per solver: its threads disturb nobody, and a slow fit can be ended."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import joblib
import numpy as np

START_SECONDS = 300.0
#: For the threads of the fit before, which spin a while before they sleep. Wall time only.
PAUSE_SECONDS = 0.1


class FitError(Exception):
    """A fit that gave no weights; the message says why."""


@dataclass(frozen=True)
class Fit:
    """One timed fit.

    Parameters
    ----------
    seconds : float
        Time of the whole ``fit``, by the clock of the worker.
    weights : dict of str to ndarray
        ``coef`` and ``intercept``.
    """

    seconds: float
    weights: dict[str, np.ndarray]


def _serve(pipe: Connection, solver: Any, clock: Callable[[], float]) -> None:
    """Load problems and fit them until the pipe is closed."""
    while True:
        try:
            command, argument = pipe.recv()
        except EOFError:
            return
        try:
            if command == "load":
                solver.set_objective(**joblib.load(argument))
                solver.warm_up()
                pipe.send(None)
            else:
                gc.collect()
                time.sleep(PAUSE_SECONDS if clock is time.perf_counter else 0.0)
                start = clock()
                solver.run(argument)
                seconds = clock() - start
                pipe.send(Fit(seconds, solver.get_result()))
        except Exception as error:
            words = str(error).strip().partition("\n")[0]
            pipe.send(FitError(f"{type(error).__name__}: {words}"))


class Worker:
    """The process of one solver on one problem, started when it is first needed.

    Parameters
    ----------
    solver : BaseSolver
    problem : Path
        File of the problem, written by ``joblib.dump``: the keyword arguments of the
        solver's ``set_objective``.
    clock : callable
        Wall time, or ``time.process_time`` for solvers with one thread on a busy machine.
    """

    def __init__(
        self, solver: Any, problem: Path, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.solver, self.problem, self.clock = solver, problem, clock
        self.process: Any = None

    def fit(self, tolerance: float, seconds: float) -> Fit:
        """Fit in the child process.

        Parameters
        ----------
        tolerance : float
            Setting of the solver.
        seconds : float
            Longest wait.

        Returns
        -------
        Fit

        Raises
        ------
        TimeoutError
            If the fit took longer; the process is then ended.
        FitError
            If it failed.
        """
        if self.process is None:
            self._start()
        return self._ask("fit", tolerance, seconds)

    def load(self, problem: Path) -> None:
        """Go on to another problem, in the same process if there is one."""
        self.problem = problem
        if self.process is not None:
            self._ask("load", problem, START_SECONDS)

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
            self.process = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, self.solver, self.clock)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        try:
            self._ask("load", self.problem, START_SECONDS)
        except FitError:
            self.close()
            raise

    def _ask(self, command: str, argument: Any, seconds: float) -> Any:
        self.pipe.send((command, argument))
        if not self.pipe.poll(seconds):
            self.close()
            raise TimeoutError(f"no answer to {command} after {seconds:.0f} s")
        try:
            answer = self.pipe.recv()
        except EOFError:
            self.close()
            raise FitError("the process died, of too little memory perhaps") from None
        if isinstance(answer, FitError):
            raise answer
        return answer
