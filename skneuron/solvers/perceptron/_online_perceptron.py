"""Rosenblatt's perceptron: one row after another."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import rows_of
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._parameter_values import FLAG
from skneuron.solvers.perceptron._mistakes import MistakeDriven, PerceptronIterate

__all__ = ["OnlinePerceptron", "OnlinePerceptronState"]


@dataclass
class OnlinePerceptronState:
    """State of the perceptron rule between two rows, on the original scale."""

    coef: FloatArray
    intercept: float
    #: Sum of all corrections, each times the number of rows before it: the coefficients minus
    #: their mean over all rows, times the number of rows.
    lag: FloatArray
    intercept_lag: float = 0.0
    #: Number of rows so far.
    n_rows: int = 0

    def pass_over(
        self,
        X: Matrix,
        signs: AnyArray,
        weights: AnyArray,
        offset: FloatArray | None,
        *,
        fit_intercept: bool,
    ) -> None:
        """Correct the coefficients at each row that is misclassified.

        Linear predictors are computed some rows ahead, twice as many after rows without
        a mistake and half as many after a mistake.
        """
        first, ahead, n = 0, 1, len(signs)
        while first < n:
            last = min(n, first + ahead)
            z = rows_of(X, slice(first, last)) @ self.coef + self.intercept
            if offset is not None:
                z += offset[first:last]
            # Not a number is a mistake, too.
            wrong = ~(signs[first:last] * z > 0)
            at = int(wrong.argmax())
            if not wrong[at]:
                first, ahead = last, 2 * ahead
                continue
            row = first + at
            step = float(signs[row] * weights[row])
            _add_row(X, row, step, self.coef)
            _add_row(X, row, step * (self.n_rows + row), self.lag)
            if fit_intercept:
                self.intercept += step
                self.intercept_lag += step * (self.n_rows + row)
            first, ahead = row + 1, max(1, ahead // 2)
        self.n_rows += n

    def mean(self) -> tuple[FloatArray, float]:
        """Return coefficients and intercept, averaged over all rows."""
        n = self.n_rows
        return self.coef - self.lag / n, self.intercept - self.intercept_lag / n


class OnlinePerceptron(MistakeDriven):
    """The perceptron rule, one row after another, on the original scale.

    The rule adds each row that is misclassified, or on the hyperplane, to the coefficients with
    the sign of its class, and 1 to the intercept (Rosenblatt, Psychological Review 65, 1958). An
    iteration is an epoch: a pass over the rows in some order, and a pass that counts the
    mistakes at its end. If a hyperplane separates the classes, the rule finds one after
    (R/γ)² corrections at most, with R the length of the longest row and γ the largest possible
    margin, a 1 for the intercept among the columns (Novikoff, 1962). The rule depends on the
    units: standardize the columns first.

    With ``shuffle=False`` and ``keep="last"`` the coefficients equal those in scikit-learn's
    ``Perceptron(shuffle=False, tol=None)`` after as many epochs, on dense data (on sparse
    data scikit-learn learns a hundredth of the intercept), divided by the largest sample
    weight. The intercept contains the coefficient of a constant column. A sample of weight 2 is
    corrected twice as far, which is *not* the same as the sample twice.

    Parameters
    ----------
    shuffle : bool, default=True
        Whether ``random_state`` draws a new order for each epoch.
    patience : int, default=100
        Number of epochs without fewer mistakes that end the fit.
    keep : {"pocket", "average", "last"}, default="pocket"
        The coefficients to return: with the fewest mistakes at the end of an epoch, the mean over
        all rows (Freund & Schapire, Machine Learning 37, 1999), or from the last epoch. In a
        stream, "pocket" is the same as "last".

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.solvers import OnlinePerceptron
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = NeuronClassifier("step", solver=OnlinePerceptron(shuffle=False))
    >>> neuron = neuron.fit(X, [0, 0, 0, 1])
    >>> neuron.coef_.tolist(), neuron.intercept_.tolist(), neuron.n_iter_.tolist()
    ([[3.0, 2.0]], [-4.0], [8])
    """

    streams = True
    constraints: ClassVar = {**MistakeDriven.constraints, "shuffle": FLAG}

    def __init__(self, *, shuffle: bool = True, patience: int = 100, keep: str = "pocket") -> None:
        self.shuffle = shuffle
        self.patience = patience
        self.keep = keep

    def _iterates(
        self, objective: ObjectiveProtocol, params: FloatArray, seed: int, rule: object
    ) -> Iterator[PerceptronIterate]:
        state, rng = _begin(objective, params), np.random.default_rng(seed)
        if isinstance(rule, tuple):
            # The earlier fit keeps its state.
            state, rng = copy.deepcopy(rule)
        while True:
            end = self._epoch(objective, state, rng)
            if not np.all(np.isfinite(end)):
                return
            yield PerceptronIterate.of(objective, end, (state, rng))

    def epoch(
        self, objective: ObjectiveProtocol, params: FloatArray, state: object, seed: int
    ) -> tuple[FloatArray, OnlinePerceptronState]:
        """Pass once over a chunk of a stream (see :meth:`Solver.epoch`)."""
        rule = state if isinstance(state, OnlinePerceptronState) else _begin(objective, params)
        return self._epoch(objective, rule, np.random.default_rng(seed)), rule

    def _epoch(
        self, objective: ObjectiveProtocol, rule: OnlinePerceptronState, rng: np.random.Generator
    ) -> FloatArray:
        """Pass over all rows once, and return the parameters."""
        n = objective.dims.n_samples
        order = rng.permutation(n) if self.shuffle else np.arange(n)
        at = objective.coordinates
        for X, y, weights, offset in objective.rows.in_order(order):
            full = None if offset is None else offset + at.offset_center
            signs, has_intercept = np.where(y, 1.0, -1.0), at.fit_intercept
            rule.pass_over(X, signs, weights, full, fit_intercept=has_intercept)
        coef, intercept = rule.mean() if self.keep == "average" else (rule.coef, rule.intercept)
        constant = ~np.isfinite(at.scale)
        if np.any(constant):
            # Constant columns have the same value in every row.
            intercept += (rows_of(X, slice(0, 1)) @ np.where(constant, coef, 0.0))[0]
        return at.from_weights(coef[None], np.array([intercept]))


def _begin(objective: ObjectiveProtocol, params: FloatArray) -> OnlinePerceptronState:
    coef, intercept = objective.coordinates.to_weights(params)
    return OnlinePerceptronState(coef[0].copy(), float(intercept[0]), np.zeros_like(coef[0]))


def _add_row(X: Matrix, row: int, factor: float, vector: FloatArray) -> None:
    """Add a row times a factor to the vector."""
    if not sparse.issparse(X):
        vector += factor * X[row]
        return
    stored = rows_of(X, slice(row, row + 1))
    # An entry may stand twice.
    np.add.at(vector, stored.indices, factor * stored.data)
