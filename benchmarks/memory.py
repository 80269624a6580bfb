"""Peak memory of a fit beyond the data, a process for each model."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmark_utils.machine import describe
from benchmark_utils.rounds import table
from skneuron import NeuronClassifier

MODELS: dict[str, Any] = {
    "skneuron": NeuronClassifier,
    "LogisticRegression lbfgs": lambda: LogisticRegression(max_iter=1_000),
    "LogisticRegression newton-cholesky": lambda: LogisticRegression(solver="newton-cholesky"),
}


def peak() -> float:
    """Return the most memory this process has ever held, in MB of 1e6 bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def problem(n_samples: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return X (n_samples, n_features) and y (n_samples,), made without a copy of X."""
    random = np.random.default_rng(0)
    X = np.empty((n_samples, n_features))
    random.standard_normal(out=X)
    scores = X @ random.standard_normal(n_features) / np.sqrt(n_features)
    return X, (scores + random.logistic(size=n_samples) > 0).astype(np.int64)


def fit(pipe: Connection, name: str, n_samples: int, n_features: int) -> None:
    """Send the peak before the fit and after it, in MB, both with X in memory."""
    MODELS[name]().fit(*problem(500, n_features))  # Starts threads, loads what loads late.
    X, y = problem(n_samples, n_features)
    before = peak()
    MODELS[name]().fit(X, y)
    pipe.send((before, peak()))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="100,000 rows")
    args = parser.parse_args()
    if args.quick:
        args.rows = 100_000
    context = multiprocessing.get_context("spawn")
    data = 8 * args.rows * args.columns / 1e6
    lines = []
    for name in MODELS:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=fit, args=(theirs, name, args.rows, args.columns))
        process.start()
        theirs.close()
        before, after = ours.recv()
        process.join()
        size = f"{args.rows:,} x {args.columns}"
        line = [size, name, f"{data:,.0f}", f"{before:,.0f}", f"{after:,.0f}"]
        lines.append([*line, f"{after - before:,.0f}", f"{(after - before) / data:.2f}"])
    print(describe() + "\n")
    header = ["n x d", "model", "X, MB", "peak before fit, MB", "peak after, MB"]
    print(table([*header, "fit, MB", "fit, as a share of X"], lines))


if __name__ == "__main__":
    main()
