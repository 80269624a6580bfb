"""Which columns a working set has, and how its parameters stand among all parameters."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import Iterate
from skneuron.solvers.proximal._faces import L1Box
from skneuron.solvers.proximal._reduced_cg import safe_diagonal

__all__ = ["WorkingSet", "gap_of_all_columns", "select_columns"]

# Maximum number of columns that enter a working set, if fewer columns have coefficients.
_FIRST = 500

# The same as a fraction of the number of samples: more columns make Hessians singular.
_FIRST_FRACTION = 0.25

# Columns outside may add this fraction to a gap, each alone. A set has added 1e5 times as much.
_OUTSIDE = 1e-6


class WorkingSet:
    """Converts parameters between a working set of columns and all columns."""

    def __init__(self, objective: ObjectiveProtocol, columns: AnyArray) -> None:
        self.columns = columns
        #: The objective with all other coefficients fixed at zero.
        self.part = objective.restrict(columns)
        dims = objective.dims
        self._shape = (dims.n_outputs, dims.n_coordinates)
        #: Positions of the part's parameters among all parameters.
        self.index = objective.coordinates.positions(columns)
        # A softmax does not depend on the mean intercept, but a summary of past chunks does.
        is_softmax = dims.n_outputs > 1 and dims.fit_intercept
        self._has_free_mean = is_softmax and not objective.has_summary

    def take(self, point: Iterate) -> Iterate:
        """Return a point of all columns as the part has it."""
        return Iterate(point.params[self.index], point.value, point.gradient[self.index])

    def put(self, params: FloatArray, into: FloatArray) -> FloatArray:
        """Return the parameters of all columns. Intercepts of a softmax layer have mean zero."""
        out = into.copy()
        out[self.index] = params
        if self._has_free_mean:
            intercepts = out.reshape(self._shape)[:, -1]
            intercepts -= intercepts.mean()
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
    shape, d = (objective.dims.n_outputs, -1), objective.dims.n_features
    violation = _violations(objective, point).reshape(shape)[:, :d].max(axis=0)
    nonzero = np.any(point.params.reshape(shape)[:, :d] != 0, axis=0)
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
    if not np.any(violation):
        return known
    diagonal = safe_diagonal(objective, objective.curvature(point.params).diagonal())
    outside = relative(0.5 * float(violation @ (violation / diagonal)), objective)
    return known + outside if outside <= _OUTSIDE * known else np.inf
