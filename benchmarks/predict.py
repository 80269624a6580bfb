"""Time of ``predict_proba``, ours beside ``LogisticRegression``'s, in float64 and float32."""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmark_utils.machine import describe
from benchmark_utils.rounds import by_turns, table
from skneuron import NeuronClassifier


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="100,000 rows, three rounds")
    args = parser.parse_args()
    if args.quick:
        args.rows, args.rounds = 100_000, 3
    random = np.random.default_rng(0)
    wide = random.standard_normal((args.rows, args.columns))
    scores = wide[:5_000] @ random.standard_normal((args.columns, args.classes))
    y = scores.argmax(axis=1)
    rows = []
    for dtype in (np.float64, np.float32):
        X = wide.astype(dtype)
        models = {
            "skneuron": NeuronClassifier().fit(X[:5_000], y),
            "LogisticRegression": LogisticRegression().fit(X[:5_000], y),
        }
        seconds = by_turns(
            {name: partial(model.predict_proba, X) for name, model in models.items()},
            args.rounds,
        )
        for name, value in seconds.items():
            ratio = value / seconds["skneuron"]
            size = f"{args.rows:,} x {args.columns}"
            rows.append([size, np.dtype(dtype).name, name, f"{value:.4f}", f"{ratio:.2f}"])
    print(describe() + "\n")
    print(table(["n x d", "dtype", "model", "seconds", "ratio to ours"], rows))


if __name__ == "__main__":
    main()
