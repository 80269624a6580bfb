"""Whether the gap that a fit reports is the gap that it has, on every data set of the run."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from benchopt.benchmark import Benchmark

from benchmark_utils.cases import CASES
from benchmark_utils.machine import describe
from benchmark_utils.rounds import table
from run import HERE, chosen, load
from skneuron import NeuronClassifier

TOLERANCES = (1e-4, 1e-6)
#: What two values of the objective in float64 can tell apart, relative to that at zero.
SMALLEST = 1e-13


def look(objective: Any, states: int) -> list[str]:
    """Fit with many random states; return the columns of the table after the name."""
    problem = objective.get_objective()
    C, l1_ratio = objective.C, objective.l1_ratio

    def value(neuron: NeuronClassifier) -> float:
        weights = {"coef": neuron.coef_, "intercept": neuron.intercept_}
        return float(objective.evaluate_result(**weights)["value"])

    best = NeuronClassifier(C=C, l1_ratio=l1_ratio).fit(problem["X"], problem["y"])
    lowest = value(best)
    at_zero = objective.evaluate_result(**objective.get_one_result())["value"]
    ratios, stopped_short = [], int(not best.converged_)
    for tol in TOLERANCES:
        for state in range(states):
            neuron = NeuronClassifier(C=C, l1_ratio=l1_ratio, tol=tol, random_state=state)
            neuron.fit(problem["X"], problem["y"])
            stopped_short += not neuron.converged_
            measured = (value(neuron) - lowest) / at_zero
            if max(measured, neuron.gap_) > SMALLEST:
                ratios.append(max(measured, SMALLEST) / max(neuron.gap_, SMALLEST))
    spread = (f"{min(ratios):.2f}", f"{max(ratios):.2f}") if ratios else ("–", "–")
    fits = len(TOLERANCES) * states + 1
    return [best.solver_, f"{best.gap_:.0e}", *spread, f"{stopped_short} of {fits}"]


def main() -> None:
    """Walk the data sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=20)
    parser.add_argument("--dataset", action="append", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="small data sets, three states")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    benchmark = Benchmark(HERE, seed=0)
    lines = []
    for case in CASES:
        if not chosen(case.name, args.dataset) or (args.quick and not case.quick):
            continue
        try:
            objective = load(benchmark, case)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            print(f"{case.name}: skipped, {reason}", flush=True)
            continue
        lines.append([case.name, *look(objective, 3 if args.quick else args.states)])
        print(" | ".join(lines[-1]), flush=True)
    print(describe() + "\n")
    header = ["data set", "solver", "gap_ at default tol", "least", "most", "not converged"]
    print(table(header, lines))
    ratios = np.array([line[3:5] for line in lines if line[3] != "–"], dtype=float)
    if len(ratios):
        print(f"\nMeasured over reported gap: {ratios.min():.2f} to {ratios.max():.2f}")


if __name__ == "__main__":
    main()
