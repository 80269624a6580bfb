"""One pass of ``partial_fit`` beside the fit of all rows, and ``SGDClassifier`` beside both."""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
from benchopt.benchmark import Benchmark
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from benchmark_utils.cases import CASES
from benchmark_utils.machine import describe
from benchmark_utils.rounds import table
from run import HERE, load
from skneuron import NeuronClassifier

SIZES = (100, 1_000, 10_000, 100_000)
DATA = ("keel magic", "flights")


def one_pass(model: Any, X: Any, y: np.ndarray, size: int) -> tuple[Any, float]:
    """Hand the rows to the model chunk by chunk; return it and the seconds it took."""
    start = time.perf_counter()
    for first in range(0, len(y), size):
        rows = slice(first, first + size)
        model.partial_fit(X[rows], y[rows], classes=[0, 1])
    return model, time.perf_counter() - start


def orders(y: np.ndarray) -> dict[str, np.ndarray]:
    """Return row numbers: as in the file, shuffled, and each class before the other."""
    n = len(y)
    return {
        "file": np.arange(n),
        "shuffled": np.random.default_rng(0).permutation(n),
        "class 0 first": np.argsort(y, kind="stable"),
        "class 1 first": np.argsort(-y, kind="stable"),
    }


def main() -> None:
    """Walk data sets, orders and chunk sizes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", action="append", choices=DATA)
    parser.add_argument("--quick", action="store_true", help="chunks of 10,000 rows only")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    benchmark = Benchmark(HERE, seed=0)
    lines = []
    for case in (case for case in CASES if case.name in (args.dataset or DATA)):
        problem = load(benchmark, case).get_objective()
        X, y = problem["X"], (problem["y"] == np.max(problem["y"])).astype(np.intp)
        batch = log_loss(y, NeuronClassifier().fit(X, y).predict_proba(X))
        print(f"{case.name}: log loss of the fit of all rows {batch:.6f}", flush=True)
        for order, rows in orders(y).items():
            data, labels = X[rows], y[rows]
            for size in (10_000,) if args.quick else SIZES:
                models = {"skneuron": NeuronClassifier()}
                if size == 10_000:
                    models["SGDClassifier"] = SGDClassifier(loss="log_loss", random_state=0)
                for name, model in models.items():
                    fitted, seconds = one_pass(model, data, labels, size)
                    excess = log_loss(labels, fitted.predict_proba(data)) - batch
                    lines.append([case.name, order, f"{size:,}", name, f"{excess:.1e}"])
                    lines[-1].append(f"{seconds:.2f}")
                    print(" | ".join(lines[-1]), flush=True)
    print(describe() + "\n")
    header = ["data set", "order", "chunk", "model", "log loss above the fit's", "seconds"]
    print(table(header, lines))


if __name__ == "__main__":
    main()
