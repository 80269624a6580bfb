"""Which columns a working set has, and how its parameters stand among all parameters."""

from __future__ import annotations

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import Iterate
from skneuron.solvers.proximal._faces import L1Box
from skneuron.solvers.proximal._reduced_cg import safe_diagonal

__all__ = ["WorkingSet", "gap_of_all_columns", "select_columns"]

# Maximum number of columns that enter a working set, if fewer columns have coefficients.
# A product with few columns costs little less.
_FIRST = 500

# The same as a fraction of the number of samples: more columns make Hessians singular.
_FIRST_FRACTION = 0.25

# Columns outside of the working set may add this fraction to its gap. Each is looked at alone;
# where columns are collinear, a set of them has decreased F by 1e5 times as much.
_OUTSIDE = 1e-6

# A mean intercept below this fraction of the largest one is rounding.
_ROUNDING = 1e-14


class WorkingSet:
    """Converts parameters between a working set of columns and all columns.

    Parameters
    ----------
    objective : ObjectiveProtocol
    columns : ndarray of int

    Attributes
    ----------
    part : ObjectiveProtocol
        The objective with all other coefficients fixed at zero.
    columns, index : ndarray of int
        The columns, and the positions of the part's parameters among all parameters.
    """

    def __init__(self, objective: ObjectiveProtocol, columns: AnyArray) -> None:
        self.columns = columns
        self.part = objective.restrict(columns)
        kept = (
            np.append(columns, objective.dims.n_features)
            if objective.dims.fit_intercept
            else columns
        )
        outputs = np.arange(objective.dims.n_outputs)[:, None] * objective.dims.n_coordinates
        self.index = (outputs + kept).ravel()
        self._shape = (objective.dims.n_outputs, objective.dims.n_coordinates)
        # A softmax does not depend on the mean intercept; a summary of past chunks does.
        has_mean = objective.dims.fit_intercept and not objective.has_summary
        self._has_free_mean = objective.dims.n_outputs > 1 and has_mean

    def take(self, point: Iterate) -> Iterate:
        """Return a point of all columns as the part has it."""
        return Iterate(point.params[self.index], point.value, point.gradient[self.index])

    def put(self, params: FloatArray, into: FloatArray) -> FloatArray:
        """Return the parameters of all columns; intercepts of a softmax layer have mean zero."""
        out = into.copy()
        out[self.index] = params
        if self._has_free_mean:
            intercepts = out.reshape(self._shape)[:, -1]
            mean = intercepts.mean()
            # Rounding must not look like a step.
            if abs(mean) > _ROUNDING * np.abs(intercepts).max():
                intercepts -= mean
        return out


def _violations(objective: ObjectiveProtocol, point: Iterate) -> FloatArray:
    """Return the violation of each parameter's optimality condition, infinite if it is free."""
    terms = L1Box.of(objective)
    violation = np.abs(terms.violation(point.params, point.gradient))
    return np.where(terms.face_at(point.params).free, np.inf, violation)


def select_columns(
    objective: ObjectiveProtocol, point: Iterate, *, every: bool = False
) -> AnyArray:
    """Return the next working set: all columns with coefficients, and the strongest violators.

    With ``every`` all violators are in the set.
    """
    shape = (objective.dims.n_outputs, -1)
    violation = (
        _violations(objective, point).reshape(shape)[:, : objective.dims.n_features].max(axis=0)
    )
    nonzero = np.any(point.params.reshape(shape)[:, : objective.dims.n_features] != 0, axis=0)
    # A coefficient at a bound other than zero belongs to the set: others are at zero.
    needed = np.isinf(violation) | nonzero
    others = np.flatnonzero((violation > 0) & ~needed)
    first = min(_FIRST, int(_FIRST_FRACTION * objective.dims.n_samples) + 1)
    most = len(others) if every else max(first, int(needed.sum()))
    strongest = others[np.argsort(-violation[others])[:most]]
    return np.sort(np.append(np.flatnonzero(needed), strongest))


def gap_of_all_columns(
    objective: ObjectiveProtocol, point: Iterate, index: AnyArray, known: float
) -> float:
    """Return the relative gap if the parameters at ``index`` have a ``known`` relative gap.

    The gap is infinite if the other parameters could decrease F by too much to be neglected.
    """
    violation = _violations(objective, point)
    violation[index] = 0.0
    others = np.flatnonzero(violation)
    outside = 0.0
    if len(others) > 0:
        diagonal = objective.curvature(point.params).diagonal()
        curvature = safe_diagonal(objective, diagonal)[others]
        decrease = 0.5 * float(violation[others] @ (violation[others] / curvature))
        outside = relative(decrease, objective)
    return known + outside if outside <= _OUTSIDE * known else np.inf
