"""One chunk of a stream after another: online Newton.

Each chunk is solved together with a quadratic that stands for all rows before it, and with
the penalty, counted once. Afterwards its own losses, expanded to second order where the
solution is, join the quadratic. Until every class has been seen there is no solution that
means anything: with one class only the bias runs off to infinity, where curvature vanishes
and what the rows looked like would be lost. Chunks up to then are expanded at the start of
learning, where every sample is undecided, and the quadratic itself is minimized.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skneuron._threads import blas_on_one_thread
from skneuron._training import Layer, Neuron, as_stored, layer_of, tasks_of
from skneuron._typing import AnyArray, FloatArray
from skneuron.design import DesignMatrix, Moments, column_moments
from skneuron.losses import Loss
from skneuron.objective import Memory, Objective, Regularization
from skneuron.penalties import strength_from_C
from skneuron.results import History, SolverResult, Status
from skneuron.solvers import Solver, choose_solver, value_and_gap
from skneuron.validation import Plan, TrainingData, refuse_not_finite

__all__ = ["Stream", "learn_chunk"]


@dataclass(frozen=True)
class Stream:
    """What a stream has left so far; arrays and numbers only.

    Attributes
    ----------
    center, unit : ndarray of shape (n_features,)
        Mean and scale of the columns of the first chunk. Memories belong to columns
        brought to these.
    total_weight : float
        Sum of the sample weights seen.
    seen : ndarray of shape (n_classes,)
        Of each class.
    memories : list of Memory
        One per neuron, or one for a softmax layer; none where mistakes are counted, or a
        stochastic solver learns.
    states : list of object
        What a stochastic solver keeps, one per neuron.
    first_weight : float
        Sum of the sample weights of the first chunk.
    n_samples : int
    """

    center: FloatArray
    unit: FloatArray
    total_weight: float
    seen: FloatArray
    memories: list[Memory] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)
    first_weight: float = 0.0
    n_samples: int = 0


def learn_chunk(
    data: TrainingData,
    plan: Plan,
    stream: Stream | None,
    *,
    C: float,
    fit_intercept: bool,
    start: tuple[AnyArray, AnyArray] | None,
) -> tuple[Layer, Stream]:
    """Learn from a chunk, and return the layer and what the stream then is.

    Parameters
    ----------
    data : TrainingData
    plan : Plan
    stream : Stream or None
        None before the first chunk.
    C : float
    fit_intercept : bool
    start : (coef, intercept) or None
        Weights to start from.
    """
    with blas_on_one_thread(), np.errstate(all="ignore"):
        design = DesignMatrix(data.X)
        stream = stream or _opened(design, data, fit_intercept)
        total = stream.total_weight + data.total_weight
        chunk_seen = np.bincount(data.y, data.weights, len(stream.seen)) * data.total_weight
        seen = stream.seen + chunk_seen
        strength = 0.0 if plan.loss == "perceptron" else strength_from_C(C, total)
        regularization = Regularization(strength, plan.l1_ratio, data.low, data.high)
        # Columns keep one scale all through, although the penalty's share of it shrinks.
        first_strength = strength_from_C(C, stream.first_weight)
        lost = max(0.0, 4 * (1 - plan.l1_ratio) * (first_strength - strength))
        moments = Moments(stream.center, np.sqrt(stream.unit**2 + lost))
        neurons: list[Neuron] = []
        memories: list[Memory] = []
        states: list[Any] = []
        for task, (loss, y) in enumerate(tasks_of(plan, data)):
            memory = stream.memories[task] if stream.memories else None
            chunk = _Chunk(stream, memory, total, data.total_weight)
            objective = Objective(
                design,
                y,
                loss,
                data.weights * (data.total_weight / total),
                regularization,
                fit_intercept,
                moments,
                memory=None if memory is None else chunk.scaled_memory(regularization),
            )
            first = objective.start()
            if start is not None:
                rows = slice(None) if loss.n_outputs > 1 else slice(task, task + 1)
                first = objective.from_weights(*(part[rows].astype(np.float64) for part in start))
            solver = plan.solver or choose_solver(objective)
            if solver.streams:
                state = copy.deepcopy(stream.states[task]) if stream.states else None
                seed = plan.budget.seed + stream.n_samples
                result, state = _epoch(objective, solver, first, state, seed)
                states.append(state)
            elif not loss.differentiable:
                result = solver.solve(objective, first, plan.budget)
            elif _all_seen(loss, seen, task):
                result = solver.solve(objective, first, plan.budget)
                memories.append(chunk.remember(objective, result.coef))
            else:
                memory = chunk.remember(objective, objective.start())
                result = _minimum(objective)
                memories.append(memory)
            if result.status is Status.INTERRUPTED:
                # A chunk is learned as a whole or not at all.
                raise KeyboardInterrupt(result.status.value)
            neurons.append(as_stored(objective, result, solver, data.X.dtype))
    n_samples = stream.n_samples + len(data.y)
    after = replace(
        stream,
        total_weight=total,
        seen=seen,
        memories=memories,
        states=states,
        n_samples=n_samples,
    )
    return layer_of(neurons), after


def _opened(design: DesignMatrix, data: TrainingData, fit_intercept: bool) -> Stream:
    """Return the stream before its first chunk, in the units of that chunk's columns."""
    moments = column_moments(design, data.weights, center=fit_intercept)
    if moments is None:
        refuse_not_finite(data.X)
    # A column that does not vary yet may later: its own size is the best guess.
    size = np.where(moments.mean == 0, 1.0, np.abs(moments.mean))
    unit = np.where(moments.deviation > 0, moments.deviation, size)
    nothing = np.zeros(len(data.classes))
    return Stream(moments.mean, unit, 0.0, nothing, first_weight=data.total_weight)


def _all_seen(loss: Loss, seen: FloatArray, task: int) -> bool:
    """Whether every class of the task has been seen: both of them for one neuron."""
    if loss.n_outputs > 1 or len(seen) == 2:
        return bool(np.all(seen > 0))
    return bool(seen[task] > 0 and seen.sum() > seen[task])


@dataclass(frozen=True)
class _Chunk:
    """Between the memory, in units of the first chunk, and one chunk's objective."""

    stream: Stream
    memory: Memory | None
    total: float
    weight: float

    def scaled_memory(self, regularization: Regularization) -> Any:
        """Return a function from an objective's coordinates to the memory as a mean there."""
        memory, total = self.memory, self.total

        def of(objective: Objective) -> Memory:
            """Return the memory in the units of the objective."""
            assert memory is not None
            return memory.in_units(self._units(objective)).times(1 / total)

        return of

    def remember(self, objective: Objective, params: FloatArray) -> Memory:
        """Return the memory with the losses of the chunk, expanded at these parameters."""
        own = objective.expansion(params).in_units(1 / self._units(objective)).times(self.total)
        if not np.all(np.isfinite(own.curvature)) or not np.all(np.isfinite(own.slope)):
            raise ValueError(
                "the chunk has values too large for the scale of the first one: expected columns "
                "of one scale all through the stream"
            )
        return own if self.memory is None else self.memory.plus(own)

    def _units(self, objective: Objective) -> FloatArray:
        """Return what the objective's parameters are, as multiples of the memory's."""
        units = np.ones((objective.n_outputs, objective.n_coordinates))
        units[:, : objective.n_features] = objective.scale / self.stream.unit
        return units.ravel()


def _epoch(
    objective: Objective, solver: Solver, params: FloatArray, state: Any, seed: int
) -> tuple[SolverResult, Any]:
    """Return where one epoch over the chunk leads, and what the solver keeps."""
    after, state = solver.epoch(objective, params, state, seed)
    return _one_line(objective, after, params, Status.EPOCH), state


def _one_line(
    objective: Objective, params: FloatArray, before: FloatArray, status: Status
) -> SolverResult:
    """Return the result of one step, however long."""
    history = History()
    value, gradient = objective.value_gradient(params)
    history.add(
        params,
        objective=value,
        gradient_norm=float(np.linalg.norm(gradient)),
        step=float(np.linalg.norm(params - before)),
        reads=objective.reads,
    )
    value, gap = value_and_gap(objective, params)
    return SolverResult(params, value, gap, 1, status, history.as_dict())


def _minimum(objective: Objective) -> SolverResult:
    """Return the minimum of the objective expanded at its start."""
    start = objective.start()
    params = objective.penalty.project(
        (start + objective.expansion_step(start)).reshape(objective.n_outputs, -1)
    ).ravel()
    return _one_line(objective, params, start, Status.UNSEEN)
