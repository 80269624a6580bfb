"""Twenty small tables for the choice of C, ordinary and adversarial ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

__all__ = ["Table", "path_tables"]


class Table(NamedTuple):
    """Samples of two classes, the activation, and further arguments of ``fit``."""

    X: Any
    y: Any
    activation: str = "sigmoid"
    arguments: dict[str, Any] = {}


def path_tables(n: int) -> dict[str, Table]:
    """Return tables of about ``n`` rows by name, with the same random numbers on each call."""
    random = np.random.default_rng(0)
    noises = {
        "sigmoid": lambda: random.logistic(size=n),
        "tanh": lambda: random.logistic(size=n) / 2,
        "probit": lambda: random.standard_normal(n),
        # P(noise < z) is 1 - exp(-exp(z)) for cloglog, and exp(-exp(-z)) for loglog.
        "cloglog": lambda: -random.gumbel(size=n),
        "loglog": lambda: random.gumbel(size=n),
    }
    out: dict[str, Table] = {}

    def add(name: str, X: Any, z: Any, activation: str = "sigmoid", **arguments: Any) -> None:
        y = (z > noises[activation]()).astype(int)
        out[name] = Table(X, y, activation, arguments)

    X, w = random.standard_normal((n, 10)), random.standard_normal(10)
    add("logit", X, X @ w)
    add("probit", X, X @ w, "probit")
    add("cloglog", X, X @ w / 2, "cloglog")
    add("loglog", X, X @ w / 2, "loglog")
    add("tanh", X, X @ w / 2, "tanh")
    wide = random.standard_normal((n, 2 * n))
    add("d > n", wide, wide[:, :5].sum(axis=1))
    add("d > n, probit", wide, wide[:, :5].sum(axis=1), "probit")
    cauchy = random.standard_cauchy((n, 5))
    add("Cauchy columns", cauchy, np.clip(cauchy[:, 0], -3, 3))
    add("rare class", X[:, :5], X[:, 0] - 2.5)
    add("nearly separable", X, 12 * X[:, 0] + 6 * X[:, 1])
    levels = np.eye(n // 5)[random.integers(0, n // 5, n)]
    add("rare levels", levels, levels @ random.standard_normal(n // 5) * 2)
    factors = [np.eye(k)[random.integers(0, k, n)] for k in (8, 20)]
    two = np.hstack(factors)
    add("two factors", two, two @ random.standard_normal(28))
    near = np.hstack([X, X[:, :3] + 1e-6 * random.standard_normal((n, 3))])
    add("nearly collinear", near, X[:, 0])
    add("different scales", X * np.geomspace(1e-4, 1e4, 10), X @ w)
    add("sample weights", X, X @ w, sample_weight=random.integers(1, 10, n).astype(float))
    heavy = np.exp(1.5 * random.standard_normal(n))
    add("unequal weights", X, X @ w, sample_weight=heavy)
    add("offset", X, X @ w + 2 * X[:, 0], offset=2 * X[:, 0])
    add("far from zero", X + 1e4, X @ w)
    outlier = np.where(np.arange(n)[:, None] == 0, 30.0, X)
    add("one outlier", outlier, X @ w)
    cancer, y = load_breast_cancer(return_X_y=True)
    rows = random.permutation(len(y))[:n]
    out["breast cancer"] = Table(StandardScaler().fit_transform(cancer)[rows], y[rows])
    return out
