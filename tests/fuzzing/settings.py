"""Parameters of the estimator, sample weights and offsets of a random problem."""

from __future__ import annotations

import numpy as np
from families import losses_of, trainable

from skneuron.activations import ACTIVATIONS
from skneuron.solvers import SOLVERS

#: Solvers whose iterations the user counts out: each is a pass, and many of them are slow.
FIRST_ORDER = ("gd", "sgd", "adam", "perceptron", "online-perceptron")


def pick(rng, options, p=None):
    """Return one of the options as it is: NumPy would make strings and floats its own."""
    return options[rng.choice(len(options), p=p)]


def draw_weights(rng, n):
    kind = pick(rng, ["uniform", "counts", "huge", "tiny", "wide", "extreme", "constant"])
    if kind == "counts":
        weights = rng.integers(0, 4, n).astype(float)
        weights[rng.integers(n)] = 1.0
    elif kind == "constant":
        weights = np.full(n, 10.0 ** rng.integers(-5, 6))
    elif kind in ("wide", "extreme"):
        weights = (
            10.0 ** rng.uniform(-1, 1, n) ** 3
            if kind == "wide"
            else 10.0 ** rng.uniform(-290, 290, n)
        )
    else:
        weights = rng.uniform(0.1, 3, n) * {"uniform": 1.0, "huge": 1e280, "tiny": 1e-280}[kind]
    return weights, f"weights {kind}"


def draw_offset(rng, n, K):
    kind = pick(rng, ["normal", "wide", "constant", "extreme", "log exposure"])
    shape = n if K == 2 else (n, K)
    if kind == "constant":
        return np.full(shape, pick(rng, [3.0, -1e3, 1e6])), "offset constant"
    values = rng.normal(size=shape)
    factor = {
        "normal": 1.0,
        "wide": 1e3,
        "extreme": 10.0 ** rng.integers(4, 15),
        "log exposure": 3.0,
    }[kind]
    return factor * values, f"offset {kind}"


def _bounds(rng, d):
    kind = rng.integers(6)
    if kind == 0:
        return (0, None)
    if kind == 1:
        return (-1.0, 1.0)
    if kind == 2:
        return (0.01, 0.5)
    if kind == 3:
        return {int(rng.integers(d)): (None, 0)}
    middle = rng.normal(size=d)
    width = np.abs(rng.normal(size=d)) * (kind == 4)
    return (
        np.column_stack([middle - width, middle + width])
        if kind == 4
        else [(float(m), None) for m in middle]
    )


def draw_settings(rng, d, classes):
    """Return parameters of the estimator that work together, almost always."""
    if rng.random() < 0.5:
        activation = pick(rng, list(ACTIVATIONS))
        loss, solver = pick(rng, losses_of(activation)), "auto"
        if rng.random() < 0.5:
            activation, loss = "sigmoid", "auto"
    else:
        activation, loss, solver = pick(rng, trainable())
    params = {"activation": activation, "loss": loss, "solver": solver}
    params["C"] = pick(
        rng,
        [1e-8, 1e-3, 1.0, 10.0, 1e4, 1e8, 1e12, np.inf],
        [0.05, 0.1, 0.3, 0.1, 0.1, 0.05, 0.05, 0.25],
    )
    params["fit_intercept"] = bool(rng.random() < 0.8)
    smooth = ACTIVATIONS[activation].smooth
    nonsmooth = smooth and (solver == "auto" or SOLVERS[solver].supports_nonsmooth)
    if rng.random() < (0.3 if nonsmooth else 0.02):
        if rng.random() < 0.6:
            params["l1_ratio"] = pick(rng, [0.1, 0.5, 1.0])
        if rng.random() < 0.5:
            params["bounds"] = _bounds(rng, d)
    params["tol"] = pick(rng, [None, 0, 1e-2, 1e-4, 1e-6, 1e-10], [0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    slow = solver in FIRST_ORDER or (solver == "auto" and not smooth)
    if slow or rng.random() < 0.15:
        params["max_iter"] = int(pick(rng, [1, 2, 5, 20, 100]))
    if rng.random() < 0.15:
        params["class_weight"] = "balanced" if rng.random() < 0.5 else _class_weight(rng, classes)
    if activation == "relu" and rng.random() < 0.3:
        params["restart"] = 2
    params["random_state"] = int(rng.integers(2**31))
    return params


def _class_weight(rng, classes):
    return {label: float(10.0 ** rng.integers(-3, 4)) for label in classes.tolist()}
