"""Tables made to deceive: whether fits come to their end, and whether they tell the gap they have.

Columns that are alike or made of a few factors, of wild scales, or sums of each other; rows that
are few, or separate the classes; L1 penalties and bounds that hold nearly nothing.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np

from benchmark_utils.machine import describe
from benchmark_utils.rounds import table
from skneuron import NeuronClassifier

KINDS = ("twice", "nearly twice", "one factor", "five factors", "sums", "wild scales")
HELD: tuple[dict[str, Any], ...] = (
    {"l1_ratio": 1.0},
    {"l1_ratio": 0.5},
    {"bounds": (0, None)},
    {"bounds": (-1, 1)},
    {"bounds": (-0.1, 0.1)},
)
TOLERANCES = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10)
#: What two values of the objective in float64 can tell apart, relative to that at zero.
SMALLEST = 1e-13


def columns(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return a random table of the kind."""
    n, d = int(rng.choice([120, 206, 317, 600, 1500])), int(rng.choice([150, 250, 317, 400]))
    data = rng.normal(size=(n, d))
    half = d // 2
    if kind == "twice":
        data[:, half : 2 * half] = data[:, :half]
    elif kind == "nearly twice":
        apart = 10.0 ** -rng.integers(2, 6)
        data[:, half : 2 * half] = data[:, :half] + apart * rng.normal(size=(n, half))
    elif kind == "one factor":
        data += 5 * rng.normal(size=(n, 1))
    elif kind == "five factors":
        data *= rng.choice([0.01, 0.3])
        data += rng.normal(size=(n, 5)) @ rng.normal(size=(5, d))
    elif kind == "sums":
        data = np.cumsum(data, axis=1)
    else:
        data *= np.exp(4 * rng.normal(size=d))
    return data


def look(kind: str, seed: int, classes: int) -> tuple[list[float], int, float]:
    """Return measured over reported gaps, how many fits did not converge, and the longest."""
    rng = np.random.default_rng([seed, KINDS.index(kind), classes])
    X = columns(kind, rng)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    z = z[:, :20] @ rng.normal(size=(20, classes)) * rng.choice([0.2, 1.0, 3.0])
    y = np.argmax(z + rng.gumbel(size=z.shape), axis=1)
    settings: dict[str, Any] = {"C": 10.0 ** rng.integers(0, 6), **HELD[rng.integers(len(HELD))]}
    best: NeuronClassifier | None = None
    ratios, short, longest = [], 0, 0.0
    for tol in (None, *TOLERANCES):
        start = time.perf_counter()
        extra: dict[str, Any] = {} if tol is None else {"tol": tol}
        neuron = NeuronClassifier(**settings, **extra).fit(X, y)
        longest = max(longest, time.perf_counter() - start)
        short += not neuron.converged_
        best = best or neuron
        measured = (neuron.objective_ - best.objective_) / np.log(classes)
        if tol is not None and max(measured, neuron.gap_) > SMALLEST:
            ratios.append(max(measured, SMALLEST) / max(neuron.gap_, SMALLEST))
    return ratios, short, longest


def main() -> None:
    """Walk the kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=20, metavar="N", help="of each kind")
    parser.add_argument("--classes", type=int, default=2)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for kind in KINDS:
        looks = [look(kind, seed, args.classes) for seed in range(args.tables)]
        ratios = np.concatenate([ratios for ratios, _, _ in looks])
        short, fits = sum(s for _, s, _ in looks), len(looks) * (1 + len(TOLERANCES))
        spread = (f"{ratios.min():.2f}", f"{ratios.max():.2f}")
        longest = max(seconds for _, _, seconds in looks)
        lines.append([kind, *spread, f"{short} of {fits}", f"{longest:.1f}"])
        print(" | ".join(lines[-1]), flush=True)
    print(describe() + "\n")
    header = ["columns", "least", "most", "not converged", "longest fit, s"]
    print(table(header, lines))


if __name__ == "__main__":
    main()
