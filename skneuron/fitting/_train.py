"""From checked data to weights: one objective per neuron, or one for a softmax layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from skneuron._threads import blas_as_allowed, blas_on_one_thread
from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import Sigmoid
from skneuron.design import DesignMatrix, column_moments, resolve_ordinary_values
from skneuron.fitting._certain import certain
from skneuron.fitting._monitor import Watch
from skneuron.fitting._restart import solve_alive
from skneuron.fitting._result import Layer, Neuron, as_stored, layer_of
from skneuron.fitting._separation_monitor import WEAK, Runaway
from skneuron.losses import Loss, SoftmaxLogLoss, get_loss
from skneuron.objective import Objective, Regularization
from skneuron.penalties import strength_from_C
from skneuron.results import Iteration, SolverResult, Status
from skneuron.solvers import Solver, StoppingCriteria, choose_solver
from skneuron.validation import HeldOut, Plan, TrainingData, refuse_not_finite

__all__ = [
    "Reached",
    "Tell",
    "Weights",
    "is_softmax",
    "offset_of",
    "refuse_overflow",
    "regularization_of",
    "starting_point",
    "tasks_of",
    "train",
]

# Largest mean loss at zero weights: products of two slopes of this size are float64 numbers.
_LARGEST_LOSS = 1e150

#: Returns coefficients and intercepts of the whole layer, in the dtype of X.
Weights = Callable[[], tuple[AnyArray, AnyArray]]

#: Gets the neuron (None if there is one only), its iteration, and what returns the weights
#: of the layer before the neuron's first iteration and after this one; true asks for a stop.
Tell = Callable[[int | None, Iteration, Weights, Weights], bool]

#: By number of the neuron: its monitor, how often X was read before, and the solver's result.
Reached = dict[int, tuple[Watch, float, SolverResult]]


def is_softmax(plan_loss: str, activation: Any, n_classes: int) -> bool:
    """Whether more than two classes share one softmax: for the sigmoid's log loss only."""
    return n_classes > 2 and plan_loss == "log_loss" and type(activation) is Sigmoid


def train(
    data: TrainingData,
    plan: Plan,
    *,
    C: float,
    fit_intercept: bool,
    start: tuple[AnyArray, AnyArray] | None,
    held_out: HeldOut | None = None,
    tell: Tell | None = None,
    states: list[Any] | None = None,
    reached: Reached | None = None,
) -> Layer:
    """Fit the neuron, or one per class.

    If an interrupt ends this function after the first iteration, a second call with the same
    ``reached`` returns the layer of the last finished iteration.

    Parameters
    ----------
    data : TrainingData
    plan : Plan
    C : float
    fit_intercept : bool
    start : (coef, intercept) or None
        Weights to continue from.
    held_out : HeldOut or None
        Validation set.
    tell : callable or None
        See ``Tell``.
    states : list or None
        What the solvers have left where ``start`` is, one of each neuron.
    reached : dict or None
        Gets the result of each neuron. This function does not solve for neurons that it finds
        here, and the last of them counts as interrupted.
    """
    reached = {} if reached is None else reached
    interrupted = max(reached, default=None)
    design = DesignMatrix(data.X)
    regularization = regularization_of(plan, data, C, data.total_weight)
    tasks = tasks_of(plan, data)
    neurons: list[Neuron] = []
    budget = plan.budget
    # Overflow is no news here: values beyond float64 are inf to the solvers, which step
    # back from them, and weights beyond it are refused.
    with blas_on_one_thread(), np.errstate(all="ignore"):
        moments = column_moments(design, data.weights, center=fit_intercept)
        if moments is None:
            refuse_not_finite(data.X)
        if fit_intercept:
            moments = resolve_ordinary_values(design, moments)
        alone = None
        for task, (loss, y) in enumerate(tasks):
            before = design.reads if task else 0.0
            offset = offset_of(task, data.offset, len(tasks))
            objective = Objective(
                design,
                y,
                loss,
                data.weights,
                regularization,
                fit_intercept,
                moments,
                offset=offset,
                offset_center=_center_of(offset, data.weights) if fit_intercept else 0.0,
            )
            refuse_overflow(objective)
            solver = plan.solver or choose_solver(objective)
            alone = certain(objective, y) if data.absent and fit_intercept else None
            if task in reached:
                watch, before, result = reached[task]
                result = watch.settle(result)
            else:
                on_val = None
                if held_out is not None:
                    on_val = _on_held_out(objective, held_out, task, len(tasks))
                first = starting_point(objective, start, task)
                told = None
                if tell is not None:
                    told = _telling(tell, neurons, len(tasks), objective, first, data.X.dtype)
                runaway = None
                if C >= WEAK and plan.loss == "log_loss" and alone is None:
                    own = task if len(tasks) > 1 else None
                    runaway = Runaway(objective, data.X, y, np.isinf(C), own, _bounds_of(data))
                monitor = partial(
                    Watch, objective, plan.activation, on_val, plan.patience, told, runaway
                )
                left = states[task] if states and len(states) == len(tasks) else None
                own_budget = replace(budget, state=left)
                how = alone or solver
                attempts = _Attempts(task, objective, how, own_budget, monitor, before, reached)
                result = solve_alive(attempts.solve, objective, first, plan.restart, budget.seed)
                watch = reached[task][0]
            reads = result.history["reads"] - before
            result = replace(result, history=result.history | {"reads": reads})
            if task == interrupted:
                result = replace(result, status=Status.INTERRUPTED)
            neurons.append(as_stored(objective, result, solver, data.X.dtype, watch.found))
            if result.status is Status.STOPPED:
                # Neurons that are still to learn go as far as this one did.
                budget = replace(budget, max_iter=result.n_iter)
            elif result.status is Status.INTERRUPTED:
                budget = replace(budget, max_iter=1)
    never = not data.absent or alone is not None
    return replace(layer_of(neurons), never=never)


def _on_held_out(objective: Objective, held_out: HeldOut, task: int, n_tasks: int) -> Objective:
    """Return the objective of one of the tasks on the validation set."""
    y = held_out.y if n_tasks == 1 else (held_out.y == task).astype(np.intp)
    offset = offset_of(task, held_out.offset, n_tasks)
    return objective.on_rows(held_out.X, y, held_out.weights, offset)


def _bounds_of(data: TrainingData) -> tuple[FloatArray, FloatArray] | None:
    """Return the bounds of the weights, where there are any."""
    return None if data.low is None or data.high is None else (data.low, data.high)


def tasks_of(plan: Plan, data: TrainingData) -> list[tuple[Loss, AnyArray]]:
    """Return a loss and class indices for each objective: one, or one per class."""
    n_classes = len(data.classes)
    if is_softmax(plan.loss, plan.activation, 3 if data.is_layer else 2):
        return [(SoftmaxLogLoss(n_classes), data.y)]
    loss = get_loss(plan.loss, plan.activation)
    if not data.is_layer:
        return [(loss, data.y)]
    return [(loss, (data.y == k).astype(np.intp)) for k in range(n_classes)]


def offset_of(task: int, offset: FloatArray | None, n_tasks: int) -> FloatArray | None:
    """Return the offset of one of the objectives: its column, or all where there is one only."""
    return offset if offset is None or n_tasks == 1 else np.ascontiguousarray(offset[:, task])


def _center_of(offset: FloatArray | None, weights: FloatArray) -> FloatArray | float:
    """Return the mean of an offset; of a layer's what differs from output to output."""
    if offset is None:
        return 0.0
    mean = weights @ offset
    return mean if offset.ndim == 1 else mean - mean.mean()


def regularization_of(
    plan: Plan, data: TrainingData, C: float, total_weight: float
) -> Regularization:
    """Return what holds the weights back, where the sample weights sum to ``total_weight``."""
    # The number of mistakes does not depend on the length of w: the infimum over its
    # length of mistakes plus penalty has no penalty left.
    strength = 0.0 if plan.loss == "perceptron" else strength_from_C(C, total_weight)
    return Regularization(strength, plan.l1_ratio, data.low, data.high)


def refuse_overflow(objective: Objective) -> None:
    """Raise ``ValueError`` if an offset makes the loss too large to compute with."""
    if objective.has_offset and not objective.zero_value < _LARGEST_LOSS:
        raise ValueError(
            f"The mean loss at zero weights is {objective.zero_value:.1e} with this offset. "
            f"Expected less than {_LARGEST_LOSS:.0e}, so that its derivatives are float64 "
            "numbers. Divide the offset, or subtract a value near its mean."
        )


def starting_point(
    objective: Objective, start: tuple[AnyArray, AnyArray] | None, task: int
) -> FloatArray:
    """Return the parameters of the weights to start from, where there are some."""
    if start is None:
        return objective.start()
    rows = slice(None) if objective.n_outputs > 1 else slice(task, task + 1)
    given = objective.from_weights(*(part[rows].astype(np.float64) for part in start))
    if objective.loss.smooth and objective.value_gradient(given)[0] > objective.zero_value:
        # Weights of other data, or in other units.
        return objective.start()
    return given


@dataclass(frozen=True)
class _Attempts:
    """Attempts to train one neuron: more than one only if the neuron dies."""

    task: int
    objective: Objective
    solver: Solver
    budget: StoppingCriteria
    monitor: Callable[[], Watch]
    reads_before: float
    reached: Reached

    def solve(self, start: FloatArray) -> SolverResult:
        """Return the result of one attempt, and add it to what is reached."""
        watch = self.monitor()
        kept, solve = self.reached, self.solver.solve
        task, reads, objective, budget = self.task, self.reads_before, self.objective, self.budget
        # One line: no interrupt comes between the end of the solver and the assignment.
        kept[task] = watch, reads, solve(objective, start, budget, watch.callback, watch.observe)
        return watch.settle(kept[task][2])


def _telling(
    tell: Tell,
    trained: list[Neuron],
    n_tasks: int,
    objective: Objective,
    start: FloatArray,
    dtype: Any,
) -> Callable[[Iteration], bool]:
    """Return what tells of an iteration of the next neuron, those after it still at zero."""
    before = tuple(trained)

    def weights(params: FloatArray) -> tuple[AnyArray, AnyArray]:
        """Return the weights of the layer if all ended here."""
        coef, intercept = objective.to_weights(params)
        rest = n_tasks - len(before) - 1
        coefs = [*(neuron.coef for neuron in before), coef, np.zeros((rest, coef.shape[1]))]
        biases = [*(neuron.intercept for neuron in before), intercept, np.zeros(rest)]
        return np.vstack(coefs).astype(dtype), np.concatenate(biases).astype(dtype)

    number = None if n_tasks == 1 else len(before)
    start = start.copy()

    def told(line: Iteration) -> bool:
        """Tell of the iteration, which may be asked about when the next one has ended.

        The code of the user runs with as many BLAS threads as the user allows.
        """
        reached = line.params.copy()
        with blas_as_allowed():
            return tell(number, line, lambda: weights(start), lambda: weights(reached))

    return told
