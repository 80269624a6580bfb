"""Error of ``cv="loo"`` against exact leave-one-out, in standard errors of the mean score."""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.model_selection import LeaveOneOut

from benchmark_utils.machine import describe
from benchmark_utils.path_tables import path_tables
from skneuron import NeuronClassifierCV
from skneuron.paths import LeverageWarning

# Values of C, without unit.
CS = [0.01, 1.0, 100.0, 10_000.0]

# Largest error without a warning, in standard errors of the mean score.
PROMISED = 0.2


def main() -> None:
    """Print leverages, errors and seconds of each table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300)
    args = parser.parse_args()
    print(describe())
    columns = "".join(f"{f'C={C:g}':>16}" for C in CS)
    print(f"{'largest leverage, error':24}{columns}{'seconds, exact':>18}  warned")
    silent = 0
    for name, (X, y, activation, arguments) in path_tables(args.rows).items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            errors, leverages, warned = [], [], []
            begin = time.perf_counter()
            for C in CS:
                caught.clear()
                search = NeuronClassifierCV(activation, Cs=[C], cv="loo").fit(X, y, **arguments)
                leverages.append(search.max_leverages_[0, 0])
                errors.append(search.mean_scores_[0, 0])
                warned.append(any(note.category is LeverageWarning for note in caught))
            middle = time.perf_counter()
            exact = NeuronClassifierCV(activation, Cs=CS, cv=LeaveOneOut())
            exact.fit(X, y, **arguments)
            end = time.perf_counter()
        off = np.abs(errors - exact.mean_scores_[0]) / exact.standard_errors_[0]
        silent += int(np.sum((off > PROMISED) & ~np.array(warned)))
        cells = "".join(f"{h:9.2f}{e:7.3f}" for h, e in zip(leverages, off, strict=True))
        seconds = f"{middle - begin:9.2f}{end - middle:9.2f}"
        print(f"{name:24}{cells}{seconds}  {''.join('.w'[flag] for flag in warned)}", flush=True)
    print(f"errors above {PROMISED} standard errors without a warning: {silent}")


if __name__ == "__main__":
    main()
