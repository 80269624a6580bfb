"""The parameters at which a fit starts by default."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.objective import MemoryRows, Objective

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
    offset = 0.0 if rows.offset is None else rows.weights @ rows.offset
    params[:, -1] = objective.loss.start - offset
    return objective.penalty.project(params).ravel()


def _least_squares_step(rows: MemoryRows) -> FloatArray:
    """Return one step of steepest descent for least squares of y, from zero."""
    direction = rows.columns.sums(
        np.zeros((1, rows.columns.shape[1] + 1)),
        lambda part, _: (0.0, rows.weights[part] * rows.y[part], None),
    ).slopes
    direction[:, -1] = 0.0
    z = rows.columns.forward(direction)
    match, curvature = float(rows.weights @ (z * rows.y)), float(rows.weights @ z**2)
    return direction * (match / curvature if curvature > 0 else 0.0)
