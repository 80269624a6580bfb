"""The batch perceptron."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers.perceptron._mistakes import MistakeDriven, PerceptronIterate

__all__ = ["Perceptron"]


class Perceptron(MistakeDriven):
    """The perceptron rule on all samples at once.

    Every step adds the weighted sum of the samples that are misclassified now, each
    with the sign of its class (Duda, Hart & Stork, 2001, algorithm 4 of chapter 5). There is no
    learning rate: from zero it would only change the length of the coefficients. The result
    does not depend on the order of samples, and a sample weight of two is the same as a sample
    twice.

    If a hyperplane separates the classes, the rule finds one. With R the length of the longest
    row and γ the largest possible margin, on scaled columns with a 1 for the intercept, the
    fractions of mistakes before all the steps add up to (R/γ)² at most (Novikoff, Symposium on the
    Mathematical Theory of Automata, 1962, for steps that are such sums). Otherwise the
    coefficients with the fewest mistakes are returned (Gallant's pocket, IEEE Trans. Neural
    Networks 1, 1990).

    Parameters
    ----------
    patience : int, default=1000
        Number of steps without fewer mistakes that end the fit.
    keep : {"pocket", "average", "last"}, default="pocket"
        Which coefficients to return: those with the fewest mistakes, the mean over all steps
        (Freund & Schapire, Machine Learning 37, 1999), or those after the last step.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = NeuronClassifier("step").fit(X, [0, 0, 0, 1])
    >>> neuron.predict(X).tolist(), int(neuron.history_["mistakes"][-1])
    ([0, 0, 0, 1], 0)
    """

    def __init__(self, patience: int = 1000, *, keep: str = "pocket") -> None:
        self.patience = patience
        self.keep = keep

    def _iterates(
        self, objective: ObjectiveProtocol, params: FloatArray, seed: int, rule: object
    ) -> Iterator[PerceptronIterate]:
        last, mean, steps = rule if isinstance(rule, tuple) else (params, np.zeros_like(params), 0)
        new = PerceptronIterate.of(objective, last)
        while True:
            last = new.params - new.gradient
            steps += 1
            if self.keep == "average":
                mean = mean + (last - mean) / steps
                new = PerceptronIterate.of(objective, last)
                yield PerceptronIterate.of(objective, mean, (last, mean, steps))
            else:
                new = PerceptronIterate.of(objective, last, (last, mean, steps))
                yield new
                if not np.any(new.gradient):
                    # The mistakes cancel, as in XOR: nothing will ever change.
                    return
