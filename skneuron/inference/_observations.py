"""A neuron with a likelihood and the data it is judged on, both checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import Activation
from skneuron.design import DesignMatrix, forward
from skneuron.validation import check_finite, check_offset, check_rows, check_weights

__all__ = ["Observations", "check_neuron", "feature_names"]


@dataclass(frozen=True)
class Observations:
    """Rows, labels and what they weigh.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of bool of shape (n_samples,)
        Whether the label is ``classes_[1]``.
    weights : ndarray of shape (n_samples,)
        How often each row was seen.
    offset : ndarray of shape (n_samples,)
    """

    X: Any
    y: AnyArray
    weights: FloatArray
    offset: FloatArray

    @classmethod
    def of(cls, neuron: Any, X: Any, y: Any, sample_weight: Any, offset: Any) -> Observations:
        """Check a neuron and data for it."""
        check_neuron(neuron)
        X = check_rows(neuron, X)
        check_finite(X)
        n = X.shape[0]
        labels = column_or_1d(y)
        if len(labels) != n:
            raise ValueError(f"y has {len(labels)} labels: expected {n}, one per row of X")
        strange = ~np.isin(labels, neuron.classes_)
        if strange.any():
            raise ValueError(
                f"y has the label {labels[strange].tolist()[0]!r}: expected those of the fit, "
                f"{neuron.classes_.tolist()!r}"
            )
        weights = check_weights(sample_weight, n)
        beside = check_offset(offset, n, 2)
        if beside is None:
            beside = np.broadcast_to(0.0, n)
        return cls(X, labels == neuron.classes_[1], weights, beside)

    @property
    def design(self) -> DesignMatrix:
        """X, to be read in blocks."""
        return DesignMatrix(self.X)

    @property
    def eps(self) -> float:
        """Relative rounding error of X."""
        return float(np.finfo(self.X.dtype).eps)

    @property
    def total_weight(self) -> float:
        """How many observations there are; a row of weight 2 is two."""
        return float(self.weights.sum())

    def product(self, coef: FloatArray, bias: float) -> FloatArray:
        """Return w·x + b of each row."""
        out = np.empty(len(self.y))

        def keep(rows: slice, block: AnyArray) -> None:
            """Put away the results of these rows."""
            out[rows] = block[:, 0]

        if not forward(self.X, coef[None, :], np.array([bias]), keep):
            row = int(np.flatnonzero(~np.isfinite(out))[0])
            raise ValueError(f"w·x + b of row {row} is beyond float64: expected X as in the fit")
        return out

    def pre_activation(self, neuron: Any) -> FloatArray:
        """Return w·x + b + offset of each row."""
        coef = neuron.coef_[0].astype(np.float64, copy=False)
        return self.product(coef, float(neuron.intercept_[0])) + self.offset

    def log_likelihood(self, activation: Activation, z: FloatArray) -> float:
        """Return Σ sᵢ log P(yᵢ); the logarithms are the activation's, exact in both tails.

        A sum beyond float64 is the most negative float64.
        """
        low, high = activation.log_proba(z)
        used = self.weights > 0
        with np.errstate(over="ignore"):
            total = self.weights[used] @ np.where(self.y, high, low)[used]
        return max(float(total), -float(np.finfo(np.float64).max))


def check_neuron(neuron: Any) -> None:
    """Raise if an object is no neuron, is not fitted, or has no likelihood of two classes."""
    if not hasattr(neuron, "activation") or not hasattr(neuron, "get_params"):
        raise TypeError(
            f"got a {type(neuron).__name__}: expected a NeuronClassifier; of a pipeline pass the "
            "last step, and X as the steps before it return it"
        )
    check_is_fitted(neuron)
    if neuron.loss_ != "log_loss":
        raise ValueError(
            f"activation={neuron.activation!r} with loss={neuron.loss!r} has no likelihood, and so "
            "no standard errors or tests: use a probability activation with the log loss"
        )
    if len(neuron.classes_) != 2:
        raise ValueError(
            f"the neuron has {len(neuron.classes_)} classes: expected two; fit one neuron per "
            "class, on y == class, and judge each"
        )


def feature_names(neuron: Any) -> list[str]:
    """Return the names of the columns, x0, x1, … if they have none."""
    names = getattr(neuron, "feature_names_in_", None)
    if names is None:
        return [f"x{column}" for column in range(neuron.n_features_in_)]
    return [str(name) for name in names]
