"""The score of a fitted neuron on held-out samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import get_scorer
from sklearn.utils.metaestimators import available_if

from skneuron._common import AnyArray, FloatArray, MatrixLike, one_of, wrong_value
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._spread_parts import SpreadPart
from skneuron.paths._spread_scores import scores_of_part
from skneuron.prediction._forward import forward_pass
from skneuron.prediction._outputs import Outputs, has_likelihood
from skneuron.validation import Samples, check_weights

__all__ = [
    "Scorer",
    "WithOffset",
    "check_scorer",
    "held_out_scores",
    "log_loss_score",
    "total_weight",
]

#: Gets a fitted estimator, X, y and keyword arguments. Higher is better.
Scorer = Callable[..., float]


def check_scorer(scoring: str | Scorer | None, owner: str) -> Scorer | None:
    """Return the scorer, None for the exact log loss.

    Raises
    ------
    ValueError
        If there is no such scorer.
    """
    if scoring is None:
        return None
    if not isinstance(scoring, str) and not callable(scoring):
        expected = "None, the name of a scorer or a function of (estimator, X, y)"
        raise ValueError(wrong_value("scoring", scoring, expected, "scoring='roc_auc'", owner))
    scorer: Scorer = get_scorer(scoring)
    return scorer


def _at_own_offset(predict: Callable[..., AnyArray]) -> Callable[..., AnyArray]:
    """Return the method with the offset of the neuron instead of the argument ``offset``."""

    @wraps(predict)
    def method(self: WithOffset, X: MatrixLike, *, offset: ArrayLike | None = None) -> AnyArray:
        return predict(self, X, offset=self._own_offset)

    return method


class WithOffset(NeuronClassifier):
    """A neuron that adds a fixed offset in its predictions, because a scorer passes none on."""

    _own_offset: ArrayLike | None

    @classmethod
    def of(cls, neuron: NeuronClassifier, offset: ArrayLike | None) -> NeuronClassifier:
        """Return a fitted neuron with this offset, or the neuron itself if there is none."""
        if offset is None:
            return neuron
        out = cls(**neuron.get_params(deep=False))
        out.__dict__.update(vars(neuron))
        out._own_offset = offset
        return out

    decision_function = _at_own_offset(NeuronClassifier.decision_function)
    activate = _at_own_offset(NeuronClassifier.activate)
    predict = _at_own_offset(NeuronClassifier.predict)
    predict_log_proba = available_if(has_likelihood)(
        _at_own_offset(NeuronClassifier.predict_log_proba)
    )
    predict_proba = available_if(has_likelihood)(_at_own_offset(NeuronClassifier.predict_proba))


def total_weight(held_out: Samples | SpreadPart) -> float:
    """Return the sum of the sample weights."""
    if isinstance(held_out, SpreadPart):
        return float(held_out.totals.sums.sum())
    return float(len(held_out.y) if held_out.weights is None else held_out.weights.sum())


def held_out_scores(
    neurons: list[NeuronClassifier],
    held_out: Samples | SpreadPart,
    scorer: Scorer | None,
    params: Mapping[str, Any],
) -> list[float]:
    """Return the score of each fitted neuron on held-out samples.

    Parameters
    ----------
    neurons : list of NeuronClassifier
    held_out : Samples or SpreadPart
    scorer : callable or None
        None is the log loss times -1, or the accuracy if the neuron has no likelihood.
    params : mapping
        Keyword arguments of the scorer.
    """
    if isinstance(held_out, SpreadPart):
        return scores_of_part(neurons, held_out)
    return [_held_out_score(neuron, held_out, scorer, params) for neuron in neurons]


def _held_out_score(
    neuron: NeuronClassifier,
    held_out: Samples,
    scorer: Scorer | None,
    params: Mapping[str, Any],
) -> float:
    if scorer is not None:
        neuron = WithOffset.of(neuron, held_out.offset)
        return float(scorer(neuron, held_out.X, held_out.classes[held_out.y], **params))
    if neuron.loss_ != "log_loss":
        y = held_out.classes[held_out.y]
        return neuron.score(held_out.X, y, held_out.weights, offset=held_out.offset)
    # X is checked already.
    log_proba = forward_pass(neuron, held_out.X, Outputs.of(neuron).log_proba, held_out.offset)
    return _mean_of_observed(log_proba, held_out.y, held_out.weights)


def log_loss_score(
    log_proba: FloatArray, y: AnyArray, sample_weight: ArrayLike | None, classes: AnyArray
) -> float:
    """Return the log loss times -1.

    Raises
    ------
    ValueError
        If a label is not among the classes, or the sample weights are not valid.
    """
    indices = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    if y.shape != indices.shape or y.shape != log_proba.shape[:1]:
        raise ValueError(
            f"y has shape {y.shape}. Expected ({len(log_proba)},), one label per row of X. Use "
            "for example np.ravel(y)."
        )
    unknown = classes[indices] != y
    if np.any(unknown):
        raise ValueError(
            f"y has the label {y[unknown].tolist()[0]!r}. Expected {one_of(classes.tolist())}. "
            "Drop these samples: X[np.isin(y, search.classes_)]."
        )
    weights = None if sample_weight is None else check_weights(sample_weight, len(y))
    return _mean_of_observed(log_proba, indices, weights)


def _mean_of_observed(log_proba: FloatArray, y: AnyArray, weights: FloatArray | None) -> float:
    """Return the weighted mean of the log-probabilities of the observed classes.

    scikit-learn's ``log_loss`` clips probabilities at the precision of float64 instead, which
    hides the losses of samples that a weak penalty predicts far off.
    """
    own = log_proba[np.arange(len(y)), y].astype(np.float64)
    return float(np.average(own, weights=weights))
