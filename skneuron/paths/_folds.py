"""The paths of one fold: fits to its training samples, and scores on its held-out samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, check_cv

from skneuron._common import AnyArray, FloatArray, wrong_value
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._solve_path import solve_path
from skneuron.fitting._train import columns_of
from skneuron.paths._path import fitted_neuron, warnings_of
from skneuron.paths._scores import Scorer, held_out_score
from skneuron.validation import Samples, Settings, training_data, with_bounds, with_penalty_factor

__all__ = ["Fold", "FoldResult", "rows_of", "solve_fold", "split"]

#: Indices of the training samples and of the held-out samples.
Fold = tuple[AnyArray, AnyArray]


@dataclass(frozen=True)
class FoldResult:
    """Scores and coefficients of a fold.

    Attributes
    ----------
    scores, gaps, n_iter : ndarray of shape (n_l1_ratios, n_cs)
    coefs : ndarray of shape (n_l1_ratios, n_cs, n_neurons, n_features)
    intercepts : ndarray of shape (n_l1_ratios, n_cs, n_neurons)
    warnings : list of (float, Warning)
        Values of C and their warnings.
    """

    scores: FloatArray
    gaps: FloatArray
    n_iter: AnyArray
    coefs: AnyArray
    intercepts: AnyArray
    warnings: list[tuple[float, Warning]]


def split(
    cv: int | BaseCrossValidator | Iterable[Fold] | None,
    samples: Samples,
    params: Mapping[str, Any],
) -> list[Fold]:
    """Return the folds of a splitter.

    Raises
    ------
    ValueError
        If there is no fold, or a fold has no training sample or no held-out sample of positive
        weight.
    """
    y = samples.classes[samples.y]
    folds = [
        (_indices(train), _indices(test))
        for train, test in check_cv(cv, y, classifier=True).split(samples.X, y, **params)
    ]
    if not folds:
        raise ValueError(
            wrong_value("cv", cv, "at least one pair of training and held-out rows", "cv=5")
        )
    for number, fold in enumerate(folds):
        for kind, rows in zip(("training", "held-out"), fold, strict=True):
            if not len(rows) or (samples.weights is not None and not samples.weights[rows].any()):
                raise ValueError(
                    f"Fold {number} has no {kind} sample with a positive sample weight. Expected "
                    "at least one. Use fewer folds, for example cv=3, or drop the samples of "
                    "zero weight."
                )
    return folds


def _indices(rows: AnyArray) -> AnyArray:
    """Return row numbers, also of a mask."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def rows_of(params: Mapping[str, Any], rows: AnyArray, n_samples: int) -> dict[str, Any]:
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
    samples: Samples,
    fold: Fold,
    settings: list[Settings],
    Cs: FloatArray,
    names: AnyArray | None,
    scorer: Scorer | None,
    params: Mapping[str, Any],
) -> FoldResult:
    """Return the paths of one fold, one path for each of the settings.

    Parameters
    ----------
    neuron : NeuronClassifier
        Holds the parameters that all fits have in common.
    samples : Samples
    fold : (train, test)
    settings : list of Settings
        One per ``l1_ratio``.
    Cs : ndarray of shape (n_cs,)
    names : ndarray of str of shape (n_features,) or None
    scorer, params
        See ``held_out_score``.
    """
    train, test = fold
    data = training_data(samples.take(train), neuron.class_weight)
    data = with_bounds(data, neuron.bounds, names)
    data = with_penalty_factor(data, neuron.penalty_factor, names)
    held_out = samples.take(test)
    params = rows_of(params, test, len(samples.y))
    columns = columns_of(data, neuron.fit_intercept)
    shape = len(settings), len(Cs)
    scores, gaps, n_iter = np.empty(shape), np.empty(shape), np.empty(shape, np.int32)
    coefs: list[AnyArray] = [np.empty(0)] * (shape[0] * shape[1])
    intercepts = coefs.copy()
    notes: list[tuple[float, Warning]] = []
    for i, one in enumerate(settings):
        for j, result in solve_path(data, one, Cs, columns):
            C = float(Cs[j])
            fitted = NeuronClassifier(**neuron.get_params(deep=False) | {"C": C})
            fitted.l1_ratio = one.l1_ratio
            fitted_neuron(fitted, data, one, result.coef, result.intercept)
            scores[i, j] = held_out_score(fitted, held_out, scorer, params)
            gaps[i, j], n_iter[i, j] = result.gap, result.n_iter.max()
            coefs[i * len(Cs) + j], intercepts[i * len(Cs) + j] = result.coef, result.intercept
            notes += [(C, note) for note in warnings_of(data, result, one, names)]
    return FoldResult(
        scores,
        gaps,
        n_iter,
        np.stack(coefs).reshape(*shape, *coefs[0].shape),
        np.stack(intercepts).reshape(*shape, -1),
        notes,
    )
