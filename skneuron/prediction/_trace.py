"""The forward pass of one sample, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray

__all__ = ["Trace"]

# Maximum number of terms in the table, which then ends with the sum of the smaller terms.
_MAX_TERMS = 20


@dataclass(frozen=True, repr=False)
class Trace:
    """The forward pass of one sample: terms, sum, bias, z, f(z), probability, class.

    ``NeuronClassifier.trace`` returns it. ``print`` and notebooks show a table.

    Attributes
    ----------
    feature_names : tuple of str
        x0, x1, … for columns without names.
    x : ndarray of shape (n_features,)
    weights : ndarray of shape (n_neurons, n_features)
    bias, offset : ndarray of shape (n_neurons,)
    function : str
        Name of f.
    output : ndarray of shape (n_neurons,)
        f(z), or the probabilities of a softmax.
    threshold : float
        Decision threshold z₀.
    classes : ndarray of shape (n_classes,)
    proba : ndarray of shape (n_classes,) or None
        None for a neuron without a likelihood.

    Examples
    --------
    Three inputs, three coefficients and an intercept (bias), by hand:

    >>> from skneuron import NeuronClassifier
    >>> neuron = NeuronClassifier.from_weights([0.2, 0.8, -0.5], intercept=0.4)
    >>> print(neuron.trace([1.0, 0.5, 1.8]))
                  x     w     w·x
    x0            1   0.2     0.2
    x1          0.5   0.8     0.4
    x2          1.8  -0.5    -0.9
    sum                      -0.3
    + bias                    0.4
    = z                       0.1
    sigmoid(z)             0.5250
    P(0)                   0.4750
    P(1)                   0.5250
    class                       1
    It would be class 0 at z <= 0: z would have to change by -0.1.
    """

    feature_names: tuple[str, ...]
    x: FloatArray
    weights: FloatArray
    bias: FloatArray
    offset: FloatArray
    function: str
    output: FloatArray
    threshold: float
    classes: AnyArray
    proba: FloatArray | None

    @property
    def terms(self) -> FloatArray:
        """Each wᵢ·xᵢ, of shape (n_neurons, n_features)."""
        return np.asarray(self.weights * self.x)

    @property
    def z(self) -> FloatArray:
        """Pre-activations, the terms' sum + b + offset, of shape (n_neurons,)."""
        return np.asarray(self.terms.sum(axis=1) + self.bias + self.offset)

    @property
    def decision(self) -> FloatArray:
        """Z - z₀, of shape (n_neurons,)."""
        return np.asarray(self.z - self.threshold)

    @property
    def predicted(self) -> Any:
        """The class."""
        best = int(self.decision[0] > 0) if len(self.bias) == 1 else int(self.decision.argmax())
        return self.classes[best : best + 1].tolist()[0]

    @property
    def to_flip(self) -> float:
        """Change of z that leads to another decision; with several neurons, of the next class."""
        if len(self.bias) == 1:
            return -float(self.decision[0])
        second, first = np.sort(self.decision)[-2:]
        return float(first - second)

    def to_dict(self) -> dict[str, Any]:
        """Return all attributes as lists and numbers, for programs and JSON."""
        return {
            "feature_names": list(self.feature_names),
            "x": self.x.tolist(),
            "weights": self.weights.tolist(),
            "terms": self.terms.tolist(),
            "bias": self.bias.tolist(),
            "offset": self.offset.tolist(),
            "z": self.z.tolist(),
            "function": self.function,
            "output": self.output.tolist(),
            "threshold": self.threshold,
            "classes": self.classes.tolist(),
            "proba": None if self.proba is None else self.proba.tolist(),
            "predicted": self.predicted,
            "to_flip": self.to_flip,
        }

    def _lines(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows of the table: a name, and one cell for each column of the heading."""
        single, terms = len(self.bias) == 1, self.terms
        yield ("", "x", "w", "w·x") if single else ("", "x", *(f"w·x, {c}" for c in self.classes))
        size = np.abs(terms).max(axis=0)
        shown = np.sort(np.argsort(-size, kind="stable")[:_MAX_TERMS])
        for i in shown:
            middle = [_short(self.weights[0, i])] if single else []
            cells = [_short(self.x[i]), *middle, *map(_short, terms[:, i])]
            yield self.feature_names[i], *cells
        lead = ("", "") if single else ("",)
        if len(shown) < len(size):
            rest = terms.sum(axis=1) - terms[:, shown].sum(axis=1)
            yield f"{len(size) - len(shown)} more", *lead, *map(_short, rest)
        yield "sum", *lead, *map(_short, terms.sum(axis=1))
        yield "+ bias", *lead, *map(_short, self.bias)
        if np.any(self.offset):
            yield "+ offset", *lead, *map(_short, self.offset)
        yield "= z", *lead, *map(_short, self.z)
        yield f"{self.function}(z)", *lead, *map(_fixed, self.output)
        if self.proba is not None and single:
            for label, p in zip(self.classes.tolist(), self.proba, strict=True):
                yield f"P({label})", *lead, _fixed(p)
        elif self.proba is not None and self.function != "softmax":
            yield "P(class)", *lead, *map(_fixed, self.proba)
        yield "class", *lead, *[""] * (len(self.bias) - 1), str(self.predicted)

    def _sentence(self) -> str:
        """Return the sentence about the change that leads to another decision."""
        flip = _short(self.to_flip)
        if len(self.bias) > 1:
            order = np.argsort(self.decision)
            return f"Next is {self.classes[order[-2]]}: its z would have to change by {flip}."
        other = self.classes[int(self.decision[0] <= 0)]
        side = "<=" if self.decision[0] > 0 else ">"
        z0 = _short(self.threshold)
        if self.decision[0] == 0:
            return f"It would be class {other} at z {side} {z0}: any larger z is enough."
        return f"It would be class {other} at z {side} {z0}: z would have to change by {flip}."

    def __repr__(self) -> str:
        rows = list(self._lines())
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = [
            row[0].ljust(widths[0])
            + "".join(
                "  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
            )
            for row in rows
        ]
        return "\n".join([line.rstrip() for line in lines] + [self._sentence()])

    def _repr_html_(self) -> str:
        head, *body = self._lines()
        rows = [_html_row(head, "th"), *(_html_row(row, "td") for row in body)]
        return f"<table>{''.join(rows)}</table><p>{escape(self._sentence())}</p>"


def _short(value: float) -> str:
    return f"{value:.5g}"


def _fixed(value: float) -> str:
    return f"{value:.4f}" if value == 0 or 1e-4 <= abs(value) < 1e4 else f"{value:.3e}"


def _html_row(row: Sequence[str], cell: str) -> str:
    first, *others = (escape(text) for text in row)
    cells = "".join(f'<{cell} style="text-align: right">{text}</{cell}>' for text in others)
    return f'<tr><th style="text-align: left">{first}</th>{cells}</tr>'
