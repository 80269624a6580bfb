"""What solvers that learn from batches share: epochs, and what becomes of each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import GapMonitor, rounding
from skneuron.solvers._iterate import Iterate, StoppingCriteria, length_of
from skneuron.solvers._stopping import StoppingRule
from skneuron.solvers._tolerances import DIVERGED
from skneuron.solvers._whitening import SAMPLE_ROWS, Frame
from skneuron.solvers.schedules import Constant, InverseScaling, Schedule
from skneuron.solvers.stochastic._batches import Batches

__all__ = ["State", "Stochastic"]

# Epochs without progress that end a fit: the rate may be about to shrink.
_PATIENCE = 1000

# An epoch has about this many batches at least, of eight rows at least: a step is what
# an epoch is good for.
_BATCHES, _FEWEST = 32, 8

# After an epoch that did not lower F it is made again at half the rate. A longer step is
# tried little by little: an epoch lost costs as much as one won.
_SHORTER, _LONGER = 0.5, 1.3

# Weight of the last iterate in the average of t is (1 + _RECENT) / (t + _RECENT): it forgets
# the start (Shamir & Zhang, International Conference on Machine Learning 30, 2013).
_RECENT = 3

# Where steps have to shrink by themselves: to the root of two of these many batches' share.
_DELAY = 100


@dataclass
class State:
    """What a stochastic solver remembers from one chunk of a stream to the next.

    Attributes
    ----------
    step : int
        Batches seen.
    params : ndarray of shape (n_params,)
        Where the next batch is looked at; what is handed out may be an average.
    average : ndarray of shape (n_params,)
    buffers : dict of str to ndarray of shape (n_outputs, n_coordinates)
        Momentum, or moments.
    since : int
        Batches since the buffers were emptied.
    frame : Frame
    rate : float
        The automatic learning rate.
    """

    step: int
    params: FloatArray
    average: FloatArray
    buffers: dict[str, FloatArray]
    since: int = 0
    frame: Frame = field(default_factory=Frame.plain)
    rate: float = 1.0


class Stochastic(Solver):
    """Base of the solvers that step after each batch.

    A subclass has the parameters ``learning_rate``, ``batch_size``, ``averaging`` and
    ``variance_reduction``, and says what a step is.
    """

    needs = ("gradient",)
    streams = True
    #: Names of the arrays that a step works with.
    buffers: ClassVar[tuple[str, ...]] = ()

    learning_rate: float | str | Schedule
    batch_size: int | str
    averaging: bool | str
    variance_reduction: bool

    # --- what a subclass says -----------------------------------------------------------

    @abstractmethod
    def _step(self, gradient: FloatArray, rate: float, state: State) -> FloatArray:
        """Return what to add to the weights; arguments may be overwritten."""

    @abstractmethod
    def _automatic_rate(self, frame: Frame, batches: Batches) -> float:
        """Return the rate for a frame."""

    # --- parameters ---------------------------------------------------------------------

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        me, rate, size = type(self).__name__, self.learning_rate, self.batch_size
        if isinstance(rate, Schedule):
            rate.check_parameters()
        elif rate != "auto" and not (_is_number(rate) and 0 < float(rate) < np.inf):
            raise ValueError(
                f"{me}: learning_rate={rate!r}: expected 'auto', a positive, finite number, or "
                "an object of skneuron.solvers.schedules"
            )
        whole = isinstance(size, Integral) and not isinstance(size, bool)
        if size != "auto" and not (whole and int(size) >= 1):
            raise ValueError(f"{me}: batch_size={size!r}: expected 'auto' or a positive integer")
        if not isinstance(self.variance_reduction, bool | np.bool_):
            raise ValueError(
                f"{me}: variance_reduction={self.variance_reduction!r}: expected True or False"
            )
        if self.averaging != "auto" and not isinstance(self.averaging, bool | np.bool_):
            raise ValueError(f"{me}: averaging={self.averaging!r}: expected 'auto', True or False")

    def _is_automatic(self) -> bool:
        return isinstance(self.learning_rate, str)

    def _rows_of_a_batch(self, n: int) -> int:
        if isinstance(self.batch_size, str):
            return int(np.clip(n // _BATCHES, _FEWEST, 256))
        return int(self.batch_size)

    def _averages(self, *, reduced: bool) -> bool:
        return not reduced if isinstance(self.averaging, str) else bool(self.averaging)

    def _rates(self, state: State, per_epoch: int, *, reduced: bool) -> Callable[[], float]:
        """Return what gives the rate of the next batch."""
        if self._is_automatic():
            if reduced:
                return lambda: state.rate
            schedule: Schedule = InverseScaling(state.rate, 0.5, _DELAY / per_epoch)
        elif isinstance(self.learning_rate, Schedule):
            schedule = self.learning_rate
        else:
            schedule = Constant(float(self.learning_rate))
        return lambda: schedule(state.step / per_epoch)

    # --- one pass -----------------------------------------------------------------------

    def _begin(self, objective: ObjectiveProtocol, params: FloatArray) -> State:
        shape = (objective.dims.n_outputs, objective.dims.n_coordinates)
        buffers = {name: np.zeros(shape) for name in self.buffers}
        return State(0, params.copy(), params.copy(), buffers)

    def _set_frame(
        self, state: State, batches: Batches, sample: ObjectiveProtocol, params: FloatArray
    ) -> None:
        """Look at the curvature; momentum in other coordinates means nothing."""
        state.frame = Frame.at(sample, params, batches.objective.dims.n_samples)
        state.rate = self._automatic_rate(state.frame, batches)
        _empty(state)

    def _pass(
        self, batches: Batches, state: State, rng: np.random.Generator, *, reduced: bool
    ) -> None:
        """Step after each batch of one shuffled pass."""
        rate = self._rates(state, batches.n_batches, reduced=reduced)
        averages = self._averages(reduced=reduced)
        params, frame = state.params, state.frame
        full = params.reshape(batches.objective.dims.n_outputs, -1)
        for gradient in batches.gradients(params, rng):
            state.since += 1
            step = self._step(frame.apply(gradient.reshape(full.shape)), rate(), state)
            full += frame.apply(step)
            state.step += 1
            if averages:
                share = (1 + _RECENT) / (state.step + _RECENT)
                state.average += min(1.0, share) * (params - state.average)
        if len(full) > 1:
            # A layer does not change when its neurons are shifted alike; its penalty does.
            full -= full.mean(axis=0)
            average = state.average.reshape(full.shape)
            average -= average.mean(axis=0)

    def epoch(
        self, objective: ObjectiveProtocol, params: FloatArray, state: Any, seed: int
    ) -> tuple[FloatArray, State]:
        """Pass once over a chunk of a stream; see :meth:`Solver.epoch`."""
        batches = Batches(objective, self._rows_of_a_batch(objective.dims.n_samples))
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            if not isinstance(state, State) or state.buffers.keys() != set(self.buffers):
                # The first chunk, or the first after another solver.
                state = self._begin(objective, params)
                if self._is_automatic():
                    sample = batches.objective.sample(SAMPLE_ROWS, rng)
                    # A chunk is a part of a stream without an end.
                    state.frame = Frame.at(sample, params, 2 * objective.dims.n_samples)
                    state.rate = self._automatic_rate(state.frame, batches)
            self._pass(batches, state, rng, reduced=False)
        out = state.average if self._averages(reduced=False) else state.params
        return out.copy(), state

    # --- all of them --------------------------------------------------------------------

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
        first = best = _look(batches, params, reduced=reduced and not automatic)
        stopping = StoppingRule(whole, first.value, _PATIENCE)
        status, boost, renew = Status.MAX_ITER, 1.0, 0
        while len(history) < criteria.max_iter:
            epoch = len(history)
            if automatic and (epoch == renew if reduced else epoch == 0):
                # The curvature is looked at again after 1, 2, 4, ... epochs.
                self._set_frame(state, batches, sample, best.params)
                state.rate *= boost
                renew = max(1, 2 * epoch)
            before = best.params
            # Corrections are those of where an epoch starts. The first one starts far from
            # where it ends: there plain steps and their average come ten times as near.
            reduces = reduced and not (automatic and epoch == 0)
            self._pass(batches, state, rng, reduced=reduces)
            averages = self._averages(reduced=reduces)
            point = _look(batches, state.average if averages else state.params, reduced=reduced)
            if automatic and reduced:
                if _is_lower(whole, state.frame, best, point):
                    best, longer = point, min(1.0, _LONGER * boost)
                    if not reduces:
                        state.params[:] = best.params
                else:
                    # Back to where it was, with the gradient there.
                    point, longer = best, _SHORTER * boost
                    state.params[:] = state.average[:] = best.params
                    batches.snapshot(best.params)
                    _empty(state)
                state.rate *= longer / boost
                boost = longer
            elif not point.value <= DIVERGED * max(first.value, whole.zero_value):
                status = Status.DIVERGED
            elif point.value < best.value:
                best = point
            history.add(
                point.params,
                objective=point.value,
                gradient_norm=point.gradient_norm,
                step=length_of(point.params - before),
                n_passes=whole.n_passes,
            )
            if status is Status.DIVERGED:
                break
            if monitor.reached(point.params, point.gradient):
                best, status = point, Status.CONVERGED
                break
            if stopping.is_stuck(best.value, float(point.gradient @ point.gradient)):
                status = Status.STALLED
                break
        return monitor.result(best, status, history)


def _look(batches: Batches, params: FloatArray, *, reduced: bool) -> Iterate:
    """Evaluate the objective on all rows; with ``reduced`` batches remember it."""
    params = params.copy()
    if reduced:
        return Iterate(params, *batches.snapshot(params))
    return Iterate.at(batches.objective, params)


def _is_lower(objective: ObjectiveProtocol, frame: Frame, best: Iterate, point: Iterate) -> bool:
    """Whether F fell, or the gradient where differences of F are rounding."""
    if not np.isfinite(point.value):
        return False
    noise = rounding(objective, best.value)
    if abs(point.value - best.value) > noise:
        return point.value < best.value
    shape = (objective.dims.n_outputs, -1)
    norms = [np.linalg.norm(frame.apply(p.gradient.reshape(shape))) for p in (best, point)]
    return bool(norms[1] <= norms[0])


def _empty(state: State) -> None:
    """Forget momentum."""
    for buffer in state.buffers.values():
        buffer[:] = 0.0
    state.since = 0


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
