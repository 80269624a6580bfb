"""Problems and settings of the fuzzer, each drawn from its seed alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fuzzing.columns import LAYOUTS, dense, table
from fuzzing.settings import draw_offset, draw_settings, draw_weights, pick

# Salt of the generators: another number draws other problems.
_SALT = 20

MODES = ("fit", "stream", "warm start")


@dataclass
class Problem:
    """What one seed stands for."""

    seed: int
    mode: str
    layout: str
    X: object
    y: object
    y_index: np.ndarray
    classes: np.ndarray
    params: dict
    fit: dict
    tags: list = field(default_factory=list)
    chunks: list = field(default_factory=list)

    def __post_init__(self):
        self.dense = dense(self.X)
        self.n_classes = len(self.classes)

    @property
    def box(self):
        """Return lower and upper bounds of the coefficients, infinite where there are none."""
        d = self.dense.shape[1]
        low, high = np.full(d, -np.inf), np.full(d, np.inf)
        bounds = self.params.get("bounds")
        if isinstance(bounds, dict):
            pairs = bounds.items()
        else:
            pairs = enumerate(
                [] if bounds is None else [bounds] * d if isinstance(bounds, tuple) else bounds
            )
        for j, (bottom, top) in pairs:
            low[j] = -np.inf if bottom is None else bottom
            high[j] = np.inf if top is None else top
        return low, high

    def __str__(self):
        """Return the problem in one line."""
        n, d = self.dense.shape
        fit = ",".join(self.fit)
        params = " ".join(f"{k}={v!r}" for k, v in self.params.items() if k != "bounds")
        bounds = "" if "bounds" not in self.params else " bounds"
        return f"{self.mode} n={n} d={d} K={self.n_classes} {self.layout} {'/'.join(self.tags)} [{fit}] {params}{bounds}"


def _shape(rng):
    kind = rng.random()
    if kind < 0.1:
        return int(rng.integers(1, 6)), int(rng.integers(1, 4))
    if kind < 0.2:
        return int(rng.integers(5, 60)), int(rng.integers(60, 250))
    if kind < 0.25:
        return int(rng.integers(200, 600)), int(rng.integers(60, 130))
    return int(10 ** rng.uniform(0.8, 2.5)), int(10 ** rng.uniform(0, 1.5))


def _labels(rng, Z, K):
    """Return class indices that depend on latent columns, of at least two classes."""
    n, d = Z.shape
    strength = pick(rng, [0.0, 1.0, 4.0, 1e3], [0.15, 0.5, 0.25, 0.1])
    shift = np.zeros(K)
    if rng.random() < 0.15:
        shift[1:] = -4.0
    with np.errstate(divide="ignore"):
        scores = (
            strength * Z @ rng.normal(size=(d, K)) / np.sqrt(d) + shift + rng.gumbel(size=(n, K))
        )
    y = scores.argmax(axis=1)
    if rng.random() < 0.98:
        for k, row in enumerate(rng.permutation(n)[:K]):
            y[row] = k
    return y, f"strength {strength:g}" + (" rare" if shift.any() else "")


#: From class indices to labels.
NAMES = {
    "ints": lambda y, K: y,
    "negative": lambda y, K: 5 * y - 7,
    "strings": lambda y, K: np.array(["no", "yes", "perhaps", "ß", "never"])[y],
    "objects": lambda y, K: np.array(["a", "bb", "ccc", "d", "e"], dtype=object)[y],
    "int8": lambda y, K: np.linspace(-100, 100, K).astype(np.int8)[y],
    "uint8": lambda y, K: np.linspace(0, 255, K).astype(np.uint8)[y],
    "floats": lambda y, K: y.astype(float),
    "bool": lambda y, K: y == 1 if K == 2 else y,
    "large": lambda y, K: y * 10**12 - 5,
    "list": lambda y, K: y.tolist(),
}


def _validation(rng, problem):
    """Let the fit stop early, or watch a validation set, or both."""
    n = len(problem.y_index)
    given = rng.random() < 0.5
    if rng.random() < 0.7:
        problem.params["early_stopping"] = True
        problem.params["n_iter_no_change"] = int(pick(rng, [1, 5]))
    elif not given:
        return
    if not given:
        problem.tags.append("split off")
        return
    rows = rng.integers(n, size=max(1, n // 3))
    y = np.asarray(problem.y)
    problem.fit["X_val"], problem.fit["y_val"] = problem.dense[rows].copy(), y[rows].copy()
    if "offset" in problem.fit:
        problem.fit["offset_val"] = problem.fit["offset"][rows].copy()
    problem.tags.append("validation set")


def draw(seed):
    """Return the problem of a seed."""
    rng = np.random.default_rng([_SALT, seed])
    n, d = _shape(rng)
    K = pick(rng, [2, 3, 5], [0.75, 0.18, 0.07])
    Z = rng.normal(size=(n, d))
    index, how = _labels(rng, Z, K)
    X, kinds = table(rng, Z)
    layout = pick(rng, list(LAYOUTS)) if rng.random() < 0.5 else "C"
    naming = pick(rng, list(NAMES)) if rng.random() < 0.4 else "ints"
    y = NAMES[naming](index, K)
    with np.errstate(all="ignore"):
        X = LAYOUTS[layout](X)
    classes, index = np.unique(np.asarray(y), return_inverse=True)
    special = sorted({kind for kind in kinds if kind != "plain"})
    params = draw_settings(rng, dense(X).shape[1], classes)
    problem = Problem(
        seed, pick(rng, MODES, [0.8, 0.1, 0.1]), layout, X, y, index, classes, params, {},
        [how, naming, *special],
    )  # fmt: skip
    if rng.random() < 0.3:
        problem.fit["sample_weight"], tag = draw_weights(rng, n)
        problem.tags.append(tag)
    if rng.random() < 0.2:
        problem.fit["offset"], tag = draw_offset(rng, n, len(classes))
        problem.tags.append(tag)
    if problem.mode == "stream":
        cuts = np.sort(rng.integers(1, max(2, n), size=rng.integers(0, 5)))
        problem.chunks = [rows for rows in np.split(np.arange(n), cuts) if len(rows)]
        if params.get("class_weight") == "balanced" and rng.random() < 0.9:
            del params["class_weight"]
    elif rng.random() < 0.15:
        _validation(rng, problem)
    if problem.mode == "warm start":
        params["warm_start"] = True
    return problem
