"""The batch perceptron."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers.perceptron._mistakes import MistakeDriven, Standing

__all__ = ["Perceptron"]


class Perceptron(MistakeDriven):
    """The perceptron rule on all samples at once.

    Every step adds the weighted sum of the samples that are misclassified now, each
    with the sign of its class (Duda, Hart & Stork, 2001, algorithm 4 of chapter 5). No
    learning rate: from zero weights it would only change their length. No chance and
    no order of samples either, and a weight of two is the same as a sample twice.

    If a line separates the classes it is found: with R the length of the longest row and γ the
    margin that is possible, on scaled columns with a 1 for the bias, the shares of mistakes
    before all the steps add up to (R/γ)² at most (Novikoff, Symposium on the Mathematical
    Theory of Automata, 1962, for steps that are such sums). If no line does, the weights with
    the fewest mistakes on the way are kept (Gallant's pocket, IEEE Trans. Neural Networks 1,
    1990).

    Parameters
    ----------
    patience : int, default=1000
        Give up after so many steps without fewer mistakes.
    keep : {"pocket", "average", "last"}, default="pocket"
        Which weights to hand out: those with the fewest mistakes, the mean over all steps
        (Freund & Schapire, Machine Learning 37, 1999), or those of the last step.

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

    def _standings(
        self, objective: ObjectiveProtocol, params: FloatArray, seed: int, left: Any
    ) -> Iterator[Standing]:
        last, mean, steps = left or (params, np.zeros_like(params), 0)
        now = Standing.at(objective, last)
        while True:
            last = now.params - now.direction
            steps += 1
            if self.keep == "average":
                mean = mean + (last - mean) / steps
                now = Standing.at(objective, last)
                yield Standing.at(objective, mean, (last, mean, steps))
            else:
                now = Standing.at(objective, last, (last, mean, steps))
                yield now
                if not np.any(now.direction):
                    # The mistakes cancel, as those of XOR do: nothing will ever change.
                    return
