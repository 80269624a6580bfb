"""The base of solvers that step on batches: epochs, learning rates and averages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from skneuron._common import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import GapMonitor, rounding
from skneuron.solvers._iterate import Iterate, StoppingCriteria, length_of
from skneuron.solvers._parameter_values import FLAG, POSITIVE, WHOLE, Constraint, auto_or, is_auto
from skneuron.solvers._solver import Solver
from skneuron.solvers._stopping import EPOCH_PATIENCE, StoppingRule
from skneuron.solvers._tolerances import DIVERGED
from skneuron.solvers._whitening import SAMPLE_ROWS, Whitening
from skneuron.solvers.schedules import Constant, InverseScaling, Schedule
from skneuron.solvers.stochastic._batches import Batches

__all__ = ["MIN_BATCHES", "Stochastic", "StochasticState"]

# Number of batches of an epoch at least, if the batches keep eight rows.
MIN_BATCHES = 32

# Number of rows of a batch at least.
_MIN_ROWS = 8

# Factor on the rate after an epoch that lowers F. An epoch that does not is repeated at half the
# rate. The repetition costs as much as a good epoch wins.
_LONGER = 1.3

# Weight of the last iterate in the average of t is (1 + r) / (t + r), with this r: the average
# forgets the start (Shamir & Zhang, International Conference on Machine Learning 30, 2013).
_RECENT = 3

# Number of batches after which a rate that shrinks has fallen by √2.
_DELAY = 100


@dataclass
class StochasticState:
    """State of a stochastic solver between two batches."""

    #: Number of batches so far.
    step: int
    #: Parameters of the next gradient, and their average over the steps.
    params: FloatArray
    average: FloatArray
    #: Momentum, or moments, of shape (n_outputs, n_coordinates).
    buffers: dict[str, FloatArray]
    #: Number of batches since the buffers were zero.
    since: int = 0
    whitening: Whitening = field(default_factory=Whitening)
    #: The automatic learning rate.
    rate: float = 1.0

    def reset_momentum(self) -> None:
        """Set the buffers to zero."""
        for buffer in self.buffers.values():
            buffer[:] = 0.0
        self.since = 0


class Stochastic(Solver):
    """Base of the solvers that step after each batch.

    A subclass has the parameters ``learning_rate``, ``batch_size``, ``averaging`` and
    ``variance_reduction``, and defines a step.
    """

    needs = ("gradient",)
    streams = True
    #: Names of the arrays that a step uses.
    buffers: ClassVar[tuple[str, ...]] = ()
    constraints: ClassVar = {
        "learning_rate": Constraint(
            lambda rate: isinstance(rate, Schedule) or is_auto(rate) or POSITIVE.allows(rate),
            f"'auto', {POSITIVE.expected}, or an object of skneuron.solvers.schedules",
        ),
        "batch_size": auto_or(WHOLE),
        "averaging": auto_or(FLAG),
        "variance_reduction": FLAG,
    }

    learning_rate: float | str | Schedule
    batch_size: int | str
    averaging: bool | str
    variance_reduction: bool

    @abstractmethod
    def _step(self, gradient: FloatArray, rate: float, state: StochasticState) -> FloatArray:
        """Return the change of the parameters. The method may overwrite the arguments."""

    @abstractmethod
    def _automatic_rate(self, whitening: Whitening, batches: Batches) -> float:
        """Return the rate in whitened coordinates."""

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        super().check_parameters()
        if isinstance(self.learning_rate, Schedule):
            self.learning_rate.check_parameters()

    def _is_automatic(self) -> bool:
        return isinstance(self.learning_rate, str)

    def _rows_of_a_batch(self, n: int) -> int:
        if isinstance(self.batch_size, str):
            return int(np.clip(n // MIN_BATCHES, _MIN_ROWS, 256))
        return int(self.batch_size)

    def _averages(self, *, reduced: bool) -> bool:
        return not reduced if isinstance(self.averaging, str) else bool(self.averaging)

    def _rates(
        self, state: StochasticState, per_epoch: int, *, reduced: bool
    ) -> Callable[[], float]:
        """Return a function that returns the rate of the next batch."""
        if self._is_automatic():
            if reduced:
                return lambda: state.rate
            schedule: Schedule = InverseScaling(state.rate, 0.5, _DELAY / per_epoch)
        elif isinstance(self.learning_rate, Schedule):
            schedule = self.learning_rate
        else:
            schedule = Constant(float(self.learning_rate))
        return lambda: schedule(state.step / per_epoch)

    def _begin(self, objective: ObjectiveProtocol, params: FloatArray) -> StochasticState:
        shape = (objective.dims.n_outputs, objective.dims.n_coordinates)
        buffers = {name: np.zeros(shape) for name in self.buffers}
        return StochasticState(0, params.copy(), params.copy(), buffers)

    def _whiten(
        self,
        state: StochasticState,
        batches: Batches,
        sample: ObjectiveProtocol,
        params: FloatArray,
        n_rows: int,
    ) -> None:
        """Renew coordinates and rate. Momentum of other coordinates means nothing."""
        state.whitening = Whitening.at(sample, params, n_rows)
        state.rate = self._automatic_rate(state.whitening, batches)
        state.reset_momentum()

    def _pass(
        self, batches: Batches, state: StochasticState, rng: np.random.Generator, *, reduced: bool
    ) -> None:
        """Step after each batch of one shuffled pass."""
        rate = self._rates(state, batches.n_batches, reduced=reduced)
        averages = self._averages(reduced=reduced)
        params, whitening = state.params, state.whitening
        full = params.reshape(batches.objective.dims.n_outputs, -1)
        for gradient in batches.gradients(params, rng):
            state.since += 1
            step = self._step(whitening.apply(gradient.reshape(full.shape)), rate(), state)
            full += whitening.apply(step)
            state.step += 1
            if averages:
                weight = min(1.0, (1 + _RECENT) / (state.step + _RECENT))
                state.average += weight * (params - state.average)
        if len(full) > 1:
            # A shift that all outputs have in common changes the penalty only.
            full -= full.mean(axis=0)
            average = state.average.reshape(full.shape)
            average -= average.mean(axis=0)

    def epoch(
        self, objective: ObjectiveProtocol, params: FloatArray, state: object, seed: int
    ) -> tuple[FloatArray, StochasticState]:
        """Pass once over a chunk of a stream (see :meth:`Solver.epoch`)."""
        batches = Batches(objective, self._rows_of_a_batch(objective.dims.n_samples))
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            if not isinstance(state, StochasticState) or state.buffers.keys() != set(self.buffers):
                # The first chunk, or the first after another solver.
                state = self._begin(objective, params)
                if self._is_automatic():
                    sample = batches.objective.sample(SAMPLE_ROWS, rng)
                    # A chunk is a part of a stream without an end.
                    self._whiten(state, batches, sample, params, 2 * objective.dims.n_samples)
            self._pass(batches, state, rng, reduced=False)
        out = state.average if self._averages(reduced=False) else state.params
        return out.copy(), state

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        criteria: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        batches = Batches(objective, self._rows_of_a_batch(objective.dims.n_samples))
        whole, rng = batches.objective, np.random.default_rng(criteria.seed)
        automatic, reduced = self._is_automatic(), bool(self.variance_reduction)
        monitor = GapMonitor(whole, criteria.tol)
        sample = whole.sample(SAMPLE_ROWS, rng) if automatic else whole
        state = self._begin(whole, params)
        first = best = _evaluate(batches, params, reduced=reduced and not automatic)
        stopping = StoppingRule(whole, first.value, EPOCH_PATIENCE)
        status, boost, renew = Status.MAX_ITER, 1.0, 0
        while len(history) < criteria.max_iter:
            epoch = len(history)
            if automatic and (epoch == renew if reduced else epoch == 0):
                # The curvature is renewed after 1, 2, 4, ... epochs.
                self._whiten(state, batches, sample, best.params, whole.dims.n_samples)
                state.rate *= boost
                renew = max(1, 2 * epoch)
            before = best.params
            # Gradients are corrected by those at the start of an epoch. The first start is far
            # away: there plain steps and their average come ten times as near.
            reduces = reduced and not (automatic and epoch == 0)
            self._pass(batches, state, rng, reduced=reduces)
            averages = self._averages(reduced=reduces)
            end = state.average if averages else state.params
            iterate = _evaluate(batches, end, reduced=reduced)
            if automatic and reduced:
                if _is_lower(whole, state.whitening, best, iterate):
                    best, longer = iterate, min(1.0, _LONGER * boost)
                    if not reduces:
                        state.params[:] = best.params
                else:
                    # Back to the start of the epoch, with the gradient there.
                    iterate, longer = best, 0.5 * boost
                    state.params[:] = state.average[:] = best.params
                    batches.snapshot(best.params)
                    state.reset_momentum()
                state.rate *= longer / boost
                boost = longer
            elif not iterate.value <= DIVERGED * max(first.value, whole.zero_value):
                status = Status.DIVERGED
            elif iterate.value < best.value:
                best = iterate
            iterate.record(history, whole, length_of(iterate.params - before))
            if status is Status.DIVERGED:
                break
            if monitor.reached(iterate.params, iterate.gradient):
                best, status = iterate, Status.CONVERGED
                break
            if stopping.is_stuck(best.value, float(iterate.gradient @ iterate.gradient)):
                status = Status.STALLED
                break
        return monitor.result(best, status, history)


def _evaluate(batches: Batches, params: FloatArray, *, reduced: bool) -> Iterate:
    """Evaluate the objective on all rows. With ``reduced`` its gradient corrects batches."""
    params = params.copy()
    if reduced:
        return Iterate(params, *batches.snapshot(params))
    return Iterate.at(batches.objective, params)


def _is_lower(
    objective: ObjectiveProtocol, whitening: Whitening, best: Iterate, new: Iterate
) -> bool:
    """Return whether F fell, or the gradient if the difference of F is rounding."""
    if not np.isfinite(new.value):
        return False
    if abs(new.value - best.value) > rounding(objective, best.value):
        return new.value < best.value
    shape = (objective.dims.n_outputs, -1)
    norms = [np.linalg.norm(whitening.apply(x.gradient.reshape(shape))) for x in (best, new)]
    return bool(norms[1] <= norms[0])
