"""The training samples and the held-out samples of each fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, check_cv

from skneuron._common import AnyArray, wrong_value
from skneuron.validation import Samples

__all__ = ["Fold", "split"]

#: Indices of the training samples and of the held-out samples.
Fold = tuple[AnyArray, AnyArray]


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
