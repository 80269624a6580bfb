"""One run of a problem, and the report of what was asserted of it."""

from __future__ import annotations

import pickle
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field

from scipy import sparse

from skneuron import NeuronClassifier


@dataclass
class Report:
    """What one seed has shown."""

    violations: list = field(default_factory=list)
    reached: Counter = field(default_factory=Counter)
    notes: Counter = field(default_factory=Counter)

    def check(self, kind, holds, text=""):
        """Count an assertion, and keep it if it does not hold."""
        self.reached[kind] += 1
        if not holds:
            self.violations.append((kind, text() if callable(text) else text))


def rows_of(values, rows):
    """Return rows of whatever has them. All rows stay as they are stored."""
    if len(rows) == (len(values) if isinstance(values, list) else values.shape[0]):
        return values
    if isinstance(values, list):
        return [values[i] for i in rows]
    return (values.tocsr() if sparse.issparse(values) and values.format == "coo" else values)[rows]


def learn(problem, neuron):
    """Fit as the problem says, and return the coefficients that a warm start begins with.

    The last call is what is looked at.
    """
    X, y, fit = problem.X, problem.y, problem.fit
    if problem.mode == "stream":
        for rows in problem.chunks:
            parts = {name: values[rows] for name, values in fit.items()}
            neuron.partial_fit(rows_of(X, rows), rows_of(y, rows), problem.classes, **parts)
        return None
    start = None
    if problem.mode == "warm start":
        asked = neuron.get_params()
        try:
            neuron.set_params(C=1e-2, max_iter=2).fit(X, y, **fit)
            start = neuron.coef_, neuron.intercept_
        finally:
            neuron.set_params(C=asked["C"], max_iter=asked["max_iter"])
    neuron.fit(X, y, **fit)
    return start


def contents(problem):
    """Return the bytes of everything that is handed to a fit."""
    out = []
    for values in (problem.X, problem.y, *problem.fit.values()):
        if sparse.issparse(values):
            parts = [
                getattr(values, name, None) for name in ("data", "indices", "indptr", "row", "col")
            ]
            out += [part.tobytes() for part in parts if part is not None]
        else:
            out.append(pickle.dumps(values))
    return out


class Attempt:
    """One run of a problem: the neuron, warnings, the exception and the CPU seconds."""

    def __init__(self, problem):
        self.neuron = NeuronClassifier(**problem.params)
        self.error = self.start = None
        start = time.process_time()
        with warnings.catch_warnings(record=True) as self.warnings:
            warnings.simplefilter("always")
            try:
                self.start = learn(problem, self.neuron)
            except Exception as error:
                self.error = error
        self.seconds = time.process_time() - start

    def bits(self):
        """Return everything that a second run must repeat."""
        out = [str(self.error)]
        for name, value in sorted(vars(self.neuron).items()):
            if (
                name.endswith("_")
                and not name.startswith("_")
                and name not in ("activation_", "history_")
            ):
                out.append((name, pickle.dumps(value)))
        history = getattr(self.neuron, "history_", {})
        return out + [
            (name, history[name].tobytes()) for name in sorted(history) if name != "seconds"
        ]
