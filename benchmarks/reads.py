"""How often a fit at default tolerance reads all rows, for more and more of them."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.special import expit

from benchmark_utils.machine import describe
from benchmark_utils.rounds import table
from skneuron import NeuronClassifier

COLUMNS = 20
#: From this many rows on they lie in a temporary file, not in memory.
MAPPED = 10_000_000


def fill(X: np.ndarray, y: np.ndarray) -> None:
    """Write correlated raw columns into X (n, 20) and classes into y (n,), seeded."""
    random = np.random.default_rng(0)
    mixing = np.eye(COLUMNS) + 0.5 * random.standard_normal((COLUMNS, COLUMNS))
    weights = random.standard_normal(COLUMNS) / np.sqrt(COLUMNS)
    scales = 10.0 ** random.uniform(-3, 4, COLUMNS)
    for start in range(0, len(y), 100_000):
        part = slice(start, start + 100_000)
        latent = random.standard_normal((len(y[part]), COLUMNS)) @ mixing
        y[part] = random.random(len(latent)) < expit(latent @ weights)
        X[part] = (latent + 3.0) * scales


def fit(n_samples: int, folder: Path) -> list[str]:
    """Fit n_samples rows and return the line of the table."""
    y = np.empty(n_samples, dtype=np.int64)
    shape = (n_samples, COLUMNS)
    if n_samples >= MAPPED:
        file = folder / "rows.float64"
        rows = np.memmap(file, dtype=np.float64, mode="w+", shape=shape)
        fill(rows, y)
        rows.flush()
        X: np.ndarray = np.memmap(file, dtype=np.float64, mode="r", shape=shape)
    else:
        X = np.empty(shape)
        fill(X, y)
    start = time.perf_counter()
    neuron = NeuronClassifier().fit(X, y)
    seconds = time.perf_counter() - start
    reads = neuron.history_.get("n_passes")
    count = "not counted by this version" if reads is None else f"{reads[-1]:g}"
    place = "file" if n_samples >= MAPPED else "memory"
    line = [f"{n_samples:,} x {COLUMNS}", place, count]
    return [*line, str(neuron.n_iter_.max()), f"{neuron.gap_:.0e}", f"{seconds:.2f}"]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--quick", action="store_true", help="100,000 rows only")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [fit(n, Path(folder)) for n in ([100_000] if args.quick else args.rows)]
    print(describe() + "\n")
    print(table(["n x d", "in", "reads of all rows", "iterations", "gap_", "seconds"], lines))


if __name__ == "__main__":
    main()
