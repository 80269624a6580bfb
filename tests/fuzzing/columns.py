"""Columns and layouts of the fuzzer: what tables in practice are like, and what is made to deceive."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def _sentinel(rng, x):
    """Replace a few values by a fill value, which is far from the column's other values."""
    rows = rng.random(len(x)) < rng.choice([0.02, 0.1])
    rows[rng.integers(len(x))] = True
    fill = rng.choice([-999.0, 1e6, 1e10, 1e15, 1e18, 1e20, 1e38, 1e100, -9.2e18])
    return np.where(rows, fill, (10 * x).round())


def _outliers(rng, x):
    rows = rng.random(len(x)) < 0.05
    return np.where(rows, x * 10.0 ** rng.uniform(1, 9, len(x)), x)


#: From the generator and a standard normal column to a column of a kind.
KINDS = {
    "plain": lambda rng, x: x,
    "integers": lambda rng, x: (3 * x).round(),
    "binary": lambda rng, x: (x > rng.normal()).astype(float),
    "counts": lambda rng, x: np.floor(np.exp(x)),
    "lognormal": lambda rng, x: np.exp(rng.choice([1.0, 3.0]) * x),
    "cubed": lambda rng, x: x**3 * rng.choice([1.0, 1e3]),
    "decades": lambda rng, x: (
        x * 10.0 ** rng.uniform(-rng.choice([4, 16]), rng.choice([4, 16]), len(x))
    ),
    "outliers": _outliers,
    "sentinel": _sentinel,
    "constant": lambda rng, x: np.full(len(x), rng.choice([0.0, 1.0, 1e5, -1e-5, 1e200])),
    "single": lambda rng, x: np.eye(1, len(x), rng.integers(len(x)))[0] * rng.choice([1.0, 1e12]),
    "far": lambda rng, x: x + 10.0 ** rng.uniform(1, 14),
    "far integers": lambda rng, x: 10.0 ** rng.integers(6, 16) + 4 * (2 * x).round(),
    "money": lambda rng, x: np.round(10.0 ** rng.integers(0, 12) * np.exp(x), 2),
    "nanoseconds": lambda rng, x: 1.6e18 + 86400e9 * (100 * x).round(),
}

#: From the generator and a table to a column that depends on other columns.
DEPENDENT = {
    "duplicate": lambda rng, X: X[:, rng.integers(X.shape[1])],
    "other unit": lambda rng, X: X[:, rng.integers(X.shape[1])] * rng.choice([0.4536, 1e3, -1.8]),
    "affine": lambda rng, X: X[:, rng.integers(X.shape[1])] * 1.8 + 32,
    "near": lambda rng, X: (
        X[:, rng.integers(X.shape[1])]
        * (1 + 10.0 ** rng.integers(-12, -2) * rng.normal(size=len(X)))
    ),
    "sum": lambda rng, X: X[:, rng.integers(X.shape[1])] + X[:, rng.integers(X.shape[1])],
    "rounded": lambda rng, X: np.round(X[:, rng.integers(X.shape[1])] * 0.9137, 2),
}

# Kinds of which fits have been wrong most often; they are drawn more often.
_HARDEST = ("decades", "sentinel", "far integers")

# Largest exponent of ten of a column's unit, by how wild the table is.
_UNITS = {"one": 0, "mild": 3, "wide": 16, "extreme": 300}


def table(rng, Z):
    """Return a table made of latent columns, and the kinds of its columns."""
    d = Z.shape[1]
    style = rng.choice(["plain", "one", "mixed"], p=[0.35, 0.35, 0.3])
    kinds = np.full(d, "plain", dtype=object)
    names = list(KINDS)
    if style == "one":
        few = names if rng.random() < 0.6 else _HARDEST
        kinds[rng.integers(d)] = few[rng.integers(len(few))]
    elif style == "mixed":
        wild = rng.random(d) < 0.5
        kinds[wild] = [names[k] for k in rng.integers(len(names), size=wild.sum())]
    X = np.column_stack([KINDS[kind](rng, Z[:, j]) for j, kind in enumerate(kinds)])
    kinds = list(kinds)
    if rng.random() < 0.2:
        for kind in rng.choice(list(DEPENDENT), size=rng.integers(1, 4)):
            X = np.column_stack([X, DEPENDENT[kind](rng, X)])
            kinds.append(kind)
    unit = rng.choice(list(_UNITS), p=[0.5, 0.25, 0.15, 0.1])
    reach = _UNITS[unit]
    factors = 10.0 ** rng.uniform(-reach, reach, X.shape[1])
    if unit == "extreme":
        factors = np.where(rng.random(X.shape[1]) < 0.7, 1.0, factors)
    with np.errstate(over="ignore", under="ignore"):
        X = np.nan_to_num(X * factors, posinf=1e300, neginf=-1e300)
    if rng.random() < 0.1 and len(X) > 3:
        X[rng.integers(len(X), size=len(X) // 3)] = X[0]
    if unit != "one":
        kinds.append(f"units {unit}")
    return X, kinds


def _strided(X):
    wide = np.zeros((X.shape[0], 2 * X.shape[1]))
    wide[:, ::2] = X
    return wide[:, ::2]


def _float32(X):
    with np.errstate(over="ignore", under="ignore"):
        return np.clip(X, -3e38, 3e38).astype(np.float32)


def _integers(X):
    return np.clip(X, -9e15, 9e15).round().astype(np.int64)


def _with_zeros(X):
    """Return CSR that stores its zeros as well."""
    n, d = X.shape
    return sparse.csr_array(
        (X.ravel(), np.tile(np.arange(d), n), d * np.arange(n + 1)), shape=X.shape
    )


def _with_duplicates(X):
    """Return CSR that stores each entry in two halves, out of order."""
    n, d = X.shape
    columns = np.tile(np.arange(2 * d)[::-1] % d, n)
    halves = np.tile(X / 2, (1, 2))[:, ::-1].ravel()
    return sparse.csr_array((halves, columns, 2 * d * np.arange(n + 1)), shape=X.shape)


#: From a float64 table to what ``fit`` gets.
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": _float32,
    "float32 F": lambda X: np.asfortranarray(_float32(X)),
    "integers": _integers,
    "bool": lambda X: np.sort(X, axis=0)[len(X) // 2] < X,
    "strided": _strided,
    "list": lambda X: X.tolist(),
    "csr array": sparse.csr_array,
    "csr matrix": sparse.csr_matrix,
    "csc array": sparse.csc_array,
    "csc matrix": sparse.csc_matrix,
    "csc float32": lambda X: sparse.csc_array(_float32(X)),
    "coo array": sparse.coo_array,
    "explicit zeros": _with_zeros,
    "sparse duplicates": _with_duplicates,
}


def dense(X):
    """Return what a layout holds, as float64."""
    return np.asarray(X.toarray() if sparse.issparse(X) else X).astype(np.float64)
