"""A grid search over C, ours beside ``LogisticRegression``, at equal accuracy of the fits."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info

from benchmark_utils.loss import penalised_log_loss
from benchmark_utils.machine import describe
from benchmark_utils.rounds import by_turns, table
from skneuron import NeuronClassifier

TARGET = 1e-6
GRID = np.logspace(-4, 4, 20)


def peer(solver: str) -> Callable[[float], LogisticRegression]:
    """Return what makes scikit-learn's model at a tolerance."""
    return lambda tol: LogisticRegression(solver=solver, tol=tol, max_iter=100_000)


MODELS: dict[str, tuple[Callable[[float], Any], range]] = {
    "skneuron": (lambda tol: NeuronClassifier(tol=tol), range(3, 18)),
    "LogisticRegression lbfgs": (peer("lbfgs"), range(1, 12)),
    "LogisticRegression newton-cholesky": (peer("newton-cholesky"), range(1, 12)),
}


def problem(n_samples: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated standardised X (n_samples, n_features) and y (n_samples,)."""
    random = np.random.default_rng(0)
    mixing = np.eye(n_features) + 0.5 * random.standard_normal((n_features, n_features))
    X = random.standard_normal((n_samples, n_features)) @ mixing
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    scores = X @ random.standard_normal(n_features) / np.sqrt(n_features)
    return X, (scores + random.logistic(size=n_samples) > 0).astype(np.int64)


def objectives(model: Any, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the objective of the model's fit for each C of the grid, of shape (20,)."""
    values = []
    for C in GRID:
        model.set_params(C=C).fit(X, y)
        values.append(penalised_log_loss(X, y, model.coef_, model.intercept_, C=C, l1_ratio=0.0))
    return np.array(values)


def loosest(make: Callable[[float], Any], powers: range, *data: Any) -> tuple[float, float]:
    """Return the loosest tolerance whose gap is small enough for every C, and that gap."""
    best, X, y = data
    for power in powers:
        gap = float(np.max(objectives(make(10.0**-power), X, y) - best) / np.log(2.0))
        if gap <= TARGET:
            return 10.0**-power, gap
    raise SystemExit("no tolerance is tight enough for every C")


def threads() -> str:
    """Return the threads of each library of numbers in a process of the search."""
    X = np.ones((4, 2))
    NeuronClassifier().fit(X * np.arange(8).reshape(4, 2), [0, 1, 0, 1])
    return ", ".join(f"{p['internal_api']} {p['num_threads']}" for p in threadpool_info())


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="5,000 rows, three rounds")
    args = parser.parse_args()
    if args.quick:
        args.rows, args.rounds = 5_000, 3
    warnings.simplefilter("ignore")
    X, y = problem(args.rows, args.columns)
    best = np.minimum(
        objectives(NeuronClassifier(), X, y), objectives(peer("newton-cholesky")(1e-12), X, y)
    )
    settings = {name: loosest(*model, best, X, y) for name, model in MODELS.items()}
    searches = {
        name: GridSearchCV(
            MODELS[name][0](tol), {"C": GRID}, cv=5, n_jobs=args.jobs, scoring="neg_log_loss"
        )
        for name, (tol, _) in settings.items()
    }
    seconds = by_turns(
        {name: partial(search.fit, X, y) for name, search in searches.items()},
        args.rounds,
    )
    rows = []
    for name, (tol, gap) in settings.items():
        ratio = seconds[name] / seconds["skneuron"]
        line = [f"{args.rows:,} x {args.columns}", name, f"tol={tol:.0e}", f"{gap:.0e}"]
        rows.append([*line, f"{seconds[name]:.2f}", f"{ratio:.2f}"])
    print(describe())
    print(f"{len(GRID)} values of C, 5 folds, n_jobs={args.jobs}; threads in each process:")
    print(Parallel(n_jobs=args.jobs)(delayed(threads)() for _ in range(1))[0] + "\n")
    header = ["n x d", "model", "setting", "largest gap", "seconds", "ratio to ours"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
