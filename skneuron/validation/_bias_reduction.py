"""Checks of a fit with bias reduction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skneuron._common import shown
from skneuron.solvers._tolerances import DENSE_PARAMS
from skneuron.validation._data import TrainingData

__all__ = ["can_stream", "refuse_bias_reduction", "require_bias_reducible"]

# For each other parameter the check that a value passes, this value as code, and the reason.
_CONFLICTS: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "C": (lambda v: v == np.inf, "np.inf", "a penalty has a bias of its own"),
    "l1_ratio": (lambda v: v == 0, "0.0", "a penalty has a bias of its own"),
    "penalty_factor": (lambda v: v is None, "None", "a penalty has a bias of its own"),
    "bounds": (lambda v: v is None, "None", "the root of the adjusted score ignores bounds"),
    "solver": (
        lambda v: isinstance(v, str) and v == "auto",
        "'auto'",
        "the adjusted score has a solver of its own, which needs all rows",
    ),
    "early_stopping": (
        lambda v: not v,
        "False",
        "only the root of the adjusted score has less bias",
    ),
}


def refuse_bias_reduction(params: Mapping[str, Any], loss: str) -> None:
    """Raise ``ValueError`` if other parameters exclude ``bias_reduction``.

    Parameters
    ----------
    params : mapping
        Parameters of an estimator, which may lack ``bias_reduction``.
    loss : str
        Resolved name of the loss.
    """
    if params.get("bias_reduction") is None:
        return
    if loss != "log_loss":
        raise ValueError(
            f"The fit with bias_reduction='mean' got activation={params['activation']!r} and the "
            f"loss {loss!r}, which is no likelihood. Expected the log loss of a probability "
            "activation. Use NeuronClassifier('sigmoid', C=np.inf, bias_reduction='mean')."
        )
    for name, (is_valid, expected, reason) in _CONFLICTS.items():
        if not is_valid(params[name]):
            raise ValueError(
                f"The fit with bias_reduction='mean' got {name}={shown(params[name])}. Expected "
                f"{name}={expected}, because {reason}. Use "
                f"NeuronClassifier({name}={expected}, bias_reduction='mean')."
            )


def can_stream(neuron: BaseEstimator) -> bool:
    """Return True if the neuron has ``partial_fit``.

    Raises
    ------
    AttributeError
        With ``bias_reduction``, as scikit-learn's ``available_if`` expects.
    """
    if getattr(neuron, "bias_reduction", None) is None:
        return True
    raise AttributeError(
        "partial_fit is not available with bias_reduction='mean', because the adjusted score needs "
        "the leverages of all rows. Expected bias_reduction=None. Use neuron.fit(X, y) on all rows."
    )


def require_bias_reducible(data: TrainingData) -> None:
    """Raise ``ValueError`` if the data have more than two classes or too many features."""
    n_classes, d = len(data.classes), data.X.shape[1]
    if n_classes > 2:
        # The first sentence is the one that scikit-learn expects.
        raise ValueError(
            f"Only binary classification is supported. The fit with bias_reduction='mean' got "
            f"{n_classes} classes. Fit one neuron for each class: neuron.fit(X, y == label)."
        )
    if d > DENSE_PARAMS:
        raise ValueError(
            f"The fit with bias_reduction='mean' got {d} features. Expected at most "
            f"{DENSE_PARAMS}, because each step factors the information. Use a penalty such as "
            "C=1.0 with bias_reduction=None, or select features."
        )
