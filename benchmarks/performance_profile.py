"""Compare all solvers on some hundred problems: ``python benchmarks/performance_profile.py``."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from benchopt.benchmark import Benchmark

from benchmark_utils.contest import Contest, Entrant
from benchmark_utils.loss import penalised_log_loss
from benchmark_utils.profile_problems import PROBLEMS, Problem
from benchmark_utils.profile_report import draw_profile, summary
from benchmark_utils.profile_settings import AtDefault, AtTarget, SklearnDefault
from benchmark_utils.worker import FitError, Worker
from run import HERE, TARGET, all_solvers, chosen

# Solvers that take minutes, and are the fastest on no problem.
_LEFT_OUT = ("statsmodels", "intelex", "glum[lbfgs]", "sklearn[saga]")

# Number of repetitions of each solver's setting. The shortest time counts.
_ROUNDS = 2

# Seconds that each fit may take, even if ours takes less than a twentieth.
_LEAST_SECONDS = 20.0

# Ratio to our time above which a solver is not tried at a tighter tolerance.
_SLOWEST = 20.0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0] + ".")
    parser.add_argument("--quick", action="store_true", help="small problems, ten minutes")
    parser.add_argument("--large", action="store_true", help="large problems, too")
    parser.add_argument("--problem", action="append", metavar="NAME", help="only names with this")
    parser.add_argument("--solver", action="append", metavar="NAME", help="only names with this")
    parser.add_argument("--output", type=Path, default=HERE / "results", metavar="DIR")
    parser.add_argument("--timeout", type=float, default=120.0, help="most seconds of a fit")
    parser.add_argument("--report", action="store_true", help="chart and table of the results")
    return parser.parse_args()


def solvers(wanted: list[str] | None) -> dict[str, Any]:
    """Return the solvers by name: ours at two settings, the default of scikit-learn, the others."""
    out = {kind.name: kind.get_instance() for kind in (AtTarget, AtDefault, SklearnDefault)}
    for name, solver, reason in all_solvers(Benchmark(HERE, seed=0)):
        if solver is None:
            print(f"{name}: {reason}")
        elif not name.startswith(("skneuron", *_LEFT_OUT)) and chosen(name, wanted):
            out[name] = solver
    return out


def measure(problem: Problem, workers: dict[str, Worker], timeout: float) -> list[dict[str, Any]]:
    """Return a line of the results for each solver that the problem suits."""
    data = problem.get_data() | {"C": problem.C, "l1_ratio": problem.l1_ratio}
    X, y = data["X"], data["y"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problem.joblib"
        joblib.dump(data, file)
        suited = {}
        for name, worker in workers.items():
            if worker.solver.skip(**data)[0]:
                continue
            worker.solver.set_objective(**data)
            try:
                worker.load(file)
            except (FitError, TimeoutError) as error:
                print(f"  {name}: {error}")
                worker.close()
            suited[name] = worker
        contest = Contest(
            suited,
            lambda found: penalised_log_loss(X, y, C=problem.C, l1_ratio=problem.l1_ratio, **found),
            at_zero=_at_zero(problem, X, y),
            target=TARGET,
            timeout=timeout,
            least=_LEAST_SECONDS,
            slowest=_SLOWEST,
            say=lambda line: print(line, flush=True),
        )
        contest.run(_ROUNDS)
    about = {
        "problem": problem.name,
        "penalty": problem.words,
        "n": X.shape[0],
        "d": X.shape[1],
        "classes": int(y.max()) + 1,
    }
    return [about | _line(contest, name, entrant) for name, entrant in contest.entrants.items()]


def _at_zero(problem: Problem, X: Any, y: Any) -> float:
    k = int(y.max()) + 1
    k = 1 if k == 2 else k
    zero = {"coef": np.zeros((k, X.shape[1])), "intercept": np.zeros(k)}
    return penalised_log_loss(X, y, C=problem.C, l1_ratio=problem.l1_ratio, **zero)


def _line(contest: Contest, name: str, entrant: Entrant) -> dict[str, Any]:
    if entrant.chosen is None:
        return {"solver": name, "seconds": None, "ended": entrant.ended}
    tolerance = entrant.chosen.tolerance
    fits = [m for m in contest.measurements if (m.solver, m.tolerance) == (name, tolerance)]
    return {
        "solver": name,
        "tolerance": tolerance,
        "seconds": min(m.seconds for m in fits if m.phase != "reference"),
        "gap": max(contest.gap(m) for m in fits),
    }


def main() -> None:
    """Measure the problems that the results do not have yet; then draw and print the profile."""
    args = parse()
    warnings.simplefilter("ignore")
    # One thread each: on a busy machine the processor's time is then that of a quiet one.
    for library in ("OPENBLAS", "OMP", "MKL", "NUMBA"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    args.output.mkdir(parents=True, exist_ok=True)
    results = args.output / "profile.jsonl"
    lines = [json.loads(line) for line in results.open()] if results.exists() else []
    done = {line["problem"] for line in lines}
    sizes = "q" if args.quick else "qml" if args.large else "qm"
    wanted = [p for p in PROBLEMS if p.size in sizes and chosen(p.name, args.problem)]
    if not args.report:
        workers = {}
        for name, solver in solvers(args.solver).items():
            workers[name] = Worker(solver, Path(), time.process_time)
        for problem in wanted:
            if problem.name in done:
                continue
            print(problem.name, flush=True)
            new = measure(problem, workers, args.timeout)
            lines += new
            with results.open("a") as file:
                file.writelines(json.dumps(line) + "\n" for line in new)
        for worker in workers.values():
            worker.close()
    names = {problem.name for problem in wanted}
    lines = [line for line in lines if line["problem"] in names]
    draw_profile(lines, args.output / "performance_profile.png")
    print(summary(lines))


if __name__ == "__main__":
    main()
