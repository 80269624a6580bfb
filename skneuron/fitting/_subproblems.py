"""The objectives of one fit: one per neuron, or one for a softmax model.

``train`` and ``learn_chunk`` share these steps: build the objective of each neuron, choose its
solver and its start, solve it, and combine the solved neurons. They differ in the sums over rows
(all rows, or a chunk with the summary of past chunks), and in the way they solve one neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation, Sigmoid
from skneuron.design import DesignMatrix, Moments
from skneuron.fitting._adjusted_score import AdjustedScore
from skneuron.fitting._fisher_scoring import FisherScoring
from skneuron.fitting._start import default_start
from skneuron.losses import Loss, SoftmaxLogLoss, get_loss
from skneuron.objective import (
    Objective,
    QuadraticSummary,
    Regularization,
    SpreadSamples,
    strength_from_C,
)
from skneuron.solvers import Solver, StoppingCriteria, choose_solver
from skneuron.validation import Settings, TrainingData, ValidationSet

__all__ = [
    "Start",
    "Subproblem",
    "is_softmax",
    "n_subproblems",
    "regularization_of",
    "subproblems",
]

# Largest mean loss at zero coefficients. The product of two slopes of this size is finite in
# float64.
_LARGEST_LOSS = 1e150

#: Coefficients and intercepts of all neurons.
Start = tuple[AnyArray, AnyArray]


@dataclass(frozen=True)
class Subproblem:
    """The objective of one neuron, or of all neurons of a softmax model.

    Attributes
    ----------
    index : int
        Position among the subproblems of the fit.
    count : int
        Number of subproblems of the fit.
    objective : Objective
    y : ndarray of shape (n_samples,)
        Class indices, or with one neuron per class whether a sample is of the class ``index``.
    solver : Solver
    criteria : StoppingCriteria
        Stopping criteria of the solver.
    passes_before : float
        Passes over X that earlier subproblems made.
    """

    index: int
    count: int
    objective: Objective
    y: AnyArray
    solver: Solver
    criteria: StoppingCriteria
    passes_before: float

    @property
    def of_class(self) -> int | None:
        """Class that the neuron separates from the rest, or None if there is one subproblem."""
        return self.index if self.count > 1 else None

    def starting_point(self, start: Start | None, *, unchanged: bool = False) -> FloatArray:
        """Return parameters at these coefficients, or the default ones for None.

        Unless ``unchanged`` is True, a lower F at the default ones replaces the given ones, too.
        """
        objective = self.objective
        if start is None:
            return default_start(objective)
        rows = slice(None) if objective.dims.n_outputs > 1 else slice(self.index, self.index + 1)
        given = objective.coordinates.from_weights(
            *(part[rows].astype(np.float64) for part in start)
        )
        if objective.loss.smooth and not unchanged:
            value = objective.value_gradient(given)[0]
            if value > objective.zero_value:
                # The coefficients belong to other data, or to other units.
                first = default_start(objective)
                return first if objective.value_gradient(first)[0] < value else given
        return given

    def on_validation_set(self, validation: ValidationSet) -> Objective:
        """Return the objective on the validation set."""
        if isinstance(validation.X, SpreadSamples):
            return self.objective.on_blocks(validation.X, self.of_class)
        y = validation.y if self.count == 1 else (validation.y == self.index).astype(np.intp)
        offset = _offset_of(self.index, validation.offset, self.count)
        return self.objective.on_rows(validation.X, y, validation.weights, offset)


def is_softmax(loss: str, activation: Activation, n_classes: int) -> bool:
    """Whether more than two classes share one softmax: for the sigmoid's log loss only."""
    return n_classes > 2 and loss == "log_loss" and type(activation) is Sigmoid


def n_subproblems(settings: Settings, data: TrainingData) -> int:
    """Return the number of objectives: one, or one per class."""
    softmax = is_softmax(settings.loss, settings.activation, 3)
    return len(data.classes) if data.is_layer and not softmax else 1


def subproblems(
    data: TrainingData,
    settings: Settings,
    design: DesignMatrix | SpreadSamples,
    moments: Moments,
    *,
    center_offset: bool = False,
    summary_of: Callable[[int], QuadraticSummary | None] = lambda index: None,
    total_weight: float | None = None,
    scale: FloatArray | None = None,
) -> Iterator[Subproblem]:
    """Yield one subproblem after the other, so that a single one is in memory.

    Parameters
    ----------
    data : TrainingData
    settings : Settings
    design : DesignMatrix or SpreadSamples
    moments : Moments
    center_offset : bool, default=False
        Whether the objective subtracts the mean of the offset.
    summary_of : callable, optional
        From the index of a subproblem to its quadratic summary of past chunks, or None.
    total_weight : float, optional
        Sum of the sample weights of all chunks, of ``data`` by default.
    scale : ndarray of shape (n_features,), optional
        Scale of the columns, from the moments by default.

    Raises
    ------
    ValueError
        If an offset makes the loss too large.
    """
    total = data.total_weight if total_weight is None else total_weight
    regularization = regularization_of(settings, data, total)
    losses = _losses(settings, data)
    for index, (loss, of_class) in enumerate(losses):
        passes_before = design.n_passes if index else 0.0
        if isinstance(design, SpreadSamples):
            center = _center_of_spread(design, loss, of_class) if center_offset else 0.0
            given = regularization, settings.fit_intercept, moments, center
            objective = Objective.of_spread(design, loss, of_class, *given)
            yield _subproblem(index, losses, objective, data.y, settings, total, passes_before)
            continue
        y = data.y if of_class is None else (data.y == of_class).astype(np.intp)
        summary = summary_of(index)
        offset = _offset_of(index, data.offset, len(losses))
        objective = Objective.of_data(
            design,
            y,
            loss,
            data.weights if summary is None else data.weights * (data.total_weight / total),
            regularization,
            settings.fit_intercept,
            moments,
            summary=None if summary is None else summary.times(1 / total),
            scale=scale,
            offset=offset,
            offset_center=_center_of(offset, data.weights) if center_offset else 0.0,
        )
        yield _subproblem(index, losses, objective, y, settings, total, passes_before)


def _subproblem(
    index: int,
    losses: list[tuple[Loss, int | None]],
    objective: Objective,
    y: AnyArray,
    settings: Settings,
    total_weight: float,
    passes_before: float,
) -> Subproblem:
    """Return the subproblem with the solver of the settings, or with the best one."""
    _check_loss_at_zero(objective)
    solver = settings.solver or _solver_of(objective, settings, total_weight)
    criteria = settings.criteria(solver, objective.dims.n_params)
    return Subproblem(index, len(losses), objective, y, solver, criteria, passes_before)


def _solver_of(objective: Objective, settings: Settings, total_weight: float) -> Solver:
    """Return what ``solver="auto"`` means."""
    if settings.bias_reduction is None:
        return choose_solver(objective)
    return FisherScoring(AdjustedScore(objective, settings.activation, total_weight))


def _losses(settings: Settings, data: TrainingData) -> list[tuple[Loss, int | None]]:
    """Return for each subproblem a loss, and the class that its neuron has against the rest."""
    count = n_subproblems(settings, data)
    if data.is_layer and count == 1:
        return [(SoftmaxLogLoss(len(data.classes)), None)]
    loss = get_loss(settings.loss, settings.activation)
    return [(loss, None)] if count == 1 else [(loss, k) for k in range(count)]


def regularization_of(
    settings: Settings, data: TrainingData, total_weight: float
) -> Regularization:
    """Return penalty and bounds, for sample weights that sum to ``total_weight``."""
    # The perceptron counts errors, which do not depend on the length of w. The infimum of
    # errors plus penalty over all lengths has no penalty.
    perceptron = settings.loss == "perceptron"
    strength = 0.0 if perceptron else strength_from_C(settings.C, total_weight)
    factor = data.penalty_factor
    if factor is not None and not np.isfinite(strength * factor.max()):
        raise ValueError(
            f"The penalty of C={settings.C!r} with penalty_factor={factor.max()!r} overflows "
            "float64. Expected factors whose product with 1 / C is finite. Divide the factors and "
            "C by penalty_factor.max()."
        )
    return Regularization(strength, settings.l1_ratio, data.low, data.high, factor)


def _offset_of(index: int, offset: FloatArray | None, count: int) -> FloatArray | None:
    """Return the offset of a subproblem: its column, or all columns of a single subproblem."""
    return offset if offset is None or count == 1 else np.ascontiguousarray(offset[:, index])


def _center_of(offset: FloatArray | None, weights: FloatArray) -> FloatArray | float:
    """Return the mean of an offset, or for several outputs the differences of their means."""
    if offset is None:
        return 0.0
    mean = weights @ offset
    return mean if offset.ndim == 1 else mean - mean.mean()


def _center_of_spread(
    samples: SpreadSamples, loss: Loss, of_class: int | None
) -> FloatArray | float:
    """Return what ``_center_of`` returns, from the mean that the first pass has found."""
    mean: AnyArray | None = samples.offset_mean
    if mean is None:
        return 0.0
    if of_class is not None:
        return float(mean[of_class])
    return mean - mean.mean() if loss.n_outputs > 1 else mean


def _check_loss_at_zero(objective: Objective) -> None:
    """Raise ``ValueError`` if an offset makes the derivatives of the loss overflow."""
    if objective.rows.has_offset and not objective.zero_value < _LARGEST_LOSS:
        raise ValueError(
            f"The mean loss at zero coefficients is {objective.zero_value:.1e} with this offset. "
            f"Expected less than {_LARGEST_LOSS:.0e}, so that its derivatives are float64 "
            "numbers. Use for example offset - offset.mean(), or a smaller unit."
        )
