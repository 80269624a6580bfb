"""Epochs, and time to a relative gap of 1e-3: ``sgd`` and ``adam`` beside ``SGDClassifier``.

An epoch of ours is a shuffled pass in batches of 256 and a pass over all rows that gives F and
its gradient. SGDClassifier minimizes the same objective (``alpha`` = 1/(C n)) with each learning
rate of a grid, on columns standardized beforehand (not timed); its best time counts.
"""

from __future__ import annotations

import argparse
import time
import warnings
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier

from benchmark_utils.machine import describe
from benchmark_utils.rounds import by_turns, table
from skneuron import NeuronClassifier
from skneuron._common import AnyArray, FloatArray
from skneuron.solvers import SGD, Adam

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
EPOCHS = (1, 2, 5, 10)
GAP = 1e-3


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="100,000 rows")
    args = parser.parse_args()
    if args.quick:
        args.rows = 100_000
    warnings.simplefilter("ignore", ConvergenceWarning)
    random = np.random.default_rng(0)
    X = random.standard_normal((args.rows, args.columns))
    logits = X @ random.standard_normal(args.columns)
    y = (logits + random.logistic(size=args.rows) > 0).astype(int)
    print(describe() + "\n")
    print(epoch_table(X, y, args.rounds) + "\n")
    print(gap_table(X, y))


def theirs(rate: float | None, epochs: int, n: int) -> SGDClassifier:
    """Return SGDClassifier at a constant rate, at its ``"optimal"`` one for None."""
    kind = "optimal" if rate is None else "constant"
    return SGDClassifier(
        loss="log_loss",
        alpha=1 / n,
        learning_rate=kind,
        eta0=rate or 0.01,
        max_iter=epochs,
        tol=None,
        random_state=0,
    )


def epoch_table(X: FloatArray, y: AnyArray, rounds: int) -> str:
    """Time one epoch, and from the second one on, where nothing is prepared any more."""

    def ours(solver: SGD | Adam, epochs: int) -> None:
        NeuronClassifier(solver=solver, tol=0.0, max_iter=epochs, random_state=0).fit(X, y)

    runs = {"SGDClassifier, max_iter=1": partial(theirs(None, 1, len(y)).fit, X, y)}
    for solver in (SGD(), Adam()):
        for epochs in (1, 4):
            runs[f"{type(solver).__name__}, max_iter={epochs}"] = partial(ours, solver, epochs)
    seconds = by_turns(runs, rounds)
    base = seconds["SGDClassifier, max_iter=1"]
    rows = [[name, f"{s:.3f}", f"{s / base:.2f}"] for name, s in seconds.items()]
    for name in ("SGD", "Adam"):
        more = (seconds[f"{name}, max_iter=4"] - seconds[f"{name}, max_iter=1"]) / 3
        rows.append([f"{name}, a further epoch", f"{more:.3f}", f"{more / base:.2f}"])
    return table(["fit", "seconds", "ratio to SGDClassifier's"], rows)


def gap_table(X: FloatArray, y: AnyArray) -> str:
    """Time until F is within ``GAP`` of its minimum, relative to F at zero weights."""
    n = len(y)
    best = NeuronClassifier().fit(X, y).objective_

    def gap(coef: FloatArray, intercept: float) -> float:
        z = X @ coef + intercept
        value = np.logaddexp(0, np.where(y == 1, -z, z)).mean() + coef @ coef / (2 * n)
        return float((value - best) / np.log(2))

    rows = []
    for solver in ("sgd", "adam"):
        start = time.perf_counter()
        neuron = NeuronClassifier(solver=solver, tol=GAP, random_state=0).fit(X, y)
        seconds = time.perf_counter() - start
        reached = gap(neuron.coef_[0], neuron.intercept_[0])
        rows.append([solver, str(neuron.n_iter_.max()), f"{seconds:.3f}", f"{reached:.1e}"])
    for rate in (None, *RATES):
        name = "SGDClassifier, " + ("optimal" if rate is None else f"eta0={rate:g}")
        for epochs in EPOCHS:
            start = time.perf_counter()
            model = theirs(rate, epochs, n).fit(X, y)
            seconds = time.perf_counter() - start
            reached = gap(model.coef_[0], model.intercept_[0])
            if reached <= GAP:
                break
        rows.append([name, str(epochs), f"{seconds:.3f}", f"{reached:.1e}"])
    return table(["solver", "epochs", "seconds", "gap reached"], rows)


if __name__ == "__main__":
    main()
