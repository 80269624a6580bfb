"""Checked data for inference, and checks of the neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray, FloatArray, Matrix, MatrixLike, not_a_neuron, shown
from skneuron.activations import Activation, Sigmoid
from skneuron.design import DesignMatrix, forward
from skneuron.validation import (
    FittedNeuron,
    check_finite,
    check_in_numpy,
    check_labels,
    check_offset,
    check_rows,
    check_weights,
    dense_coef,
)

__all__ = ["Observations", "check_neuron", "feature_names", "log_softmax"]


@dataclass(frozen=True)
class Observations:
    """Rows, labels, frequency weights and offset.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        For two classes, whether the label is ``classes_[1]``. For more classes, the index of the
        label in ``classes_``.
    weights : ndarray of shape (n_samples,)
        Frequency weights.
    offset : ndarray of shape (n_samples,) or, for more than two classes, (n_samples, n_classes)
    n_classes : int
    """

    X: Matrix
    y: AnyArray
    weights: FloatArray
    offset: FloatArray
    n_classes: int = 2

    @classmethod
    def of(
        cls,
        neuron: FittedNeuron,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
        *,
        two_classes: str = "",
    ) -> Observations:
        """Check a neuron and its data.

        ``two_classes`` is empty if the caller supports a softmax. Otherwise it is the name of
        the caller, for the error message.
        """
        check_neuron(neuron, two_classes)
        rows = check_rows(neuron, X)
        check_finite(rows)
        n = rows.shape[0]
        check_labels(y)
        labels = column_or_1d(y)
        if len(labels) != n:
            raise ValueError(
                f"y has {len(labels)} labels. Expected {n}, one per row of X. Pass X and y of "
                "the same rows."
            )
        unknown = ~np.isin(labels, neuron.classes_)
        if unknown.any():
            raise ValueError(
                f"y has the label {labels[unknown].tolist()[0]!r}. Expected the labels of the fit, "
                f"{shown(neuron.classes_.tolist())}. Pass the y of the fit."
            )
        weights = check_weights(sample_weight, n)
        n_classes = len(neuron.classes_)
        z_offset = check_offset(offset, n, n_classes)
        if z_offset is None:
            z_offset = np.broadcast_to(0.0, n if n_classes == 2 else (n, n_classes))
        is_class = labels[:, None] == neuron.classes_
        codes = is_class[:, 1] if n_classes == 2 else is_class.argmax(axis=1)
        return cls(rows, codes, weights, z_offset, n_classes)

    @property
    def design(self) -> DesignMatrix:
        """X, for passes in blocks."""
        return DesignMatrix(self.X)

    @property
    def eps(self) -> float:
        """Relative rounding error of X."""
        return float(np.finfo(self.X.dtype).eps)

    @property
    def total_weight(self) -> float:
        """Number of observations. A row of weight 2 is two observations."""
        return float(self.weights.sum())

    @property
    def is_layer(self) -> bool:
        """Whether there are more than two classes."""
        return self.n_classes > 2

    def product(self, coef: FloatArray, bias: FloatArray | float) -> FloatArray:
        """Return w·x + b of each row, for one w or for a matrix with a w in each row."""
        coef_rows = np.atleast_2d(coef)
        out = np.empty((len(self.y), len(coef_rows)))

        def keep(rows: slice, block: AnyArray) -> None:
            """Store the results of these rows."""
            out[rows] = block

        if not forward(self.X, coef_rows, np.atleast_1d(bias), keep):
            row = int(np.flatnonzero(~np.isfinite(out).all(axis=1))[0])
            raise ValueError(
                f"The linear predictor w·x + b overflows float64 in row {row}. Expected X in the "
                "units of the data in fit. Check that X went through the same preprocessing."
            )
        return out if coef.ndim == 2 else out[:, 0]

    def pre_activation(self, neuron: FittedNeuron) -> FloatArray:
        """Return w·x + b + offset of each row, and of each class if there are more than two."""
        coef = dense_coef(neuron).astype(np.float64, copy=False)
        bias = neuron.intercept_.astype(np.float64, copy=False)
        return self.product(coef if self.is_layer else coef[0], bias) + self.offset

    def fixed_z(self, neuron: FittedNeuron, free: AnyArray) -> FloatArray:
        """Return the offset plus the columns with fixed coefficients, for two classes."""
        coef = dense_coef(neuron)[0].astype(np.float64)
        coef[free] = 0.0
        return self.product(coef, 0.0) + self.offset if coef.any() else self.offset

    def log_likelihood(self, activation: Activation, z: FloatArray) -> float:
        """Return Σ sᵢ log P(yᵢ), with logarithms that are accurate in both tails.

        A sum that overflows float64 is the most negative float64.
        """
        if self.is_layer:
            own = log_softmax(z)[np.arange(len(self.y)), self.y]
        else:
            low, high = activation.log_proba(z)
            own = np.where(self.y, high, low)
        used = self.weights > 0
        with np.errstate(over="ignore"):
            total = self.weights[used] @ own[used]
        return max(float(total), -float(np.finfo(np.float64).max))


def log_softmax(z: FloatArray) -> FloatArray:
    """Return the logarithms of the probabilities of each row of z."""
    ahead = z - z.max(axis=1, keepdims=True)
    with np.errstate(under="ignore"):
        return np.asarray(ahead - np.log(np.exp(ahead).sum(axis=1, keepdims=True)))


def check_neuron(neuron: BaseEstimator, two_classes: str = "") -> None:
    """Raise if the object is no neuron, is not fitted, or has no likelihood.

    ``two_classes`` is the name of a function that supports two classes only, or empty.
    """
    if not hasattr(neuron, "activation") or not hasattr(neuron, "get_params"):
        raise TypeError(not_a_neuron(neuron))
    check_is_fitted(neuron)
    check_in_numpy(neuron)
    if neuron.loss_ != "log_loss":
        raise ValueError(
            f"The model with activation={neuron.activation!r} and loss={neuron.loss!r} has no "
            "likelihood, and therefore no standard errors or tests. Expected the log loss of a "
            "probability activation. Use for example NeuronClassifier('sigmoid')."
        )
    n_classes = len(neuron.classes_)
    if n_classes == 2:
        return
    each = "Fit one neuron for each class: neuron.fit(X, y == label)."
    if two_classes:
        raise ValueError(
            f"The neuron has {n_classes} classes. {two_classes} expected two classes. {each}"
        )
    if type(neuron.activation_) is not Sigmoid:
        raise ValueError(
            f"The neuron has {n_classes} classes and activation={neuron.activation!r}: its "
            "one-vs-rest fits have no common likelihood. Expected activation='sigmoid' (softmax) "
            f"for more than two classes. {each}"
        )


def feature_names(neuron: FittedNeuron) -> list[str]:
    """Return the names of the columns, or x0, x1, … for columns without names."""
    names = getattr(neuron, "feature_names_in_", None)
    if names is None:
        return [f"x{column}" for column in range(neuron.n_features_in_)]
    return [str(name) for name in names]
