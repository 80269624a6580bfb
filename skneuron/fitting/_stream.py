"""Learn the chunks of a stream one after the other, by online Newton.

The solver minimizes the loss of a chunk plus the penalty plus a quadratic summary of all past
chunks. Afterwards the second-order Taylor expansion of the chunk's loss, at the solution, joins the
summary.

Until every class has been seen, the loss has no minimum: with a single class the intercept grows
without end, and the curvature vanishes. Such early chunks are therefore expanded at the default
start, where every sample has probability ½, and the summary itself is minimized.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from skneuron._common import FloatArray, shown
from skneuron._threads import blas_on_one_thread
from skneuron.design import DesignMatrix, Moments, column_moments, resolve_ordinary_values
from skneuron.fitting._no_iterations import no_iterations
from skneuron.fitting._result import FitResult, as_stored, combine
from skneuron.fitting._start import default_start
from skneuron.fitting._subproblems import (
    Start,
    Subproblem,
    n_subproblems,
    regularization_of,
    subproblems,
)
from skneuron.fitting._train import separation_monitor
from skneuron.objective import Objective, QuadraticSummary, SolverCoordinates
from skneuron.results import History, SolverResult, Status
from skneuron.solvers import value_and_gap
from skneuron.validation import Settings, TrainingData, refuse_not_finite

__all__ = ["Stream", "learn_chunk", "skip_chunk"]


@dataclass(frozen=True)
class Stream:
    """State of a stream between two chunks. It can be pickled and never changes in place.

    Attributes
    ----------
    moments : Moments
        Column moments of the first chunk. A constant column has a positive deviation, too.
    scale : ndarray of shape (n_features,)
        Scale of the columns in every chunk, so that the parameters keep their meaning.
    total_weight : float
        Sum of the sample weights of all chunks.
    seen : ndarray of shape (n_classes,)
        Sum of the sample weights of each class.
    kept : list
        For each subproblem: a quadratic summary, the state of a stochastic solver, or None for the
        perceptron.
    model : str
        Description of the neuron. The state has no meaning for another neuron.
    n_samples : int
    """

    moments: Moments
    scale: FloatArray
    total_weight: float
    seen: FloatArray
    kept: list[object]
    model: str
    n_samples: int = 0
    #: Penalty factors of the features, None if all are 1.
    penalty_factor: FloatArray | None = None

    def summary(self, index: int) -> QuadraticSummary | None:
        """Return the quadratic summary of past chunks for a subproblem, if there is one."""
        kept = self.kept[index]
        return kept if isinstance(kept, QuadraticSummary) else None


def learn_chunk(
    data: TrainingData, settings: Settings, stream: Stream | None, *, start: Start | None = None
) -> tuple[FitResult, Stream]:
    """Learn from a chunk, and return the result and the new state of the stream.

    Parameters
    ----------
    data : TrainingData
    settings : Settings
    stream : Stream or None
        None before the first chunk.
    start : (coef, intercept) or None
        Coefficients to start from.

    Raises
    ------
    ValueError
        If the stream belongs to another neuron.
    """
    model = _checked_model(data, settings, stream)
    neurons, kept = [], []
    with blas_on_one_thread(), np.errstate(all="ignore"):
        design = DesignMatrix(data.X)
        seen: FloatArray = np.bincount(data.y, data.weights, len(data.classes)).astype(np.float64)
        seen *= data.total_weight
        total = data.total_weight
        if stream is not None:
            seen, total = seen + stream.seen, total + stream.total_weight
        stream = stream or _new_stream(design, data, settings, model)
        for part in subproblems(
            data,
            settings,
            design,
            stream.moments,
            summary_of=stream.summary,
            total_weight=total,
            scale=stream.scale,
        ):
            # With a summary the objective is a mean over all chunks, otherwise over this chunk.
            weight = data.total_weight if stream.summary(part.index) is None else total
            result, left = _solve(part, settings, stream, start, weight, seen)
            monitor = separation_monitor(part, data, settings)
            if monitor is not None and result.status not in (Status.UNSEEN, Status.EPOCH):
                result = monitor.final_result(result)
            neurons.append(
                as_stored(part, result, data, None if monitor is None else monitor.found)
            )
            kept.append(left)
    after = replace(
        stream, total_weight=total, seen=seen, kept=kept, n_samples=stream.n_samples + len(data.y)
    )
    return combine(neurons), after


def skip_chunk(data: TrainingData, settings: Settings, stream: Stream | None) -> Stream:
    """Return the state after a chunk of a single class, of which only the rows are counted.

    Raises
    ------
    ValueError
        If the stream belongs to another neuron.
    """
    model = _checked_model(data, settings, stream)
    if stream is None:
        d = data.X.shape[1]
        moments, zero = Moments.about_mean(np.zeros(d), np.ones(d)), np.zeros(len(data.classes))
        factor = data.penalty_factor
        stream = Stream(moments, np.ones(d), 0.0, zero, [None], model, penalty_factor=factor)
    return replace(stream, n_samples=stream.n_samples + len(data.y))


def _checked_model(data: TrainingData, settings: Settings, stream: Stream | None) -> str:
    """Return a description of the neuron, and raise if the stream belongs to another neuron."""
    activation = settings.activation
    # The representation of scikit-learn takes a tenth of the time of a fit to one row.
    name = repr(activation) if vars(activation) else f"{type(activation).__name__}()"
    model = f"activation={name}, loss={settings.loss!r}, fit_intercept={settings.fit_intercept}"
    if data.one_each or data.absent:
        model += f", classes with weight={data.classes[data.present].tolist()!r}"
    if stream is not None and model != stream.model:
        raise ValueError(
            f"This stream cannot go on with {model}. Expected {stream.model}. "
            "Call fit, or begin another stream: sklearn.base.clone(neuron).partial_fit(X, y, "
            "classes=classes)."
        )
    if stream is not None:
        _check_factor(data.penalty_factor, stream.penalty_factor)
    return model


def _check_factor(factor: FloatArray | None, before: FloatArray | None) -> None:
    """Raise ``ValueError`` if the penalty factors of a stream have changed."""
    if factor is None and before is None:
        return
    if factor is None or before is None or not np.array_equal(factor, before):
        given, expected = (1.0 if f is None else f.tolist() for f in (factor, before))
        raise ValueError(
            f"This stream cannot go on with the penalty factors {shown(given)}. Expected "
            f"{shown(expected)}, as before. Call fit, or begin another stream: "
            "sklearn.base.clone(neuron).partial_fit(X, y, classes=classes)."
        )


def _new_stream(design: DesignMatrix, data: TrainingData, settings: Settings, model: str) -> Stream:
    """Return the state before the first chunk. The columns of this chunk define the scale."""
    found = column_moments(design, data.weights, center=settings.fit_intercept)
    if found is None:
        refuse_not_finite(data.X)
    # A constant column may vary in later chunks. Its magnitude is the best guess of its scale.
    magnitude = np.where(found.mean == 0, 1.0, np.abs(found.mean))
    deviation = np.where(found.deviation > 0, found.deviation, magnitude)
    moments = Moments.about_mean(found.mean, deviation)
    moments = resolve_ordinary_values(design, moments, center=settings.fit_intercept)
    regularization = regularization_of(settings, data, data.total_weight)
    scale = SolverCoordinates.of_columns(moments, regularization, settings.fit_intercept, 1).scale
    kept: list[object] = [None] * n_subproblems(settings, data)
    zero, factor = np.zeros(len(data.classes)), data.penalty_factor
    return Stream(moments, scale, 0.0, zero, kept, model, penalty_factor=factor)


def _all_seen(seen: FloatArray, of_class: int | None) -> bool:
    """Whether every class has been seen. One-vs-rest needs the neuron's class and another one."""
    if of_class is None:
        return bool(np.all(seen > 0))
    return bool(seen[of_class] > 0 and seen.sum() > seen[of_class])


def _solve(
    part: Subproblem,
    settings: Settings,
    stream: Stream,
    start: Start | None,
    weight: float,
    seen: FloatArray,
) -> tuple[SolverResult, object]:
    """Return the result of one neuron for the chunk, and the state to keep.

    ``weight`` is the sum of the sample weights over which the objective is a mean.
    """
    objective, solver = part.objective, part.solver
    first, summary = part.starting_point(start), stream.summary(part.index)
    if solver.streams:
        state = None if summary is not None else copy.deepcopy(stream.kept[part.index])
        seed = settings.seed + stream.n_samples
        params, state = solver.epoch(objective, first, state, seed)
        return _one_step(objective, first, params, Status.EPOCH), state
    complete = _all_seen(seen, part.of_class)
    if complete or not objective.loss.differentiable:
        solve = solver.solve if settings.max_iter else partial(no_iterations, solver)
        result = solve(objective, first, part.criteria)
        if result.status is Status.INTERRUPTED:
            # The stream learns a chunk as a whole or not at all.
            raise KeyboardInterrupt(f"The fit {result.status.value}.")
        if not objective.loss.differentiable:
            return result, None
        own = _expansion(objective, result.coef)
    else:
        own = _expansion(objective, default_start(objective))
        quadratic = own if objective.summary is None else own.plus(objective.summary)
        ridge = np.tile(objective.penalty.ridge, objective.dims.n_outputs)
        minimum = quadratic.minimum(ridge).reshape(objective.dims.n_outputs, -1)
        params = objective.penalty.project(minimum).ravel()
        result = _one_step(objective, first, params, Status.UNSEEN)
    own = own.times(weight)
    return result, own if summary is None else summary.plus(own)


def _one_step(
    objective: Objective, start: FloatArray, params: FloatArray, status: Status
) -> SolverResult:
    """Return the result of a single step from the start to ``params``."""
    history = History()
    value, gradient = objective.value_gradient(params)
    history.add(
        params,
        objective=value,
        gradient_norm=float(np.linalg.norm(gradient)),
        step=float(np.linalg.norm(params - start)),
        n_passes=objective.n_passes,
    )
    value, gap = value_and_gap(objective, params)
    return SolverResult(params, value, gap, 1, status, history.as_dict())


def _expansion(objective: Objective, params: FloatArray) -> QuadraticSummary:
    """Return the second-order expansion of the loss, and raise if it is not finite."""
    own = objective.summarize(params)
    if not np.all(np.isfinite(own.curvature)) or not np.all(np.isfinite(own.slope)):
        raise ValueError(
            "The curvature of this chunk overflows float64 on the scale of the first chunk. "
            "Expected columns of similar scale in all chunks. Rescale the chunk as the first one, "
            "for example with a fitted sklearn.preprocessing.StandardScaler."
        )
    return own
