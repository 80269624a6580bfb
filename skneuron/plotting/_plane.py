"""A neuron as a function of two of its features, with the other features at their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array, column_or_1d

from skneuron._common import AnyArray, FloatArray, MatrixLike, shown, wrong_value
from skneuron.classifier import NeuronClassifier
from skneuron.validation import check_labels, check_neuron, dense_coef

__all__ = ["Plane", "check_neuron", "label_codes", "plane_of"]


@dataclass(frozen=True)
class Plane:
    """Two features of data, and the neuron on them.

    Attributes
    ----------
    points : ndarray of shape (n_samples, 2)
    y : ndarray of shape (n_samples,)
        Class indices.
    wrong : ndarray of bool of shape (n_samples,)
        Whether the neuron misclassifies a sample, with all features.
    weights : ndarray of shape (n_neurons, 2)
    bias : ndarray of shape (n_neurons,)
        Intercept plus the terms of the other features at their mean, minus z₀.
    names : tuple of two str
    columns : tuple of two int
    held : ndarray of shape (n_features,)
        Mean of each feature.
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


def plane_of(
    neuron: NeuronClassifier,
    X: MatrixLike,
    y: ArrayLike,
    features: Sequence[str | int] | None,
) -> Plane:
    """Check the data, choose two features, and set the others to their mean.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If the neuron has a single feature, X or y does not match the neuron, or ``features`` are
        not two of its features.
    """
    check_neuron(neuron)
    data = np.asarray(check_array(X, dtype=np.float64))
    codes = label_codes(neuron, y)
    coef = dense_coef(neuron)
    d = coef.shape[1]
    if d < 2:
        raise ValueError(
            "The neuron has one feature. Expected two or more for a picture of a plane. Use "
            "NormalDisplay, or fit the neuron to two columns."
        )
    if data.shape != (len(codes), d):
        raise ValueError(
            f"X has shape {data.shape}. Expected ({len(codes)}, {d}), as y and coef_ have. Pass "
            "the rows of y, with the columns of the fit."
        )
    start = neuron.trace(data[0])
    names = list(start.feature_names)
    first, second = _two(features, names, coef, data)
    held = data.mean(axis=0)
    others = np.delete(np.arange(d), [first, second])
    shift = coef[:, others] @ held[others]
    return Plane(
        points=data[:, [first, second]],
        y=codes,
        wrong=np.asarray(neuron.predict(X) != neuron.classes_[codes]),
        weights=coef[:, [first, second]].astype(float),
        bias=neuron.intercept_ + shift - start.threshold,
        names=(names[first], names[second]),
        columns=(first, second),
        held=held,
    )


def label_codes(neuron: NeuronClassifier, y: ArrayLike) -> AnyArray:
    """Return the index of each label in ``classes_``.

    Raises
    ------
    ValueError
        If a label is missing, or is no class of the neuron.
    """
    check_labels(y)
    labels = column_or_1d(y)
    unknown = ~np.isin(labels, neuron.classes_)
    if unknown.any():
        raise ValueError(
            f"y has the label {labels[unknown].tolist()[0]!r}. Expected the labels of the fit, "
            f"{shown(neuron.classes_.tolist())}. Pass labels, not class numbers."
        )
    return np.asarray(np.searchsorted(neuron.classes_, labels))


def _two(
    features: Sequence[str | int] | None, names: list[str], coef: FloatArray, data: FloatArray
) -> tuple[int, int]:
    """Return the columns of the two features, by default the two that change z most."""
    if features is None:
        effect = np.abs(coef).max(axis=0) * data.std(axis=0)
        chosen = np.sort(np.argsort(-effect, kind="stable")[:2])
        return int(chosen[0]), int(chosen[1])
    columns = [names.index(f) if isinstance(f, str) and f in names else f for f in features]
    known = [isinstance(c, int | np.integer) and 0 <= c < len(names) for c in columns]
    if len(columns) != 2 or not all(known) or columns[0] == columns[1]:
        raise ValueError(
            wrong_value(
                "features",
                features,
                f"two different features, by name or by number from 0 to {len(names) - 1}",
                f"features={names[:2]!r}",
            )
        )
    return int(columns[0]), int(columns[1])
