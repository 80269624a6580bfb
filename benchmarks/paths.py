"""Time of a search for C: ``NeuronClassifierCV`` beside a grid search and LogisticRegressionCV."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from benchmark_utils.machine import describe
from skneuron import NeuronClassifier, NeuronClassifierCV

# Values of C, without unit: the range of the default grid of LogisticRegressionCV, twice as dense.
CS = np.logspace(-4, 4, 20)

# Folds of every search: the default of all three classes.
FOLDS = StratifiedKFold(5)


def generated(n: int, d: int) -> tuple[Any, Any]:
    """Return correlated columns with classes of a logistic model."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, d)) @ (np.eye(d) + 0.3 * random.standard_normal((d, d)))
    z = X @ random.standard_normal(d) / np.sqrt(d)
    return X, (random.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def worst_gap(paths: Any, X: Any, y: Any) -> float:
    """Return the largest relative excess of F over its minimum, over folds and values of C.

    F is computed here. The minimum is that of a separate fit to a gap of 1e-18.
    """
    worst = 0.0
    for i, (train, _) in enumerate(FOLDS.split(X, y)):
        rows, labels = X[train], np.where(y[train] == 1, -1.0, 1.0)
        for j, C in enumerate(CS):

            def value(w: Any, rows: Any = rows, labels: Any = labels, C: float = C) -> float:
                losses = np.logaddexp(0.0, labels * (rows @ w[:-1] + w[-1]))
                return float(losses.mean() + w[:-1] @ w[:-1] / (2 * C * len(rows)))

            exact = NeuronClassifier(C=C).fit(rows, y[train])
            lowest = value(np.append(exact.coef_, exact.intercept_))
            at_zero = value(np.zeros(rows.shape[1] + 1))
            worst = max(worst, (value(paths[i, 0, j, 0]) - lowest) / at_zero)
    return worst


def main() -> None:
    """Measure by turns, and print seconds, ratios and worst gaps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=30)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    X, y = load_breast_cancer(return_X_y=True)
    tables = {
        "breast cancer": (StandardScaler().fit_transform(X), y),
        f"{args.rows} x {args.features}": generated(args.rows, args.features),
    }
    searches: dict[str, Callable[[], Any]] = {
        "NeuronClassifierCV": lambda: NeuronClassifierCV(Cs=CS, cv=FOLDS),
        "NeuronClassifierCV, tol=1e-9": lambda: NeuronClassifierCV(Cs=CS, cv=FOLDS, tol=1e-9),
        "GridSearchCV, tol=1e-6": lambda: GridSearchCV(
            NeuronClassifier(tol=1e-6), {"C": CS}, cv=FOLDS, scoring="neg_log_loss"
        ),
        "LogisticRegressionCV": lambda: LogisticRegressionCV(
            Cs=CS,
            cv=FOLDS,
            solver="newton-cholesky",
            scoring="neg_log_loss",
            l1_ratios=(0.0,),
            use_legacy_attributes=False,
        ),
    }
    print(describe())
    for title, (table, classes) in tables.items():
        seconds: dict[str, list[float]] = {name: [] for name in searches}
        fitted = {}
        for _ in range(args.rounds):
            for name, search in searches.items():
                begin = time.perf_counter()
                fitted[name] = search().fit(table, classes)
                seconds[name].append(time.perf_counter() - begin)
        own = np.median(seconds["NeuronClassifierCV"])
        print(f"\n{title}: seconds, ratio to NeuronClassifierCV, C, worst relative gap")
        for name, model in fitted.items():
            time_of = np.median(seconds[name])
            chosen = model.best_params_["C"] if hasattr(model, "best_params_") else model.C_
            paths = getattr(model, "coefs_paths_", None)
            gap = "" if paths is None else f"{worst_gap(paths, table, classes):9.1e}"
            print(f"{name:30}{time_of:8.3f}{time_of / own:8.2f}{chosen:10.3g} {gap}")


if __name__ == "__main__":
    main()
