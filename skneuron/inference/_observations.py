"""Checked data for inference, and checks of the neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skneuron._messages import not_a_neuron, shown
from skneuron._typing import AnyArray, FloatArray, Matrix, MatrixLike
from skneuron.activations import Activation
from skneuron.design import DesignMatrix, forward
from skneuron.validation import (
    FittedNeuron,
    check_finite,
    check_offset,
    check_rows,
    check_weights,
    dense_coef,
)

__all__ = ["Observations", "check_neuron", "feature_names"]


@dataclass(frozen=True)
class Observations:
    """Rows, labels, frequency weights and offset.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of bool of shape (n_samples,)
        Whether the label is ``classes_[1]``.
    weights : ndarray of shape (n_samples,)
        Frequency weights.
    offset : ndarray of shape (n_samples,)
    """

    X: Matrix
    y: AnyArray
    weights: FloatArray
    offset: FloatArray

    @classmethod
    def of(
        cls,
        neuron: FittedNeuron,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
    ) -> Observations:
        """Check a neuron and its data."""
        check_neuron(neuron)
        rows = check_rows(neuron, X)
        check_finite(rows)
        n = rows.shape[0]
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
        z_offset = check_offset(offset, n, 2)
        if z_offset is None:
            z_offset = np.broadcast_to(0.0, n)
        return cls(rows, labels == neuron.classes_[1], weights, z_offset)

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

    def product(self, coef: FloatArray, bias: float) -> FloatArray:
        """Return w·x + b of each row."""
        out = np.empty(len(self.y))

        def keep(rows: slice, block: AnyArray) -> None:
            """Store the results of these rows."""
            out[rows] = block[:, 0]

        if not forward(self.X, coef[None, :], np.array([bias]), keep):
            row = int(np.flatnonzero(~np.isfinite(out))[0])
            raise ValueError(
                f"The linear predictor w·x + b overflows float64 in row {row}. Expected X in the "
                "units of the data in fit. Check that X went through the same preprocessing."
            )
        return out

    def pre_activation(self, neuron: FittedNeuron) -> FloatArray:
        """Return w·x + b + offset of each row."""
        coef = dense_coef(neuron)[0].astype(np.float64, copy=False)
        return self.product(coef, float(neuron.intercept_[0])) + self.offset

    def log_likelihood(self, activation: Activation, z: FloatArray) -> float:
        """Return Σ sᵢ log P(yᵢ), with logarithms that are accurate in both tails.

        A sum that overflows float64 is the most negative float64.
        """
        low, high = activation.log_proba(z)
        used = self.weights > 0
        with np.errstate(over="ignore"):
            total = self.weights[used] @ np.where(self.y, high, low)[used]
        return max(float(total), -float(np.finfo(np.float64).max))


def check_neuron(neuron: BaseEstimator) -> None:
    """Raise if the object is no neuron, is not fitted, or has no likelihood of two classes."""
    if not hasattr(neuron, "activation") or not hasattr(neuron, "get_params"):
        raise TypeError(not_a_neuron(neuron))
    check_is_fitted(neuron)
    if neuron.loss_ != "log_loss":
        raise ValueError(
            f"The model with activation={neuron.activation!r} and loss={neuron.loss!r} has no "
            "likelihood, and therefore no standard errors or tests. Expected the log loss of a "
            "probability activation. Use for example NeuronClassifier('sigmoid')."
        )
    if len(neuron.classes_) != 2:
        raise ValueError(
            f"The neuron has {len(neuron.classes_)} classes. Expected two. Fit one neuron for each "
            "class: neuron.fit(X, y == label)."
        )


def feature_names(neuron: FittedNeuron) -> list[str]:
    """Return the names of the columns, or x0, x1, … for columns without names."""
    names = getattr(neuron, "feature_names_in_", None)
    if names is None:
        return [f"x{column}" for column in range(neuron.n_features_in_)]
    return [str(name) for name in names]
