"""Detect separated classes during a fit, and stop a fit with diverging coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skneuron._common import AnyArray, DeviceMatrix, FloatArray, Matrix
from skneuron.fitting._separation_of_rows import (
    separation_in_memory,
    separation_on_blocks,
    some_rows,
)
from skneuron.losses import Loss
from skneuron.objective import Objective, SpreadRows
from skneuron.results import Iteration, SolverResult, Status, StopRequest
from skneuron.separation import Separation, layer_separation_of, separation_of

__all__ = ["UNPENALIZED_C", "SeparationMonitor"]

#: Smallest ``C`` that counts as unpenalised. The coefficients of separated classes then diverge.
UNPENALIZED_C = 1e8

# Iterations after which the monitor calls ``separation_of``. Second-order solvers have converged
# by then if F has a minimum.
_LATE_ITERATION = 100

# Every how many iterations the monitor may call ``separation_of``.
_CHECK_EVERY = 20

# Maximum number of columns for ``separation_of``: its linear program is dense. For more columns
# the monitor detects complete separation only, which needs no linear program.
_MAX_COLUMNS = 2000

# Loss below which a sample has a probability within 1e-6 of 1. For a softmax model, the ratio of
# probabilities below which a class is excluded. Separated data have such samples as the
# coefficients grow.
_EXTREME_LOSS = 1e-6

# The user or early stopping ended these fits, and their status stays.
_ENDED_BY_USER = (Status.STOPPED, Status.EARLY, Status.INTERRUPTED)


class SeparationMonitor:
    """Checks during a maximum-likelihood fit whether a hyperplane separates the classes.

    The mean loss proves complete separation: it is then lower than the share of a single sample
    at z = 0, so every sample is on its own side. Otherwise the monitor calls ``separation_of``
    once, if a fit takes long or has samples with a probability within 1e-6 of 0 or 1.

    Parameters
    ----------
    objective : Objective
        With the log loss.
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class indices.
    stops : bool
        Whether the monitor stops a separated fit, because there is no penalty.
    of_class : int or None
        Class that the neuron separates from the rest, for one neuron per class.
    bounds : (ndarray, ndarray) or None
        Lower and upper bounds of the coefficients of each feature. Only directions count along
        which the coefficients can grow without limit inside of the bounds.
    columns : ndarray of int or None
        Columns without a penalty, whose coefficients can diverge. None for all columns.

    Attributes
    ----------
    found : (int or None, Separation) or None
        The class that is separated from the rest, and None for one of two classes or for all
        classes of a softmax model. Features are column numbers.
    """

    def __init__(
        self,
        objective: Objective,
        X: Matrix,
        y: AnyArray,
        stops: bool,
        of_class: int | None,
        bounds: tuple[FloatArray, FloatArray] | None = None,
        columns: AnyArray | None = None,
    ) -> None:
        self._objective = objective
        self._X, self._y = X, y
        self._stops, self._of_class = stops, of_class
        # With an offset, a sample may be on its side at any coefficients.
        proves = not objective.rows.has_offset
        self._below = objective.rows.least_weight * _loss_at_zero(objective) if proves else 0.0
        self._bounds = bounds
        self._columns = np.arange(objective.dims.n_features) if columns is None else columns
        self._is_part = columns is not None
        # A chunk alone does not separate the classes of a stream.
        self._asked = len(self._columns) > _MAX_COLUMNS or objective.has_summary
        self.found: tuple[int | None, Separation] | None = None

    def check(self, line: Iteration) -> None:
        """Raise ``StopRequest`` if the coefficients of the fit diverge."""
        if not self._stops or (self._is_part and line.iteration % _CHECK_EVERY):
            return
        ask = line.iteration % _CHECK_EVERY == 0 and self._is_due(line)
        if self._is_separated(line.params, line.objective, ask=ask):
            raise StopRequest(Status.SEPARATED)

    def _is_due(self, line: Iteration) -> bool:
        late = line.iteration >= _LATE_ITERATION
        return not self._asked and (late or self._has_extreme_rows(line.params))

    def final_result(self, result: SolverResult) -> SolverResult:
        """Return the result, with the status of separated classes if there is no penalty."""
        if result.status in _ENDED_BY_USER:
            return result
        if self.found is None:
            ask = not self._asked and self._has_extreme_rows(result.coef)
            if not self._is_separated(result.coef, result.objective, ask=ask):
                return result
        if not self._stops:
            return result
        gap = result.gap
        if self.found is not None and self.found[1].kind == "complete":
            # The infimum of F is 0.
            gap = result.objective / self._objective.zero_value
        return replace(result, gap=gap, status=Status.SEPARATED)

    def _is_separated(self, params: FloatArray, objective: float, *, ask: bool) -> bool:
        if self._is_part:
            params = self._unpenalized_part(params)
        # Without a penalty the objective is the mean loss.
        is_loss = self._stops and not self._is_part
        loss = objective if is_loss else self._objective.mean_loss(params)
        if 0 <= loss < self._below and self._can_grow(params):
            self.found = self._of_class, self._along(params)
        elif ask:
            self._asked = True
            self.found = self._prove(params)
        return self.found is not None

    def _unpenalized_part(self, params: FloatArray) -> FloatArray:
        """Return parameters with zero for the columns that have a penalty."""
        index = self._objective.coordinates.positions(self._columns)
        out = np.zeros_like(params)
        out[index] = params[index]
        return out

    def _can_grow(self, params: FloatArray) -> bool:
        """Whether all multiples of the coefficients are inside of the bounds."""
        if self._bounds is None:
            return True
        low, high = self._bounds
        weights, _ = self._objective.coordinates.split(params)
        up, down = (weights > 0) & np.isfinite(high), (weights < 0) & np.isfinite(low)
        return not bool(np.any(up | down))

    def _along(self, params: FloatArray) -> Separation:
        """Return the complete separation by these coefficients, the largest first."""
        weights, _ = self._objective.coordinates.split(params)
        size = np.abs(weights).max(axis=0)
        order = np.argsort(-size, kind="stable")
        columns = order[size[order] > 0]
        signs = np.sign(weights[-1][columns]).astype(int)
        return Separation("complete", None, tuple(columns.tolist()), tuple(signs.tolist()), 0.0)

    def _prove(self, params: FloatArray) -> tuple[int | None, Separation] | None:
        """Return a separation of a class from the rest, or of all classes of a softmax model."""
        n_outputs = self._objective.dims.n_outputs
        names, has_bias = self._columns.tolist(), self._objective.dims.fit_intercept
        X, y, bounds, rows = self._X, self._y, self._bounds, self._objective.rows
        is_spread = isinstance(rows, SpreadRows)
        if isinstance(rows, SpreadRows):
            X, y = some_rows(rows)
        if isinstance(X, DeviceMatrix):
            X = X.astype(X.dtype)  # The linear program runs on the host.
        some, coef = (X, y), self._objective.coordinates.to_weights(params)[0][:, names]
        if self._is_part:
            X = X[:, self._columns]
            bounds = None if bounds is None else (bounds[0][names], bounds[1][names])

        def find(data: Matrix, is_one: AnyArray) -> Separation:
            """Return the separation of one class from the rest."""
            return separation_of(data, is_one, names, has_bias, bounds)

        for k in range(n_outputs):
            own = k if n_outputs > 1 else 1
            if isinstance(rows, SpreadRows):
                found = separation_on_blocks(rows, some, own, self._columns, has_bias, find)
            else:
                found = separation_in_memory(X, y == own, coef[k], has_bias, find)
            if found.is_separated:
                return (k if n_outputs > 1 else self._of_class), found
        if n_outputs > 1 and self._bounds is None:
            found_at_once = layer_separation_of(X, y, n_outputs, has_bias)
            # The separation of some rows of a softmax model has no direction to confirm.
            is_found = found_at_once is not None and found_at_once.is_separated and not is_spread
            if found_at_once is not None and is_found:
                features = tuple(names[int(column)] for column in found_at_once.features)
                return None, replace(found_at_once, features=features)
        return None

    def _has_extreme_rows(self, params: FloatArray) -> bool:
        return self._objective.any_row(_is_extreme, params)


def _is_extreme(loss: Loss, y: AnyArray, z: FloatArray) -> bool:
    """Return whether a sample has a probability within 1e-6 of 0 or 1."""
    if z.ndim > 1:
        # A sample may exclude one class while two other classes remain possible.
        return bool(np.ptp(z, axis=1).max() > -np.log(_EXTREME_LOSS))
    # No sample has a lower loss than a sample of its class at the lowest or the highest z.
    ends = loss.value(np.array([0, 1]), np.array([z.min(), z.max()]))
    return bool(ends.min() < _EXTREME_LOSS and loss.value(y, z).min() < _EXTREME_LOSS)


def _loss_at_zero(objective: Objective) -> float:
    """Return the lowest loss of a sample that is not on the side of its class.

    For one neuron this sample is at z = 0. In a softmax model its class has a probability of ½.
    """
    if objective.dims.n_outputs > 1:
        return float(np.log(2))
    return float(objective.loss.value(np.array([0, 1]), np.zeros(2)).min())
