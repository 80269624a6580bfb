"""How often a 95 % interval of ``coefficient_table`` holds the truth, link by link."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.inference import coefficient_table

KINDS = ("expected", "observed", "robust")
LINKS = [name for name, activation in ACTIVATIONS.items() if activation.is_probability]
#: Two weights and the bias.
TRUTH = np.array([0.8, -0.5, 0.2])
ROWS = 400


def hits(seed: int, link: str) -> list[bool]:
    """Return for each kind and parameter whether the interval of one data set holds it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(ROWS, 2))
    log_p = ACTIVATIONS[link]().log_proba(X @ TRUTH[:2] + TRUTH[2])[1]
    y = rng.random(ROWS) < np.exp(log_p)
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y)
    inside: list[bool] = []
    for kind in KINDS:
        table = coefficient_table(neuron, X, y, kind=kind)
        inside += ((table["lower"] <= TRUTH) & (table["upper"] >= TRUTH)).tolist()
    return inside


def main() -> None:
    """Print the lowest and the highest coverage of the three parameters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000, help="data sets per link")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    print("| activation | " + " | ".join(KINDS) + " |\n" + "|---" * (len(KINDS) + 1) + "|")
    with ProcessPoolExecutor(args.processes) as pool:
        for link in LINKS:
            found = list(pool.map(partial(hits, link=link), range(args.sets), chunksize=100))
            share = 100 * np.mean(found, axis=0).reshape(len(KINDS), -1)
            cells = [f"{part.min():.1f} to {part.max():.1f} %" for part in share]
            print(f"| {link} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
