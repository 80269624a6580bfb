"""Coefficients in the dtype of X, and the objective as their predictions round it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import forward
from skneuron.fitting._subproblems import Subproblem
from skneuron.objective import MemoryRows, Objective, SolverCoordinates
from skneuron.objective._base_rows import finite_or_inf
from skneuron.results import SolverResult, Status
from skneuron.solvers import PRECISION, relative, rounding
from skneuron.validation import TrainingData

__all__ = ["CONVERGED", "stored_result"]

#: From coefficients, intercepts and a shift of the offset to the loss, rounded as predictions are.
PredictedLoss = Callable[[FloatArray, FloatArray, FloatArray | float], float]

#: Ends of a fit that has reached its minimum.
CONVERGED = (Status.CONVERGED, Status.PRECISION)

# Smallest relative gap that needs a warning if the rounding of float32 coefficients causes it.
# For columns with a mean near zero, the rounding causes a gap of about 1e-14.
_FLOAT32_GAP = 1e-8

# Fraction of F by which rounding errors may lower it by chance without a part in the gap: ten of
# its digits are right.
_LOWERED = 1e-10

# Smallest rounding error of w·x + b for which F is computed again with the stored coefficients.
# Smaller errors change only the last digits of F.
_VISIBLE_ROUNDING = 1e-11


def stored_result(
    part: Subproblem, result: SolverResult, data: TrainingData
) -> tuple[tuple[AnyArray, AnyArray], SolverResult]:
    """Return coefficients and intercepts in the dtype of X, and the result at them."""
    objective, dtype = part.objective, data.X.dtype
    coef, intercept = objective.coordinates.to_weights(result.coef)
    stored = coef.astype(dtype), intercept.astype(dtype)
    if not all(np.all(np.isfinite(part)) for part in stored):
        column = int(np.flatnonzero(~np.isfinite(stored[0]).all(axis=0)).min(initial=0))
        raise ValueError(
            f"The coefficient of column {column} overflows {np.dtype(dtype).name}. Expected "
            "columns with values that are neither tiny nor far from zero. Rescale X, for example "
            "with sklearn.preprocessing.StandardScaler()."
        )
    loss_of = partial(_predicted_loss, part, data)
    if dtype != np.float64:
        weights, biases = (part.astype(np.float64) for part in stored)
        result = _rounded(part, result, weights, biases, loss_of)
    else:
        result = _as_predicted(objective, result, coef, intercept, loss_of)
    return stored, result


def _predicted_loss(
    part: Subproblem,
    data: TrainingData,
    coef: AnyArray,
    intercept: AnyArray,
    away: FloatArray | float,
) -> float:
    """Return the loss of w·x + b plus offset, with the bits of w·x + b that a prediction has.

    A BLAS adds up in an order that depends on the number of rows and of neurons. So the product
    has all rows that ``fit`` got, and the coefficients of all neurons. ``away`` is added to the
    offset.
    """
    own = slice(part.index, part.index + 1) if part.count > 1 else slice(None)
    n_neurons = max(part.count, len(coef))
    all_coef = np.zeros((n_neurons, coef.shape[1]), coef.dtype)
    all_intercepts = np.zeros(n_neurons, intercept.dtype)
    all_coef[own], all_intercepts[own] = coef, intercept
    total = part.objective.rows.total
    return float(total(_loss_of_rows, all_coef, all_intercepts, own, away, data.given))


def _loss_of_rows(
    rows: MemoryRows,
    coef: AnyArray,
    intercept: AnyArray,
    own: slice,
    away: FloatArray | float,
    given: tuple[Matrix, AnyArray] | None,
) -> float:
    """Return the loss of some rows. ``given`` is X with the rows that are not in use, or None."""
    assert rows.source is not None
    X, used = given or (rows.source.source, None)
    before = None if used is None else np.append(0, np.cumsum(used))
    losses = []

    def add(part: slice, z: AnyArray) -> None:
        """Add the losses of some rows, without the neurons that the loss does not know."""
        z = z[:, own]
        if used is not None and before is not None:
            z, part = z[used[part]], slice(before[part.start], before[part.stop])
        if rows.offset is not None:
            z += (rows.offset[part] + away).reshape(z.shape)
        exact = np.asarray(z if z.shape[1] > 1 else z[:, 0], dtype=np.float64)
        losses.append(rows.loss.sums(rows.labels[part], exact, rows.weights[part])[0])

    forward(X, coef, intercept, add)
    rows.counter.rows += rows.n_samples
    return float(np.sum(losses))


def _rounded(
    part: Subproblem,
    result: SolverResult,
    coef: FloatArray,
    intercept: FloatArray,
    loss_of: PredictedLoss,
) -> SolverResult:
    """Return the result with objective, gap and status at the rounded coefficients."""
    objective = part.objective
    params = objective.coordinates.from_weights(coef, intercept)
    nearest, gap = part.solver.value_and_gap(objective, params)
    # Rounding may have moved a coefficient beyond its bound.
    value = _predicted_value(objective, coef, intercept, loss_of)
    if value > nearest + rounding(objective, nearest):
        gap += relative(value - nearest, objective)
    lost = result.status in CONVERGED and gap > _FLOAT32_GAP
    status = Status.ROUNDED if lost else result.status
    if status is Status.STALLED and gap <= PRECISION:
        status = Status.PRECISION
    return replace(result, coef=params, objective=value, gap=gap, status=status)


def _as_predicted(
    objective: Objective,
    result: SolverResult,
    coef: FloatArray,
    intercept: FloatArray,
    loss_of: PredictedLoss,
) -> SolverResult:
    """Return the result with F from the rounded sums w·x + b of predictions.

    Solvers subtract the center of each column first, and lose fewer digits. F leaves out the mean
    of a large offset, which only rounds the intercept.
    """
    at = objective.coordinates
    of_offset = float(np.finfo(np.float64).eps * np.abs(at.offset_center).max())
    without = at.split(result.coef)[1] - coef @ at.center
    of_columns = _prediction_rounding(at, coef, without)
    if of_columns <= _VISIBLE_ROUNDING:
        return result
    # Otherwise the rounding of the offset is among the rounding errors of the columns.
    centered = of_offset > max(_VISIBLE_ROUNDING, of_columns)
    if centered:
        intercept = without
    value = _predicted_value(objective, coef, intercept, loss_of, centered=centered)
    error = value - result.objective
    gap = result.gap
    if error > rounding(objective, result.objective) or relative(-error, objective) > _LOWERED:
        gap += relative(abs(error), objective)
    status = result.status
    if status in CONVERGED:
        status = Status.CANCELLED if gap > PRECISION else Status.PRECISION
    return replace(result, objective=value, gap=gap, status=status)


def _predicted_value(
    objective: Objective,
    coef: FloatArray,
    intercept: FloatArray,
    loss_of: PredictedLoss,
    *,
    centered: bool = False,
) -> float:
    """Return F at coefficients on the original scale, rounded as a prediction is.

    With ``centered``, intercept and offset are both without the center of the offset.
    """
    at = objective.coordinates
    away = 0.0 if centered else at.offset_center
    loss = loss_of(coef, intercept, away)
    params = at.from_weights(coef, intercept + away - at.offset_center, project=False)
    with np.errstate(all="ignore"):
        value = loss + objective.penalty.value(params.reshape(at.n_outputs, -1))
        if objective.summary is not None:
            value += objective.summary.value(params)
    return finite_or_inf(value)


def _prediction_rounding(at: SolverCoordinates, coef: FloatArray, intercept: FloatArray) -> float:
    """Return the rounding error of a typical w·x + b, from the size of its terms."""
    with np.errstate(all="ignore"):
        known = np.isfinite(at.scale)
        size = np.abs(at.center) + np.where(known, np.sqrt(at.variance) * at.scale, 0.0)
        terms = np.abs(coef) @ size + np.abs(intercept)
        return float(np.finfo(np.float64).eps * terms.max())
