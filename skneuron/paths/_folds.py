"""The paths of one fold: fits to its training samples, and scores on its held-out samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._callbacks import FoldTasks
from skneuron.fitting._fit import model_attributes
from skneuron.fitting._solve_path import solve_path
from skneuron.fitting._subproblems import Start
from skneuron.fitting._train import columns_of
from skneuron.paths._fits import FitWarning, data_of, warnings_of
from skneuron.paths._scores import Scorer, held_out_scores, total_weight
from skneuron.paths._spread_folds import SpreadFolds
from skneuron.validation import Samples, Settings, TrainingData

__all__ = ["FoldResult", "fitted_neuron", "solve_fold"]


@dataclass(frozen=True)
class FoldResult:
    """Scores and coefficients of a fold.

    Attributes
    ----------
    scores, gaps, n_iter : ndarray of shape (n_l1_ratios, n_cs)
    coefs : ndarray of shape (n_l1_ratios, n_cs, n_neurons, n_features)
    intercepts : ndarray of shape (n_l1_ratios, n_cs, n_neurons)
    warnings : list of (str, Warning)
    held_out_weight : float
        Sum of the sample weights of the held-out samples, 0 without any.
    """

    scores: FloatArray
    gaps: FloatArray
    n_iter: AnyArray
    coefs: AnyArray
    intercepts: AnyArray
    warnings: list[FitWarning]
    held_out_weight: float = 0.0


def _rows_of(params: Mapping[str, Any], rows: AnyArray, n_samples: int) -> dict[str, Any]:
    """Return the arguments of a scorer, of those with one entry per sample only these rows."""
    out = {}
    for name, value in params.items():
        per_sample = not isinstance(value, str | bytes | Mapping) and (
            np.asarray(value).shape[:1] == (n_samples,)
        )
        out[name] = np.asarray(value)[rows] if per_sample else value
    return out


def solve_fold(
    neuron: NeuronClassifier,
    samples: Samples | SpreadFolds,
    fold: tuple[Any, Any],
    settings: list[Settings],
    Cs: FloatArray,
    names: AnyArray | None,
    scorer: Scorer | None,
    params: Mapping[str, Any],
    tasks: FoldTasks,
) -> FoldResult:
    """Return the paths of one fold, one path for each of the settings.

    Parameters
    ----------
    neuron : NeuronClassifier
        Holds the parameters that all fits have in common.
    samples : Samples or SpreadFolds
    fold : (train, test)
        Each for ``samples.take``.
    settings : list of Settings
        One per ``l1_ratio``.
    Cs : ndarray of shape (n_cs,)
    names : ndarray of str of shape (n_features,) or None
    scorer, params
        See ``held_out_scores``.
    tasks : FoldTasks
    """
    tasks.begin()
    train, test = fold
    data = data_of(neuron, samples.take(train), names)
    held_out = samples.take(test)
    if isinstance(samples, Samples):
        params = _rows_of(params, test, len(samples.y))
    columns = columns_of(data, neuron.fit_intercept)
    shape = len(settings), len(Cs)
    scores, gaps, n_iter = np.empty(shape), np.empty(shape), np.empty(shape, np.int32)
    fits: dict[tuple[int, ...], Start] = {}
    neurons: dict[tuple[int, int], NeuronClassifier] = {}
    notes: list[FitWarning] = []
    for i, one in enumerate(settings):
        for j, result in solve_path(data, one, Cs, columns):
            fits[i, j] = result.coef, result.intercept
            neurons[i, j] = fitted_neuron(neuron, data, one, float(Cs[j]), fits[i, j])
            gaps[i, j], n_iter[i, j] = result.gap, result.n_iter.max()
            name = f"C={Cs[j]:.6g}"
            notes += warnings_of(name, data, result, one, names)
            tasks.fit_ended(name)
    found = held_out_scores(list(neurons.values()), held_out, scorer, params)
    scores[tuple(np.transpose(list(neurons)))] = found
    tasks.end()
    coefs, intercepts = (np.stack([fits[at][part] for at in np.ndindex(shape)]) for part in (0, 1))
    return FoldResult(
        scores,
        gaps,
        n_iter,
        coefs.reshape(*shape, *coefs.shape[1:]),
        intercepts.reshape(*shape, -1),
        notes,
        total_weight(held_out),
    )


def fitted_neuron(
    neuron: NeuronClassifier, data: TrainingData, settings: Settings, C: float, weights: Start
) -> NeuronClassifier:
    """Return a neuron that predicts with these coefficients.

    Parameters
    ----------
    neuron : NeuronClassifier
        Holds all parameters but ``C`` and ``l1_ratio``.
    data : TrainingData
    settings : Settings
    C : float
    weights : (coef, intercept)
    """
    params = neuron.get_params(deep=False) | {"C": C, "l1_ratio": settings.l1_ratio}
    fitted = NeuronClassifier(**params)
    fitted.__dict__.update(model_attributes(data, settings))
    fitted.n_features_in_ = data.X.shape[1]
    fitted.coef_, fitted.intercept_ = weights
    return fitted
