"""Seconds, passes and gaps of fits on a local Dask cluster, next to dask-ml, Spark and memory."""

from __future__ import annotations

import argparse
import pickle
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait
from sklearn.model_selection import GridSearchCV

from benchmark_utils.machine import describe
from benchmark_utils.spark import fit_on_spark
from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.design import DaskExecutor


def data(n: int, d: int, chunks: int) -> tuple[Any, Any]:
    """Return X and y, made and kept on the workers."""
    coef = np.random.default_rng(0).normal(size=d) / np.sqrt(d)
    X = da.random.default_rng(0).normal(size=(n, d), chunks=(n // chunks, d)).persist()

    def labels(block: np.ndarray) -> np.ndarray:
        """Return labels of the log-odds of a block."""
        seed = abs(int(block[0, 0] * 1e9))
        noise = np.random.default_rng(seed).logistic(size=len(block))
        return (block @ coef + noise > 0).astype(np.int64)

    y = X.map_blocks(labels, drop_axis=1, dtype=np.int64).persist()
    wait([X, y])
    return X, y


def objective(X: Any, y: Any, coef: np.ndarray, intercept: float) -> float:
    """Return the mean log loss plus the ridge of C=1, from a pass of Dask's own."""
    z = X @ np.asarray(coef).ravel() + float(np.ravel(intercept)[0])
    loss = da.logaddexp(0.0, da.where(y > 0, -z, z)).mean()
    return float(loss.compute()) + 0.5 * float(np.sum(np.square(coef))) / len(X)


class Traffic:
    """Counts rounds, tasks and pickled bytes between client and workers."""

    def __init__(self) -> None:
        self.rounds: list[tuple[int, int, int]] = []
        self._map, self._tasks = DaskExecutor.map, DaskExecutor._tasks
        traffic = self

        def counted(executor: Any, function: Any, *parts: Any) -> list[Any]:
            """Run a round, and count it."""
            out = traffic._map(executor, function, *parts)
            n_tasks, sent = len(executor.groups), len(pickle.dumps(function))
            traffic.rounds.append((n_tasks, sent * n_tasks, len(pickle.dumps(out))))
            return out

        DaskExecutor.map = counted  # type: ignore[method-assign]

    def stop(self) -> None:
        """Count no longer."""
        DaskExecutor.map = self._map  # type: ignore[method-assign]


def beyond_memory(n: int, d: int, chunks: int, limit: int) -> None:
    """Fit to an X that each pass makes anew, while the client may allocate less than X has."""
    coef = np.random.default_rng(0).normal(size=d) / np.sqrt(d)
    X = da.random.default_rng(0).normal(size=(n, d), chunks=(n // chunks, d))
    noise = da.random.default_rng(1).logistic(size=n, chunks=n // chunks)
    y = (X @ coef + noise > 0).astype(np.int64)
    with open("/proc/self/statm") as file:
        in_use = int(file.read().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (in_use + (limit << 20), -1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    neuron, seconds = timed(lambda: NeuronClassifier(random_state=0).fit(X, y), 1)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"X of {X.nbytes >> 20} MB, made anew by each pass; the client may allocate {limit} MB")
    print(f"{seconds:.1f} s, {neuron.history_['n_passes'][-1]:.2f} passes, gap {neuron.gap_:.1e}")
    print(f"peak memory of the client: {grown:+.0f} MB")


def timed(fit: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Return the last model and the median of the seconds."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        model = fit()
        seconds.append(time.perf_counter() - start)
    return model, float(np.median(seconds))


def compare_searches(X: Any, y: Any) -> None:
    """Print the time of a search of 21 fits, with folds as masks and with folds as selections."""
    grid = {"C": [0.01, 0.1, 1.0, 10.0]}
    searches = {
        "NeuronClassifierCV": NeuronClassifierCV(Cs=grid["C"], cv=5),
        "GridSearchCV": GridSearchCV(NeuronClassifier(tol=1e-9), grid, cv=5),
    }
    for name, search in searches.items():
        start = time.perf_counter()
        search.fit(X, y)
        print(f"{name:20} {time.perf_counter() - start:8.2f} s   5 folds, 4 values of C, and refit")


def main() -> None:
    """Print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--chunks", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--solvers", nargs="*", default=["newton", "lbfgs"], help="of dask-ml")
    parser.add_argument("--spark", type=float, nargs="*", default=[], help="tol of Spark ML")
    parser.add_argument("--memory", action="store_true", help="also fit in memory, at the client")
    parser.add_argument("--limit", type=int, help="MB that the client may allocate; no other model")
    parser.add_argument("--search", action="store_true", help="searches for C; no other model")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(describe())
    options = {"n_workers": args.workers, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster):
        if args.limit:
            beyond_memory(args.rows, args.features, args.chunks, args.limit)
            return
        X, y = data(args.rows, args.features, args.chunks)
        if args.search:
            compare_searches(X, y)
            return
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        neuron, seconds = timed(lambda: NeuronClassifier(random_state=0).fit(X, y), args.repeats)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        traffic = Traffic()
        NeuronClassifier(random_state=0).fit(X, y)
        traffic.stop()
        models = {"skneuron": (neuron, seconds)}
        for solver in args.solvers:
            from dask_ml.linear_model import LogisticRegression

            models[f"dask-ml {solver}"] = timed(
                lambda solver=solver: LogisticRegression(C=1.0, solver=solver).fit(X, y), 1
            )
        for tol in args.spark:
            models[f"Spark ML {tol:.0e}"] = fit_on_spark(X, y, args.workers, tol, args.repeats)
        values = {
            name: objective(X, y, model.coef_, model.intercept_)
            for name, (model, _) in models.items()
        }
        zero = objective(X, y, np.zeros(args.features), 0.0)
        best = min(values.values())
        print(f"{args.rows} x {args.features}, {args.chunks} chunks, {args.workers} workers")
        for name, (_, seconds) in models.items():
            print(f"{name:20} {seconds:8.2f} s   gap {(values[name] - best) / zero:8.1e}")
        print(f"passes: {neuron.history_['n_passes'][-1]:.2f}, own gap: {neuron.gap_:.1e}")
        print(f"peak memory of the client: {grown:+.0f} MB in the fits; X has {X.nbytes >> 20} MB")
        print("round: tasks, bytes sent, bytes returned")
        for k, (n_tasks, sent, back) in enumerate(traffic.rounds):
            print(f"{k:5}: {n_tasks:5} {sent:8} {back:10}")
        if args.memory:
            rows, labels = dask.compute(X, y)
            in_memory, seconds = timed(
                lambda: NeuronClassifier(random_state=0).fit(rows, labels), args.repeats
            )
            change = np.abs(in_memory.coef_ - neuron.coef_).max()
            print(f"in memory: {seconds:.2f} s, difference of coefficients {change:.1e}")


if __name__ == "__main__":
    main()
