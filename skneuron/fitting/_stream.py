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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skneuron._threads import blas_on_one_thread
from skneuron._typing import AnyArray, FloatArray
from skneuron.design import DesignMatrix, Moments, column_moments, resolve_ordinary_values
from skneuron.fitting._result import Layer, as_stored, layer_of
from skneuron.fitting._train import (
    offset_of,
    refuse_overflow,
    regularization_of,
    starting_point,
    tasks_of,
)
from skneuron.objective import Objective, QuadraticSummary, Regularization, SolverCoordinates
from skneuron.results import History, SolverResult, Status
from skneuron.solvers import Solver, choose_solver, value_and_gap
from skneuron.validation import Plan, TrainingData, refuse_not_finite

__all__ = ["Stream", "learn_chunk", "passed"]


@dataclass(frozen=True)
class Stream:
    """What a stream has left so far; it can be pickled and is never changed in place.

    Attributes
    ----------
    moments : Moments
        Of the columns of the first chunk, with a deviation also for those that do not vary
        there.
    scale : ndarray of shape (n_features,)
        Columns are brought to this scale all through, so that the parameters that are
        kept mean the same.
    total_weight : float
        Sum of the sample weights seen.
    seen : ndarray of shape (n_classes,)
        Of each class.
    kept : list
        One per neuron, or one for a softmax layer: a QuadraticSummary, what a stochastic solver
        keeps, or None where mistakes are counted.
    model : str
        The neuron that learns; its parameters mean nothing to another.
    n_samples : int
    """

    moments: Moments
    scale: FloatArray
    total_weight: float
    seen: FloatArray
    kept: list[Any]
    model: str
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

    Raises
    ------
    ValueError
        If the stream is of another neuron.
    """
    tasks = tasks_of(plan, data)
    model = _model_of(plan, data, fit_intercept, stream)
    with blas_on_one_thread(), np.errstate(all="ignore"):
        design = DesignMatrix(data.X)
        seen: FloatArray = np.bincount(data.y, data.weights, len(data.classes)).astype(np.float64)
        seen *= data.total_weight
        total = data.total_weight
        if stream is not None:
            seen, total = seen + stream.seen, total + stream.total_weight
        regularization = regularization_of(plan, data, C, total)
        stream = stream or _opened(design, data, regularization, fit_intercept, model, len(tasks))
        neurons, kept = [], []
        for task, (loss, y) in enumerate(tasks):
            kept_so_far = stream.kept[task]
            memory = kept_so_far if isinstance(kept_so_far, QuadraticSummary) else None
            # Beside a memory the chunk weighs what it does among all rows; else it is all.
            share = 1.0 if memory is None else data.total_weight / total
            objective = Objective.of_data(
                design,
                y,
                loss,
                data.weights * share,
                regularization,
                fit_intercept,
                stream.moments,
                summary=None if memory is None else memory.times(1 / total),
                scale=stream.scale,
                offset=offset_of(task, data.offset, len(tasks)),
            )
            refuse_overflow(objective)
            solver = plan.solver or choose_solver(objective)
            chunk = _Chunk(objective, solver, plan, starting_point(objective, start, task))
            complete = _all_seen(seen, None if len(tasks) == 1 else task)
            weight = data.total_weight if memory is None else total
            result, left = chunk.learn(kept_so_far, stream.n_samples, weight, complete=complete)
            neurons.append(as_stored(objective, result, solver, data.X.dtype))
            kept.append(left)
    after = replace(
        stream,
        total_weight=total,
        seen=seen,
        kept=kept,
        n_samples=stream.n_samples + len(data.y),
    )
    return layer_of(neurons), after


def passed(data: TrainingData, plan: Plan, stream: Stream | None) -> Stream:
    """Return the stream after a chunk of which nothing is kept, as all of it is of one class.

    Raises
    ------
    ValueError
        If the stream is of another neuron.
    """
    model = _model_of(plan, data, True, stream)
    d, none = data.X.shape[1], np.zeros(len(data.classes))
    if stream is None:
        stream = Stream(
            Moments.about_mean(np.zeros(d), np.ones(d)), np.ones(d), 0.0, none, [None], model
        )
    return replace(stream, n_samples=stream.n_samples + len(data.y))


def _model_of(plan: Plan, data: TrainingData, fit_intercept: bool, stream: Stream | None) -> str:
    """Return what the neuron is, refused if the stream is of another."""
    model = f"activation={plan.activation!r}, loss={plan.loss!r}, fit_intercept={fit_intercept}"
    if data.one_each or data.absent:
        model += f", classes with weight={data.classes[data.present].tolist()!r}"
    if stream is not None and model != stream.model:
        raise ValueError(
            f"{model}: expected {stream.model}, with which this stream began; call fit, or begin "
            "another stream with a clone"
        )
    return model


def _opened(
    design: DesignMatrix,
    data: TrainingData,
    regularization: Regularization,
    fit_intercept: bool,
    model: str,
    n_tasks: int,
) -> Stream:
    """Return the stream before its first chunk, in the units of that chunk's columns."""
    found = column_moments(design, data.weights, center=fit_intercept)
    if found is None:
        refuse_not_finite(data.X)
    # A column that does not vary yet may later: its own size is the best guess.
    size = np.where(found.mean == 0, 1.0, np.abs(found.mean))
    deviation = np.where(found.deviation > 0, found.deviation, size)
    moments = Moments.about_mean(found.mean, deviation)
    if fit_intercept:
        moments = resolve_ordinary_values(design, moments)
    scale = SolverCoordinates.of_columns(moments, regularization, fit_intercept, 1).scale
    return Stream(moments, scale, 0.0, np.zeros(len(data.classes)), [None] * n_tasks, model)


def _all_seen(seen: FloatArray, task: int | None) -> bool:
    """Whether every class has been seen, or of one neuron among K its own and another."""
    if task is None:
        return bool(np.all(seen > 0))
    return bool(seen[task] > 0 and seen.sum() > seen[task])


@dataclass(frozen=True)
class _Chunk:
    """One neuron before one chunk."""

    objective: Objective
    solver: Solver
    plan: Plan
    start: FloatArray

    def learn(
        self, kept: Any, n_samples: int, weight: float, *, complete: bool
    ) -> tuple[SolverResult, Any]:
        """Learn the rows, and return what is kept of them, of this weight, and of all before."""
        memory = kept if isinstance(kept, QuadraticSummary) else None
        if self.solver.streams:
            return self.pass_over(kept if memory is None else None, n_samples)
        if not self.objective.loss.differentiable:
            return self.solve(), None
        result, own = self.solve_and_expand() if complete else self.expand_only()
        own = own.times(weight)
        return result, own if memory is None else memory.plus(own)

    def pass_over(self, state: Any, n_samples: int) -> tuple[SolverResult, Any]:
        """Go over the rows once, and return what the solver keeps as well."""
        seed = self.plan.budget.seed + n_samples
        kept = copy.deepcopy(state)
        params, kept = self.solver.epoch(self.objective, self.start, kept, seed)
        return self._one_step(params, Status.EPOCH), kept

    def solve(self) -> SolverResult:
        """Minimize; a chunk is learned as a whole or not at all."""
        result = self.solver.solve(self.objective, self.start, self.plan.budget)
        if result.status is Status.INTERRUPTED:
            raise KeyboardInterrupt(result.status.value)
        return result

    def solve_and_expand(self) -> tuple[SolverResult, QuadraticSummary]:
        """Minimize, and return the losses expanded there as well."""
        result = self.solve()
        return result, self._finite(self.objective.summarize(result.coef))

    def expand_only(self) -> tuple[SolverResult, QuadraticSummary]:
        """Expand the losses where learning starts, and minimize the quadratic."""
        objective = self.objective
        own = self._finite(objective.summarize(objective.start()))
        quadratic = own if objective.summary is None else own.plus(objective.summary)
        ridge = np.tile(objective.penalty.ridge, objective.dims.n_outputs)
        least = quadratic.minimum(ridge).reshape(objective.dims.n_outputs, -1)
        return self._one_step(objective.penalty.project(least).ravel(), Status.UNSEEN), own

    def _one_step(self, params: FloatArray, status: Status) -> SolverResult:
        """Return the result of one step from the start, however long."""
        history = History()
        value, gradient = self.objective.value_gradient(params)
        history.add(
            params,
            objective=value,
            gradient_norm=float(np.linalg.norm(gradient)),
            step=float(np.linalg.norm(params - self.start)),
            n_passes=self.objective.n_passes,
        )
        value, gap = value_and_gap(self.objective, params)
        return SolverResult(params, value, gap, 1, status, history.as_dict())

    @staticmethod
    def _finite(own: QuadraticSummary) -> QuadraticSummary:
        """Return the expansion, if it is one."""
        if not np.all(np.isfinite(own.curvature)) or not np.all(np.isfinite(own.slope)):
            raise ValueError(
                "the chunk has values too large for the scale of the first one: expected columns "
                "of one scale all through the stream"
            )
        return own
