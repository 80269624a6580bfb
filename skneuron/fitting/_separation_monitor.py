"""Weights on their way to infinity: noticed, proved and stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.objective import Objective
from skneuron.results import Halt, Iteration, SolverResult, Status
from skneuron.separation import Separation, layer_separation_of, separation_of

__all__ = ["WEAK", "Runaway"]

#: With a ``C`` from here on the penalty is as good as none, and weights can run away.
WEAK = 1e8

# Solvers with curvature have converged by then, unless there is nothing to converge to. Where
# rows are certain already, it is time to ask a little earlier.
_PATIENCE, _LOOKS = 100, 20

# The proof of overlap forms a matrix of the columns, and its linear program is dense: of more
# columns than this only complete separation is told, which proves itself.
_WIDEST = 2000

# A row whose loss is below this is on its side for good (p = 0.999999), or a class ruled out that
# has less: in separated data such rows come up as the weights grow. Without any there is no need
# to look closer.
_CERTAIN = 1e-6

# Who ended the fit wants it to be over.
_ENDED = (Status.STOPPED, Status.EARLY, Status.INTERRUPTED)


class Runaway:
    """Looks out for separated classes while a neuron learns by maximum likelihood.

    Complete separation proves itself: once the mean loss is below what a single undecided
    row adds to it, every row is on its own side. Else ``separation_of`` is asked, once, and
    only when a fit takes long or has led to rows that are certain.

    Parameters
    ----------
    objective : Objective
        Of the log loss.
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class indices.
    stops : bool
        Whether a separated fit is to be stopped, as no penalty ends it.
    of_class : int or None
        Which class the neuron tells from the rest, if it is one of several neurons.
    bounds : (ndarray, ndarray) or None
        Low and high of the weights of each feature. Only directions along which weights can
        grow without end inside of them count.

    Attributes
    ----------
    found : (int or None, Separation) or None
        The class that is separated from the rest, None for one of two classes or for all at
        once. Features are column numbers.
    """

    def __init__(
        self,
        objective: Objective,
        X: Any,
        y: AnyArray,
        stops: bool,
        of_class: int | None,
        bounds: tuple[FloatArray, FloatArray] | None = None,
    ) -> None:
        self._objective = objective
        self._X, self._y = X, y
        self._stops, self._of_class = stops, of_class
        # With an offset a row may be certain whatever the weights are.
        proves = not objective.rows.has_offset
        self._below = objective.rows.least_weight * _undecided(objective) if proves else 0.0
        self._bounds = bounds
        self._asked = objective.dims.n_features > _WIDEST
        self.found: tuple[int | None, Separation] | None = None

    def look(self, line: Iteration) -> None:
        """Raise ``Halt`` if the fit has no end."""
        if not self._stops:
            return
        ask = line.iteration % _LOOKS == 0 and self._is_time(line)
        if self._is_separated(line.params, line.objective, ask=ask):
            raise Halt(Status.SEPARATED)

    def _is_time(self, line: Iteration) -> bool:
        late = line.iteration >= _PATIENCE
        return not self._asked and (late or self._has_certain_rows(line.params))

    def settle(self, result: SolverResult) -> SolverResult:
        """Return the result, marked as separated if it is and no penalty stands against it."""
        if result.status in _ENDED:
            return result
        if self.found is None:
            ask = not self._asked and self._has_certain_rows(result.coef)
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
        # What stands against it without a penalty is the mean loss, and no pass is needed.
        loss = objective if self._stops else self._objective.mean_loss(params)
        if loss < self._below and self._can_grow(params):
            self.found = self._of_class, self._along(params)
        elif ask:
            self._asked = True
            self.found = self._proved()
        return self.found is not None

    def _can_grow(self, params: FloatArray) -> bool:
        """Return whether all multiples of the weights keep to the bounds."""
        if self._bounds is None:
            return True
        low, high = self._bounds
        weights, _ = self._objective.coordinates.split(params)
        up, down = (weights > 0) & np.isfinite(high), (weights < 0) & np.isfinite(low)
        return not bool(np.any(up | down))

    def _along(self, params: FloatArray) -> Separation:
        """Return the complete separation that the weights prove, the largest first."""
        weights, _ = self._objective.coordinates.split(params)
        size = np.abs(weights).max(axis=0)
        order = np.argsort(-size, kind="stable")
        columns = order[size[order] > 0]
        signs = np.sign(weights[-1][columns]).astype(int)
        return Separation("complete", None, tuple(columns.tolist()), tuple(signs.tolist()), 0.0)

    def _proved(self) -> tuple[int | None, Separation] | None:
        """Return what separates a class from the rest, or all at once, if anything does."""
        n_outputs = self._objective.dims.n_outputs
        names, has_bias = range(self._X.shape[1]), self._objective.dims.fit_intercept
        for k in range(n_outputs):
            is_one = self._y == (k if n_outputs > 1 else 1)
            found = separation_of(self._X, is_one, names, has_bias, self._bounds)
            if found.is_separated:
                return (k if n_outputs > 1 else self._of_class), found
        if n_outputs > 1 and self._bounds is None:
            found_at_once = layer_separation_of(self._X, self._y, n_outputs, has_bias)
            if found_at_once is not None and found_at_once.is_separated:
                return None, found_at_once
        return None

    def _has_certain_rows(self, params: FloatArray) -> bool:
        z = self._objective.linear_predictor(params)
        if z.ndim > 1:
            # A row may be certain not to be of a class, and of two others either.
            return bool(np.ptp(z, axis=1).max() > -np.log(_CERTAIN))
        # Of two rows with the ends of z, one of each class, one is the most certain there could be.
        ends = self._objective.loss.value(np.array([0, 1]), np.array([z.min(), z.max()]))
        if not ends.min() < _CERTAIN:
            return False
        return bool(self._objective.loss.value(self._y, z).min() < _CERTAIN)


def _undecided(objective: Objective) -> float:
    """Return the least loss of a row that is not on the side of its class.

    At z = 0 for one neuron; in a layer at a probability of 1/2, above which no other class has
    as much.
    """
    if objective.dims.n_outputs > 1:
        return float(np.log(2))
    return float(objective.loss.value(np.array([0, 1]), np.zeros(2)).min())
