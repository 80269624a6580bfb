"""How often 95 % intervals contain the true value where Wald intervals are unreliable.

``python benchmarks/coverage.py`` prints two tables: profile against Wald intervals for few samples
and a large effect, and clustered against robust intervals for 30 clusters.
"""

from __future__ import annotations

import argparse
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.inference import coefficient_table
from skneuron.separation import SeparationWarning

LINKS = ("sigmoid", "probit", "cloglog", "loglog")
#: True coefficients of a strong and of a weak feature, and the intercept.
TRUE_PARAMETERS = np.array([2.0, -0.5, -0.5])
#: Numbers of rows of a data set.
SIZES = (50, 300)
#: Number of clusters.
N_CLUSTERS = 30
#: Rows of a cluster.
CLUSTER_SIZE = 10
#: Standard deviation of the intercepts of clusters, on the scale of the linear predictor.
INTERCEPT_DEVIATION = 1.0


def fit(link: str, X: np.ndarray, y: np.ndarray) -> NeuronClassifier:
    """Return a fit without a penalty, whether or not the classes are separated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)
        return NeuronClassifier(link, C=np.inf).fit(X, y)


def profile_hits(seed: int, link: str, n: int) -> list[float]:
    """Return whether the intervals of one data set contain the true coefficient, Wald first.

    A separated data set has no Wald interval, which is counted as a miss.
    """
    rng = np.random.default_rng(seed)
    scale = {"sigmoid": 1.0, "probit": 0.6, "cloglog": 0.7, "loglog": 0.7}[link]
    X = rng.normal(size=(n, 2))
    log_p = ACTIVATIONS[link]().log_proba(scale * (X @ TRUE_PARAMETERS[:2] + TRUE_PARAMETERS[2]))[1]
    y = rng.random(n) < np.exp(log_p)
    if y.all() or not y.any():
        return [np.nan, np.nan]
    neuron = fit(link, X, y)
    true, out = scale * TRUE_PARAMETERS[0], []
    for method in ("wald", "profile"):
        row = coefficient_table(neuron, X, y, method=method).iloc[0]
        out.append(float(row["lower"] <= true <= row["upper"]))
    return out


def cluster_hits(seed: int, link: str) -> list[float]:
    """Return whether robust, clustered and corrected intervals contain the limit.

    A feature of clusters with a true coefficient of 0 has the limit 0 in the model without the
    intercepts of clusters.
    """
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(N_CLUSTERS), CLUSTER_SIZE)
    X = rng.normal(size=(N_CLUSTERS, 1))[groups]
    z = INTERCEPT_DEVIATION * rng.normal(size=N_CLUSTERS)[groups]
    y = rng.random(len(z)) < np.exp(ACTIVATIONS[link]().log_proba(z)[1])
    neuron = fit(link, X, y)
    out = []
    for settings in ({}, {"groups": groups}, {"groups": groups, "correction": "HC1"}):
        row = coefficient_table(neuron, X, y, kind="robust", **settings).iloc[0]
        out.append(float(row["lower"] <= 0 <= row["upper"]))
    return out


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000, help="data sets per link and size")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    with ProcessPoolExecutor(args.processes) as pool:
        print("| activation | n | Wald | profile |\n|---|---|---|---|")
        for link in LINKS:
            for n in SIZES:
                hits = partial(profile_hits, link=link, n=n)
                found = list(pool.map(hits, range(args.sets), chunksize=50))
                wald, profile = 100 * np.nanmean(found, axis=0)
                print(f"| {link} | {n} | {wald:.1f} % | {profile:.1f} % |", flush=True)
        print("\n| activation | robust | clustered | clustered, HC1 |\n|---|---|---|---|")
        for link in LINKS:
            hits = partial(cluster_hits, link=link)
            found = list(pool.map(hits, range(args.sets), chunksize=50))
            cells = [f"{x:.1f} %" for x in 100 * np.mean(found, axis=0)]
            print(f"| {link} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
