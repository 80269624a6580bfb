"""The perceptron as Rosenblatt had it: one row after another."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers.perceptron._mistakes import MistakeDriven, Standing
from skneuron.solvers.perceptron._raw_rows import RawRows, raw_rows

__all__ = ["OnlinePerceptron"]


@dataclass
class Walk:
    """Where the rule is, between two rows.

    Attributes
    ----------
    weights : ndarray of shape (n_features,)
        Of the columns as given.
    bias : float
    lag : ndarray of shape (n_features,)
        Sum of all corrections, each times the number of rows before it: what the mean of the
        weights over all rows lags behind, times the number of rows.
    bias_lag : float
    seen : int
        Rows gone over.
    """

    weights: FloatArray
    bias: float
    lag: FloatArray = field(init=False)
    bias_lag: float = 0.0
    seen: int = 0

    def __post_init__(self) -> None:
        self.lag = np.zeros_like(self.weights)

    def over(self, rows: RawRows, *, fit_intercept: bool) -> None:
        """Go over the rows; correct the weights at each that is misclassified.

        Pre-activations are computed some rows ahead, twice as many after a stretch without
        a mistake and half as many after one with.
        """
        first, ahead, n = 0, 1, len(rows.signs)
        while first < n:
            last = min(n, first + ahead)
            z = rows.pre_activations(first, last, self.weights, self.bias)
            # Not a number is no answer either.
            wrong = ~(rows.signs[first:last] * z > 0)
            at = int(wrong.argmax())
            if not wrong[at]:
                first, ahead = last, 2 * ahead
                continue
            row = first + at
            step = float(rows.signs[row] * rows.weights[row])
            rows.add(row, step, self.weights)
            rows.add(row, step * (self.seen + row), self.lag)
            if fit_intercept:
                self.bias += step
                self.bias_lag += step * (self.seen + row)
            first, ahead = row + 1, max(1, ahead // 2)
        self.seen += n

    def mean(self) -> tuple[FloatArray, float]:
        """Return weights and bias, averaged over all rows gone over."""
        return self.weights - self.lag / self.seen, self.bias - self.bias_lag / self.seen


class OnlinePerceptron(MistakeDriven):
    """The perceptron rule, one row after another, on the columns as given.

    A row that is misclassified, or on the line, is added to the weights with the sign of its
    class, and 1 to the bias (Rosenblatt, Psychological Review 65, 1958). An iteration is an
    epoch: a pass over the rows in some order, and one that counts the mistakes of the weights
    it ended with. If a line separates the classes it is found after (R/γ)² corrections at
    most, with R the length of the longest row and γ the margin that is possible, a 1 for the
    bias among the columns (Novikoff, 1962). The rule is not blind to units: standardize the
    columns first.

    With ``shuffle=False`` and ``keep="last"`` it comes to the weights of scikit-learn's
    ``Perceptron(shuffle=False, tol=None)`` after as many epochs, on dense data (on sparse
    data that one learns a hundredth of the bias), divided by the largest sample weight; the
    weight of a constant column is counted in the bias. A sample of weight 2 is corrected
    twice as far, which is *not* the same as the sample twice.

    Parameters
    ----------
    shuffle : bool, default=True
        Whether each epoch has an order of its own, drawn from ``random_state``.
    patience : int, default=100
        Give up after so many epochs without fewer mistakes.
    keep : {"pocket", "average", "last"}, default="pocket"
        Which weights to hand out: those with the fewest mistakes at the end of an epoch, the
        mean over all rows gone over (Freund & Schapire, Machine Learning 37, 1999), or those
        of the last epoch. In a stream there is no pocket, but the last ones.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.solvers import OnlinePerceptron
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = NeuronClassifier("step", solver=OnlinePerceptron(shuffle=False))
    >>> neuron = neuron.fit(X, [0, 0, 0, 1])
    >>> neuron.coef_.tolist(), neuron.intercept_.tolist(), neuron.n_iter_
    ([[3.0, 2.0]], [-4.0], 8)
    """

    streams = True

    def __init__(self, *, shuffle: bool = True, patience: int = 100, keep: str = "pocket") -> None:
        self.shuffle = shuffle
        self.patience = patience
        self.keep = keep

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""
        super().check_parameters()
        if not isinstance(self.shuffle, bool | np.bool_):
            raise ValueError(f"OnlinePerceptron: shuffle={self.shuffle!r}: expected True or False")

    def _standings(
        self, objective: ObjectiveProtocol, params: FloatArray, seed: int, left: Any
    ) -> Iterator[Standing]:
        # The fit before this one keeps what it has left.
        walk, rng = copy.deepcopy(left) or (
            _begin(objective, params),
            np.random.default_rng(seed),
        )
        while True:
            reached = self._epoch(objective, walk, rng)
            if not np.all(np.isfinite(reached)):
                return
            yield Standing.at(objective, reached, (walk, rng))

    def epoch(
        self, objective: ObjectiveProtocol, params: FloatArray, state: Any, seed: int
    ) -> tuple[FloatArray, Walk]:
        """Pass once over a chunk of a stream; see :meth:`Solver.epoch`."""
        walk = state if isinstance(state, Walk) else _begin(objective, params)
        return self._epoch(objective, walk, np.random.default_rng(seed)), walk

    def _epoch(
        self, objective: ObjectiveProtocol, walk: Walk, rng: np.random.Generator
    ) -> FloatArray:
        """Go over all rows once, and return the parameters to hand out."""
        n = objective.dims.n_samples
        order = rng.permutation(n) if self.shuffle else np.arange(n)
        for rows in raw_rows(objective, order):
            walk.over(rows, fit_intercept=objective.dims.fit_intercept)
        weights, bias = walk.mean() if self.keep == "average" else (walk.weights, walk.bias)
        silent = ~np.isfinite(objective.coordinates.scale)
        if np.any(silent):
            # Columns that are constant: any row says what they are.
            bias += rows.product(0, 1, np.where(silent, weights, 0.0))[0]
        return objective.coordinates.from_weights(weights[None], np.array([bias]))


def _begin(objective: ObjectiveProtocol, params: FloatArray) -> Walk:
    coef, intercept = objective.coordinates.to_weights(params)
    return Walk(coef[0].copy(), float(intercept[0]))
