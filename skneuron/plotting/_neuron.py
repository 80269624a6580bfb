"""What a display takes for a neuron."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from skneuron.classifier import NeuronClassifier

__all__ = ["check_neuron"]


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
