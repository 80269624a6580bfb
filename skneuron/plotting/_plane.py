"""A neuron as it acts on two of its features, the others held still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

from skneuron._typing import AnyArray, FloatArray
from skneuron.classifier import NeuronClassifier

__all__ = ["Plane", "check_neuron", "plane_of"]


def check_neuron(estimator: Any) -> None:
    """Refuse what is no fitted neuron.

    Raises
    ------
    TypeError
        If it is another estimator, such as a pipeline around a neuron.
    NotFittedError
        If it is not fitted.
    """
    if not isinstance(estimator, NeuronClassifier):
        raise TypeError(
            f"estimator is of type {type(estimator).__name__}: expected a NeuronClassifier; of a "
            "pipeline its last step, pipeline[-1], with X as that gets it, "
            "pipeline[:-1].transform(X)"
        )
    check_is_fitted(estimator)


@dataclass(frozen=True)
class Plane:
    """Two features of data, and the neuron on them.

    Attributes
    ----------
    points : ndarray of shape (n_samples, 2)
    y : ndarray of shape (n_samples,)
        Class indices.
    wrong : ndarray of bool of shape (n_samples,)
        Which samples the neuron misclassifies, all of their features known.
    weights : ndarray of shape (n_neurons, 2)
    bias : ndarray of shape (n_neurons,)
        With what the features that are held add to it; z₀ taken off.
    names : tuple of two str
    columns : tuple of two int
    held : ndarray of shape (n_features,)
        Values of all features, those of the two to be replaced.
    """

    points: FloatArray
    y: AnyArray
    wrong: AnyArray
    weights: FloatArray
    bias: FloatArray
    names: tuple[str, str]
    columns: tuple[int, int]
    held: FloatArray

    def rows(self, points: FloatArray) -> FloatArray:
        """Return rows of all features at points of the plane."""
        out = np.tile(self.held, (len(points), 1))
        out[:, self.columns] = points
        return out


def plane_of(neuron: Any, X: Any, y: Any, features: Any) -> Plane:
    """Check the data, choose two features, hold the others at their mean.

    Raises
    ------
    TypeError
        If it is no neuron.
    ValueError
        If the neuron has one feature only, X and y do not fit it, or ``features`` are not
        two of its features.
    """
    check_neuron(neuron)
    data = np.asarray(check_array(X, dtype=np.float64))
    labels = column_or_1d(y)
    d = neuron.coef_.shape[1]
    if d < 2:
        raise ValueError("the neuron has one feature: expected two or more to draw a plane of")
    if data.shape != (len(labels), d):
        raise ValueError(f"X has shape {data.shape}: expected ({len(labels)}, {d}), as y and coef_")
    strange = ~np.isin(labels, neuron.classes_)
    if strange.any():
        raise ValueError(
            f"y has the label {labels[strange].tolist()[0]!r}: expected those of the fit, "
            f"{neuron.classes_.tolist()!r}"
        )
    start = neuron.trace(data[0])
    names = list(start.feature_names)
    first, second = _two(features, names, neuron.coef_, data)
    held = data.mean(axis=0)
    others = np.delete(np.arange(d), [first, second])
    shift = neuron.coef_[:, others] @ held[others]
    return Plane(
        points=data[:, [first, second]],
        y=np.searchsorted(neuron.classes_, labels),
        wrong=np.asarray(neuron.predict(X) != labels),
        weights=neuron.coef_[:, [first, second]].astype(float),
        bias=neuron.intercept_ + shift - start.threshold,
        names=(names[first], names[second]),
        columns=(first, second),
        held=held,
    )


def _two(features: Any, names: list[str], coef: FloatArray, data: FloatArray) -> tuple[int, int]:
    """Return the columns of the two features; those that matter most if none are named."""
    if features is None:
        effect = np.abs(coef).max(axis=0) * data.std(axis=0)
        chosen = np.sort(np.argsort(-effect, kind="stable")[:2])
        return int(chosen[0]), int(chosen[1])
    columns = [names.index(f) if isinstance(f, str) and f in names else f for f in features]
    known = [isinstance(c, int | np.integer) and 0 <= c < len(names) for c in columns]
    if len(columns) != 2 or not all(known) or columns[0] == columns[1]:
        raise ValueError(
            f"features={features!r}: expected two different ones, by name or number from 0 to "
            f"{len(names) - 1}"
        )
    return int(columns[0]), int(columns[1])
