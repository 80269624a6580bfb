"""Seconds and gaps of fits to tensors of PyTorch, next to NumPy and LogisticRegression.

Set SCIPY_ARRAY_API=1. No GPU takes part. The line "as on a device" treats tensors on the CPU as if
NumPy could not read them, so that PyTorch computes all passes.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

# scikit-learn dispatches only if SciPy does, and SciPy reads the variable when it is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
import sklearn
import torch
from sklearn.linear_model import LogisticRegression

import skneuron.validation._foreign as foreign
from benchmark_utils.machine import describe
from skneuron import NeuronClassifier

ON_HOST = foreign.is_on_host


def data(n: int, d: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return dense X and labels that no hyperplane separates."""
    rng = np.random.default_rng(0)
    X, coef = rng.normal(size=(n, d)), rng.normal(size=(d, n_classes)) / np.sqrt(d)
    return X, (X @ coef + rng.gumbel(size=(n, n_classes))).argmax(axis=1)


def gap(model: Any, X: np.ndarray, y: np.ndarray, best: float) -> float:
    """Return F less its lowest known value, as a fraction of F at zero."""
    n_classes = int(y.max()) + 1
    return (objective(model, X, y) - best) / np.log(n_classes)


def objective(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Return the mean log loss plus the ridge of C=1."""
    coef, intercept = np.asarray(model.coef_), np.asarray(model.intercept_)
    z = X @ coef.T + intercept
    if z.shape[1] == 1:
        z = np.concatenate([-z / 2, z / 2], axis=1)
    top = z.max(axis=1)
    loss = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(y)), y]
    return float(loss.mean() + 0.5 * np.sum(coef**2) / len(y))


def neuron(pretend: bool, X: Any, y: Any) -> Any:
    """Return a fitted neuron. ``pretend`` hides the memory of the host from NumPy."""
    foreign.is_on_host = (lambda values: False) if pretend else ON_HOST
    with sklearn.config_context(array_api_dispatch=True):
        return NeuronClassifier(random_state=0).fit(X, y)


def logistic(tol: float, X: Any, y: Any) -> Any:
    """Return scikit-learn's model under dispatch."""
    with sklearn.config_context(array_api_dispatch=True):
        return LogisticRegression(tol=tol, max_iter=10_000).fit(X, y)


def measured(
    fits: dict[str, Callable[[], Any]], repeats: int
) -> dict[str, tuple[Any, float, float]]:
    """Return model, seconds and seconds of processor time: the minimum of interleaved runs."""
    found: dict[str, tuple[Any, float, float]] = {}
    for _ in range(repeats):
        for name, fit in fits.items():
            wall, cpu = time.perf_counter(), time.process_time()
            model = fit()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            _, least_wall, least_cpu = found.get(name, (None, np.inf, np.inf))
            found[name] = model, min(wall, least_wall), min(cpu, least_cpu)
    return found


def main() -> None:
    """Print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--float32", action="store_true")
    parser.add_argument("--tols", nargs="*", type=float, default=[1e-4, 1e-6, 1e-8])
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(describe(), f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    X, y = data(args.rows, args.features, args.classes)
    X = X.astype(np.float32) if args.float32 else X
    tensor, labels = torch.asarray(X), torch.asarray(y)
    fits = {
        "skneuron, NumPy": lambda: NeuronClassifier(random_state=0).fit(X, y),
        "skneuron, PyTorch on the CPU": lambda: neuron(False, tensor, labels),
        "skneuron, as on a device": lambda: neuron(True, tensor, labels),
    }
    for tol in args.tols:
        fits[f"LogisticRegression, tol={tol:g}"] = lambda tol=tol: logistic(tol, tensor, labels)
    found = measured(fits, args.repeats)
    exact = X.astype(np.float64)
    best = min(objective(model, exact, y) for model, _, _ in found.values())
    kind = "float32" if args.float32 else "float64"
    print(f"{args.rows} x {args.features}, {args.classes} classes, {kind}")
    print(f"{'':32} {'seconds':>9} {'processor':>9} {'gap':>9} {'iterations':>10}")
    for name, (model, wall, cpu) in found.items():
        n_iter = int(np.max(np.asarray(model.n_iter_)))
        print(f"{name:32} {wall:9.3f} {cpu:9.3f} {gap(model, exact, y, best):9.1e} {n_iter:10}")


if __name__ == "__main__":
    main()
