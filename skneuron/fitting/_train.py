"""Fit one neuron, or one neuron per class, to all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_as_allowed, blas_on_one_thread
from skneuron.design import (
    DesignMatrix,
    Moments,
    column_moments,
    design_of,
    resolve_ordinary_values,
)
from skneuron.fitting._monitor import FitMonitor
from skneuron.fitting._no_iterations import no_iterations
from skneuron.fitting._restart import solve_with_restarts
from skneuron.fitting._result import FitResult, NeuronResult, as_stored, combine
from skneuron.fitting._separation_monitor import UNPENALIZED_C, SeparationMonitor
from skneuron.fitting._single_class import single_class_solver
from skneuron.fitting._spread_moments import spread_moments
from skneuron.fitting._subproblems import Start, Subproblem, subproblems
from skneuron.objective import SpreadSamples
from skneuron.results import Iteration, SolverResult, Status
from skneuron.solvers import Solver, StoppingCriteria
from skneuron.validation import Settings, TrainingData, ValidationSet, refuse_not_finite

__all__ = [
    "Columns",
    "OnIteration",
    "Reached",
    "Weights",
    "columns_of",
    "separation_monitor",
    "train",
]

#: X as a design matrix or in blocks elsewhere, and the moments of its columns.
Columns = tuple[DesignMatrix | SpreadSamples, Moments]

#: Returns coefficients and intercepts of all neurons, in the dtype of X.
Weights = Callable[[], tuple[AnyArray, AnyArray]]

#: Gets the index of the neuron (None for a single subproblem), its iteration, and two functions
#: that return coefficients: before the neuron's first iteration, and after this iteration.
#: Returns True to stop the fit.
OnIteration = Callable[[int | None, Iteration, Weights, Weights], bool]

#: By index of the subproblem: its monitor, the passes over X before, and the solver's result.
Reached = dict[int, tuple[FitMonitor, float, SolverResult]]


def train(
    data: TrainingData,
    settings: Settings,
    *,
    start: Start | None = None,
    validation: ValidationSet | None = None,
    on_iteration: OnIteration | None = None,
    states: list[object] | None = None,
    reached: Reached | None = None,
    columns: Columns | None = None,
    on_path: bool = False,
) -> FitResult:
    """Fit the neuron, or one neuron per class.

    If an interrupt ends this function after the first iteration, a second call with the same
    ``reached`` returns the result of the last finished iteration.

    Parameters
    ----------
    data : TrainingData
    settings : Settings
    start : (coef, intercept) or None
        Coefficients to continue from.
    validation : ValidationSet or None
    on_iteration : callable or None
        See ``OnIteration``.
    states : list or None
        State of the solver of each subproblem at ``start``.
    reached : dict or None
        Receives the result of each subproblem. This function does not solve the subproblems that
        the dict has already, and it marks the last of them as interrupted.
    columns : (DesignMatrix, Moments) or None
        From ``columns_of``, for several fits to the same rows.
    on_path : bool
        Whether nothing reads the history, and ``start`` with an L1 penalty or bounds is the minimum
        at a stronger penalty: F is lower there than at zero.
    """
    reached = {} if reached is None else reached
    interrupted = max(reached, default=None)
    neurons: list[NeuronResult] = []
    max_iter, single_class = settings.max_iter, None
    # Solvers step back from values that overflow to infinity, and coefficients that overflow raise
    # an error. So NumPy's warnings add nothing.
    with blas_on_one_thread(), np.errstate(all="ignore"):
        design, moments = columns or columns_of(data, settings.fit_intercept)
        centered = settings.fit_intercept
        for part in subproblems(data, settings, design, moments, center_offset=centered):
            if data.absent and settings.fit_intercept and settings.bias_reduction is None:
                single_class = single_class_solver(part.objective, part.y)
            if part.index in reached:
                monitor, passes_before, result = reached[part.index]
                result = monitor.final_result(result)
            else:
                is_low = on_path and not part.objective.penalty.is_smooth
                first = part.starting_point(start, unchanged=is_low or not max_iter)
                report = _report_of(part, neurons, first, data, on_iteration)
                separation = None if single_class else separation_monitor(part, data, settings)
                on_validation_set = None
                if validation is not None:
                    on_validation_set = part.on_validation_set(validation)
                new_monitor = partial(
                    FitMonitor,
                    part.objective,
                    None if on_path else settings.activation,
                    on_validation_set,
                    settings.patience,
                    report,
                    separation,
                )
                state = states[part.index] if states and len(states) == part.count else None
                criteria = replace(part.criteria, max_iter=max_iter, state=state)
                solver = single_class or part.solver
                solve = partial(_attempt, part, solver, criteria, new_monitor, reached)
                result = solve_with_restarts(
                    solve,
                    part.objective,
                    first,
                    settings.restart if max_iter else 0,
                    settings.seed,
                )
                monitor, passes_before, _ = reached[part.index]
            passes = result.history["n_passes"] - passes_before
            result = replace(result, history=result.history | {"n_passes": passes})
            if part.index == interrupted:
                result = replace(result, status=Status.INTERRUPTED)
            neurons.append(as_stored(part, result, data, monitor.separation))
            if result.status is Status.STOPPED:
                # The remaining neurons get as many iterations as this one had.
                max_iter = result.n_iter
            elif result.status is Status.INTERRUPTED:
                max_iter = 1
    excluded = not data.absent or single_class is not None
    return replace(combine(neurons), excludes_absent=excluded)


def columns_of(data: TrainingData, fit_intercept: bool) -> Columns:
    """Return X and the moments of its columns, and raise for NaN and infinity."""
    if isinstance(data.X, SpreadSamples):
        return data.X, spread_moments(data.X, center=fit_intercept)
    design = design_of(data.X)
    moments = column_moments(design, data.weights, center=fit_intercept)
    if moments is None:
        refuse_not_finite(data.X)
    return design, resolve_ordinary_values(design, moments, center=fit_intercept)


def separation_monitor(
    part: Subproblem, data: TrainingData, settings: Settings
) -> SeparationMonitor | None:
    """Return the monitor if no penalty keeps the coefficients of separated classes finite."""
    factor = np.ones(1) if data.penalty_factor is None else data.penalty_factor
    strength = factor / settings.C
    if strength.min() > 1 / UNPENALIZED_C or settings.loss != "log_loss":
        return None
    if settings.bias_reduction is not None:
        return None
    bounds = None if data.low is None or data.high is None else (data.low, data.high)
    stops = strength.min() == 0
    # A column with a penalty does not diverge.
    weak = strength == 0 if stops else strength <= 1 / UNPENALIZED_C
    columns = None if weak.all() else np.flatnonzero(weak)
    return SeparationMonitor(part.objective, data.X, part.y, stops, part.of_class, bounds, columns)


def _attempt(
    part: Subproblem,
    solver: Solver,
    criteria: StoppingCriteria,
    new_monitor: Callable[[], FitMonitor],
    reached: Reached,
    start: FloatArray,
) -> SolverResult:
    """Solve a subproblem from one start, and store the solver's result in ``reached``."""
    monitor, k, passes = new_monitor(), part.index, part.passes_before
    solve, objective = (
        solver.solve if criteria.max_iter else partial(no_iterations, solver),
        part.objective,
    )
    callbacks = monitor.callback, monitor.observe
    # One line: no interrupt comes between the end of the solver and the assignment.
    reached[k] = monitor, passes, solve(objective, start, criteria, *callbacks)
    return monitor.final_result(reached[k][2])


def _report_of(
    part: Subproblem,
    trained: list[NeuronResult],
    start: FloatArray,
    data: TrainingData,
    on_iteration: OnIteration | None,
) -> Callable[[Iteration], bool] | None:
    """Return a function that reports an iteration of the next neuron to ``on_iteration``."""
    if on_iteration is None:
        return None
    before, start = tuple(trained), start.copy()

    def weights(params: FloatArray) -> tuple[AnyArray, AnyArray]:
        """Return the coefficients of all neurons if the fit ended here, later neurons at zero."""
        coef, intercept = part.objective.coordinates.to_weights(params)
        n_later = part.count - len(before) - 1
        coefs = [*(neuron.coef for neuron in before), coef, np.zeros((n_later, coef.shape[1]))]
        intercepts = [*(neuron.intercept for neuron in before), intercept, np.zeros(n_later)]
        dtype = data.X.dtype
        return np.vstack(coefs).astype(dtype), np.concatenate(intercepts).astype(dtype)

    def report(line: Iteration) -> bool:
        """Report an iteration. A callback may ask for its coefficients after the next one.

        The user's code runs with as many BLAS threads as the user allows.
        """
        reached = line.params.copy()
        with blas_as_allowed():
            return on_iteration(
                part.of_class, line, lambda: weights(start), lambda: weights(reached)
            )

    return report
