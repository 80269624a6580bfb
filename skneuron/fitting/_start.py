"""The parameters at which a fit starts by default."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.objective import MemoryRows, Objective, Rows

__all__ = ["default_start"]


def default_start(objective: Objective) -> FloatArray:
    """Return the parameters where training starts: every linear predictor at ``loss.start``.

    Without an intercept that is only possible approximately. The coefficients are then one
    step of steepest descent for least squares, from zero.
    """
    at, rows = objective.coordinates, objective.rows
    if objective.loss.start == 0:
        return objective.at_zero()
    if not at.fit_intercept:
        return objective.penalty.project(_least_squares_step(rows)[:, :-1]).ravel()
    params = np.zeros((at.n_outputs, at.n_coordinates))
    offset = rows.total(_mean_offset) if rows.has_offset else 0.0
    params[:, -1] = objective.loss.start - offset
    return objective.penalty.project(params).ravel()


def _mean_offset(rows: MemoryRows) -> FloatArray:
    """Return the sum of the weighted offsets of rows."""
    assert rows.offset is not None
    return np.asarray(rows.weights @ rows.offset)


def _least_squares_step(rows: Rows) -> FloatArray:
    """Return one step of steepest descent for least squares of y, from zero."""
    direction: FloatArray = rows.total(_products_with_y)
    direction[:, -1] = 0.0
    match, curvature = rows.total(_along, direction)
    return direction * (match / curvature if curvature > 0 else 0.0)


def _products_with_y(rows: MemoryRows) -> FloatArray:
    """Return the sum of the weighted rows times y."""
    return rows.columns.sums(
        np.zeros((1, rows.columns.shape[1] + 1)),
        lambda part, _: (0.0, rows.weights[part] * rows.y[part], None),
    ).slopes


def _along(rows: MemoryRows, direction: FloatArray) -> FloatArray:
    """Return the sums of z·y and z² along a direction."""
    z = rows.columns.forward(direction)
    return np.array([rows.weights @ (z * rows.y), rows.weights @ z**2])
