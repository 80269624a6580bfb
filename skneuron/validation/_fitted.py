"""The attributes of a fitted estimator that other modules read."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray, is_foreign, not_a_neuron, to_numpy
from skneuron.activations import Activation

__all__ = ["FittedNeuron", "check_in_numpy", "check_neuron", "dense_coef"]


class FittedNeuron(Protocol):
    """A fitted ``NeuronClassifier``, or another estimator with its public attributes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_neurons, n_features)
    intercept_ : ndarray of shape (n_neurons,)
    activation_ : Activation
    loss_ : str
    n_features_in_ : int
    """

    classes_: AnyArray
    coef_: AnyArray
    intercept_: AnyArray
    activation_: Activation
    loss_: str
    n_features_in_: int

    @property
    def activation(self) -> str | Activation:
        """The parameter ``activation``."""
        ...

    @property
    def loss(self) -> str:
        """The parameter ``loss``."""
        ...

    @property
    def fit_intercept(self) -> bool:
        """The parameter ``fit_intercept``."""
        ...

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor."""
        ...


def check_neuron(estimator: object) -> None:
    """Raise if the estimator is no fitted neuron.

    Raises
    ------
    TypeError
        If the estimator is not a neuron, but for example a pipeline around one.
    NotFittedError
        If the neuron is not fitted.
    ValueError
        If its attributes are arrays of another library than NumPy.
    """
    # Other estimators, too, have coefficients and an activation. Only a neuron has a trace.
    if not callable(getattr(type(estimator), "trace", None)):
        raise TypeError(not_a_neuron(estimator))
    check_is_fitted(estimator)
    check_in_numpy(estimator)


def check_in_numpy(neuron: object) -> None:
    """Raise ``ValueError`` if fitted attributes are arrays of another library than NumPy."""
    for name in ("coef_", "intercept_", "classes_"):
        values = getattr(neuron, name, None)
        if is_foreign(values):
            raise ValueError(
                f"The attribute {name} of this {type(neuron).__name__} is a "
                f"{type(values).__name__}. Expected a NumPy array. Use neuron.densify(), which "
                "brings all attributes to NumPy."
            )


def dense_coef(neuron: FittedNeuron) -> AnyArray:
    """Return ``coef_`` as an array, also after ``sparsify``."""
    coef: Any = to_numpy(neuron.coef_)
    return np.asarray(coef.toarray() if issparse(coef) else coef)
