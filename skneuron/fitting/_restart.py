"""Dead neurons: how they are told, and how they start anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from skneuron._typing import FloatArray
from skneuron.losses import SquaredError
from skneuron.objective import Objective
from skneuron.results import SolverResult, Status

__all__ = ["judged", "solve_alive"]

# Who ended the fit wants it to be over, and to know that it was ended, dead or not.
_ENDED = (Status.STOPPED, Status.INTERRUPTED)


def solve_alive(
    solve: Callable[[FloatArray], SolverResult],
    objective: Objective,
    start: FloatArray,
    restart: int,
    seed: int,
) -> SolverResult:
    """Solve, and as long as the neuron ends dead, anew from random weights.

    Parameters
    ----------
    solve : callable
        From a start to a result.
    objective : Objective
    start : ndarray of shape (n_params,)
    restart : int
        How often, at most.
    seed : int
        Of the random weights.

    Returns
    -------
    SolverResult
        Of the last attempt.
    """
    rng = np.random.default_rng(seed)
    result = solve(start)
    for _ in range(restart):
        if judged(objective, result).status is not Status.DEAD:
            break
        result = solve(_random_start(objective, rng))
    return result


def judged(objective: Objective, result: SolverResult) -> SolverResult:
    """Return the result; of a dead neuron, whose zero gradient is no sign of a minimum, as such.

    All of F stands for its gap: it is what the minimum is below at most.
    """
    if result.status in _ENDED or not _is_dead(objective, result.coef):
        return result
    zero = objective.zero_value
    gap = result.objective / zero if zero > 0 else result.objective
    return replace(result, gap=gap, status=Status.DEAD)


def _is_dead(objective: Objective, params: FloatArray) -> bool:
    """Whether no sample has a slope, so that none can ever move the weights.

    Only rectifiers die: their slope is exactly zero on a half line. A saturated sigmoid is
    slow, but its slope leads back.
    """
    loss = objective.loss
    if not isinstance(loss, SquaredError) or loss.smooth or not loss.differentiable:
        return False
    return not np.any(loss.activation.derivative(objective.linear_predictor(params)))


def _random_start(objective: Objective, rng: np.random.Generator) -> FloatArray:
    """Return random weights under which samples lie on both sides of the kink.

    On standardized columns that are not correlated z has a deviation of 1 about the
    pre-activation at which learning starts.
    """
    params = rng.standard_normal((objective.dims.n_outputs, objective.dims.n_coordinates))
    params /= np.sqrt(max(1, objective.dims.n_features))
    if objective.dims.fit_intercept:
        params[:, -1] = objective.loss.start
    return objective.penalty.project(params).ravel()
