"""Measure all solvers on all data sets: ``python benchmarks/run.py --help``."""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from benchopt.benchmark import Benchmark
from threadpoolctl import threadpool_limits

from benchmark_utils.cases import CASES, Case
from benchmark_utils.contest import OURS, Contest
from benchmark_utils.curves import draw
from benchmark_utils.machine import describe
from benchmark_utils.report import measurements_of, rows_of, write_markdown
from benchmark_utils.worker import Worker

HERE = Path(__file__).resolve().parent
TARGET = 1e-6


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0] + ".")
    parser.add_argument("--quick", action="store_true", help="small data sets, three rounds")
    parser.add_argument(
        "--dataset", action="append", metavar="NAME", help="only cases whose name has this in it"
    )
    parser.add_argument(
        "--solver", action="append", metavar="NAME", help="only solvers whose name has this in it"
    )
    parser.add_argument("--output", type=Path, default=HERE / "results", metavar="DIR")
    parser.add_argument("--rounds", type=int, help="repetitions of each setting, 7 by default")
    parser.add_argument("--timeout", type=float, default=60.0, help="most seconds of a fit")
    parser.add_argument("--list", action="store_true", help="name cases and solvers, and end")
    return parser.parse_args()


def chosen(name: str, wanted: list[str] | None) -> bool:
    """Return whether a name has one of the wanted words in it."""
    return not wanted or any(word.lower() in name.lower() for word in wanted)


def all_solvers(benchmark: Benchmark) -> list[tuple[str, Any, str]]:
    """Return name, instance and, where it cannot be imported, the reason; ours first."""
    solvers = []
    for kind in benchmark.get_solvers():
        if not kind.is_installed(quiet=True):
            solvers.append((kind.name, None, f"not installed: {kind._exc}"))
            continue
        names, values = list(kind.parameters), list(kind.parameters.values())
        for combination in itertools.product(*values):
            solver = kind.get_instance(**dict(zip(names, combination, strict=True)))
            solvers.append((str(solver), solver, ""))
    return sorted(solvers, key=lambda solver: (not solver[0].startswith(OURS), solver[0]))


def load(benchmark: Benchmark, case: Case) -> Any:
    """Return the objective with the data of a case; raises what the data set raises."""
    kind = next(kind for kind in benchmark.get_datasets() if kind.name == case.dataset)
    if not kind.is_installed(quiet=True):
        raise ImportError(f"not installed: {kind._exc}")
    objective = benchmark.get_benchmark_objective().get_instance(C=case.C, l1_ratio=case.l1_ratio)
    objective.set_data(**kind.get_instance(**case.parameters).get_data())
    return objective


def measure(
    case: Case, objective: Any, solvers: list[tuple[str, Any, str]], args: argparse.Namespace
) -> tuple[Contest, dict[str, str], list[dict[str, str]]]:
    """Run one case; return the contest, the case's columns and who was skipped and why."""
    problem = objective.get_objective()
    n, d = problem["X"].shape
    columns = {"data set": case.name, "n x d": f"{n:,} x {d:,}", "penalty": case.penalty}
    print(f"{case.name}: {n:,} x {d:,}, penalty {case.penalty}", flush=True)
    skipped = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problem.joblib"
        joblib.dump(problem, file)
        workers = {}
        for name, solver, reason in solvers:
            skip = solver is None
            if solver is not None:
                skip, reason = solver.skip(**problem)
            if skip:
                skipped.append({"data set": case.name, "solver": name, "reason": reason})
                continue
            solver.set_objective(**problem)
            workers[name] = Worker(solver, file)
        contest = Contest(
            workers,
            lambda weights: objective.evaluate_result(**weights)["value"],
            at_zero=objective.evaluate_result(**objective.get_one_result())["value"],
            target=TARGET,
            timeout=args.timeout,
            say=lambda line: print(line, flush=True),
        )
        try:
            contest.run(args.rounds or (3 if args.quick else 7))
        finally:
            for worker in workers.values():
                worker.close()
    return contest, columns, skipped


def main() -> None:
    """Run the cases; the files are written anew after each, so that none is lost."""
    args = parse()
    warnings.simplefilter("ignore")
    benchmark = Benchmark(HERE, seed=0)
    solvers = [s for s in all_solvers(benchmark) if chosen(s[0], args.solver)]
    cases = [c for c in CASES if chosen(c.name, args.dataset) and (c.quick or not args.quick)]
    if args.list:
        print("\n".join(["Cases:", *[f"  {case.name}" for case in cases]]))
        print("\n".join(["Solvers:", *[f"  {name} {why}".rstrip() for name, _, why in solvers]]))
        return
    threadpool_limits(1)  # Of this process, which only evaluates; the solvers have their own.
    if os.getloadavg()[0] > 0.3:
        print("The machine is busy with something else: expect times too long and unequal")
    args.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    tables = []
    for case in cases:
        try:
            objective = load(benchmark, case)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            print(f"{case.name}: skipped, {reason}", flush=True)
            skipped.append({"data set": case.name, "solver": "(all)", "reason": reason})
            continue
        contest, columns, left_out = measure(case, objective, solvers, args)
        skipped += left_out
        if contest.measurements:
            rows += rows_of(contest, columns)
            tables.append(measurements_of(contest, columns))
            picture = args.output / f"{case.name.replace(' ', '_')}.png"
            draw(tables[-1], f"{case.name}, {columns['n x d']}", TARGET, picture)
            pd.concat(tables).to_csv(args.output / "measurements.csv", index=False)
        write_markdown(args.output / "results.md", describe(), rows, skipped)
    print(f"Written to {args.output}: results.md, measurements.csv and a picture per case")


if __name__ == "__main__":
    main()
