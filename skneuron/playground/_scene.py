"""The numbers of a playground: samples, axes, ranges of the sliders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

from skneuron._common import FloatArray, MatrixLike, wrong_value
from skneuron.activations import ACTIVATIONS, Activation
from skneuron.classifier import NeuronClassifier
from skneuron.playground._formulas import check_formulas
from skneuron.playground._recorded_descent import recorded_descent
from skneuron.plotting._plane import Plane, plane_of
from skneuron.validation import check_neuron, dense_coef

__all__ = ["Scene", "scene_of"]

# Largest ratio of the spans of two features for which the axes have equal scales. Equal scales
# keep right angles. Above this ratio the samples would be a thin stripe.
_STRIPE = 6.0

# Maximum number of samples. The page recomputes all of them at each move of a slider.
_MAX_ROWS = 5000


@dataclass(frozen=True)
class Scene:
    """The numbers behind one playground.

    Attributes
    ----------
    plane : Plane
        The two features shown.
    rest : ndarray of shape (n_samples,)
        Sum of the terms of the other features in z.
    classes : tuple of two str
    activation : Activation
    path : ndarray of shape (n_epochs + 2, 3)
        (w₁, w₂, b) after each epoch from 0 on. The last row is the fitted neuron.
    """

    plane: Plane
    rest: FloatArray
    classes: tuple[str, str]
    activation: Activation
    path: FloatArray

    def __len__(self) -> int:
        return len(self.plane.points)

    @property
    def activation_name(self) -> str:
        """Return the name of the activation in ``ACTIVATIONS``."""
        return next(name for name, kind in ACTIVATIONS.items() if kind is type(self.activation))

    @property
    def center(self) -> FloatArray:
        """Return the middle of both axes."""
        points = self.plane.points
        return np.asarray(points.min(axis=0) + points.max(axis=0)) / 2

    @property
    def span(self) -> FloatArray:
        """Return the length of both axes, which has a margin around the samples."""
        span: FloatArray = 1.2 * np.ptp(self.plane.points, axis=0)
        span[span == 0] = 1.0
        if span.max() <= _STRIPE * span.min():
            span[:] = span.max()
        return span

    @property
    def reaches(self) -> FloatArray:
        """Return the largest magnitude on the sliders of w₁, w₂ and b."""
        largest = np.abs(self.path).max(axis=0)
        # A weight of 4 over the length of an axis is steep enough to play with.
        weights = np.maximum(1.5 * largest[:2], 4 / self.span)
        bias = max(1.5 * largest[2], float(weights @ self.span) / 4)
        return np.array([_round_up(reach) for reach in (*weights, bias)])


def _round_up(value: float) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    factor = next(factor for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-12))
    return float(f"{factor * power:.0e}")


def scene_of(
    neuron: NeuronClassifier,
    X: MatrixLike,
    y: ArrayLike,
    features: Sequence[str | int] | None,
    epochs: int,
) -> Scene:
    """Check the arguments and return the scene (see ``playground`` for the errors)."""
    check_neuron(neuron)
    check_formulas()
    if len(neuron.classes_) != 2:
        raise ValueError(
            f"The neuron has {len(neuron.classes_)} classes. Expected two. Fit one class against "
            "the rest: neuron.fit(X, y == label)."
        )
    if type(neuron.activation_) not in ACTIVATIONS.values():
        raise ValueError(
            f"The activation {neuron.activation_!r} has no formula in the page. Expected one of "
            f"{', '.join(ACTIVATIONS)}. Use for example NeuronClassifier('sigmoid')."
        )
    if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 1:
        raise ValueError(wrong_value("epochs", epochs, "a positive integer", "epochs=50"))
    plane = plane_of(neuron, X, y, features)
    if len(plane.points) > _MAX_ROWS:
        raise ValueError(
            f"X has {len(plane.points)} rows. Expected at most {_MAX_ROWS}, which a page can "
            "compute again at each move of a slider. Pass some of the rows: "
            f"X[:{_MAX_ROWS}], y[:{_MAX_ROWS}]."
        )
    columns = list(plane.columns)
    coef = dense_coef(neuron)[0].astype(np.float64)
    others = np.delete(check_array(X, dtype=np.float64), columns, axis=1)
    rest = others @ np.delete(coef, columns)
    given = np.append(coef[columns], float(neuron.intercept_[0]))
    return Scene(
        plane=plane,
        rest=rest,
        classes=(str(neuron.classes_[0]), str(neuron.classes_[1])),
        activation=neuron.activation_,
        path=np.vstack([recorded_descent(neuron, plane, rest, epochs), given]),
    )
