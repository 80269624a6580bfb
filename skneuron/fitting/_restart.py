"""Dead neurons: detect them, and restart them from random parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.losses import Loss, SquaredError
from skneuron.objective import Objective
from skneuron.results import SolverResult, Status

__all__ = ["mark_dead", "solve_with_restarts"]

# The user ended these fits. The status says so, whether the neuron is dead or not.
_ENDED_BY_USER = (Status.STOPPED, Status.INTERRUPTED)


def solve_with_restarts(
    solve: Callable[[FloatArray], SolverResult],
    objective: Objective,
    start: FloatArray,
    restart: int,
    seed: int,
) -> SolverResult:
    """Solve, and solve again from random parameters while the neuron is dead.

    Parameters
    ----------
    solve : callable
        From starting parameters to a result.
    objective : Objective
    start : ndarray of shape (n_params,)
    restart : int
        Maximum number of restarts.
    seed : int
        Seed of the random parameters.

    Returns
    -------
    SolverResult
        Of the last attempt.
    """
    result = solve(start)
    if not restart:
        return result
    rng = np.random.default_rng(seed)
    for _ in range(restart):
        if mark_dead(objective, result).status is not Status.DEAD:
            break
        result = solve(_random_start(objective, rng))
    return result


def mark_dead(objective: Objective, result: SolverResult) -> SolverResult:
    """Return the result, with the status of a dead neuron if no sample has a slope.

    The zero gradient of a dead neuron does not show a minimum. The gap is then all of F, an
    upper bound of the excess over the minimum.
    """
    if result.status in _ENDED_BY_USER or not _is_dead(objective, result.coef):
        return result
    zero = objective.zero_value
    gap = result.objective / zero if zero > 0 else result.objective
    return replace(result, gap=gap, status=Status.DEAD)


def _is_dead(objective: Objective, params: FloatArray) -> bool:
    """Whether the slope f'(z) is zero for every sample, so that the gradient is zero.

    Only a rectifier can be dead: its slope is exactly zero on a half-line. A saturated sigmoid
    has a small slope, which leads a solver back.
    """
    loss = objective.loss
    if not isinstance(loss, SquaredError) or loss.smooth or not loss.differentiable:
        return False
    return not objective.any_row(_has_slope, params)


def _has_slope(loss: Loss, y: AnyArray, z: FloatArray) -> bool:
    """Return whether the slope of a sample is not zero. At z = 0 a rectifier has none."""
    assert isinstance(loss, SquaredError)
    return bool(np.any(loss.activation.derivative(z[z != 0])))


def _random_start(objective: Objective, rng: np.random.Generator) -> FloatArray:
    """Return random parameters for which z has both signs among the samples.

    On standardised, uncorrelated columns z has a standard deviation of 1. Its mean is the
    pre-activation at which a fit starts by default.
    """
    params = rng.standard_normal((objective.dims.n_outputs, objective.dims.n_coordinates))
    params /= np.sqrt(max(1, objective.dims.n_features))
    if objective.dims.fit_intercept:
        params[:, -1] = objective.loss.start
    return objective.penalty.project(params).ravel()
