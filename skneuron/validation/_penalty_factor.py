"""Factors of the penalty of each coefficient: an array, or a dict by feature name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray, PenaltyFactor, wrong_value
from skneuron.validation._bounds import column_of
from skneuron.validation._data import TrainingData
from skneuron.validation._masked import check_unmasked

__all__ = ["penalty_factors", "with_penalty_factor"]


def with_penalty_factor(
    data: TrainingData, penalty_factor: PenaltyFactor, names: AnyArray | None
) -> TrainingData:
    """Return the data with the penalty factor of each coefficient.

    See ``penalty_factors`` for the parameters and the errors.
    """
    if penalty_factor is None:
        return data
    factors = penalty_factors(penalty_factor, names, data.X.shape[1])
    return replace(data, penalty_factor=None if np.all(factors == 1) else factors)


def penalty_factors(
    penalty_factor: PenaltyFactor, names: AnyArray | None, n_features: int
) -> FloatArray:
    """Return one factor per feature.

    Parameters
    ----------
    penalty_factor : None, array-like of shape (n_features,) or dict
        A dict maps names of features to factors, or column numbers if X has no names. Features
        without an entry have the factor 1. A pandas Series with names as labels is such a dict.
    names : ndarray of str of shape (n_features,) or None
    n_features : int

    Raises
    ------
    ValueError
        If a factor is no finite, non-negative number, or belongs to no feature.
    """
    factors = np.ones(n_features)
    if penalty_factor is None:
        return factors
    check_unmasked(penalty_factor, "penalty_factor")
    if isinstance(penalty_factor, Mapping) or (names is not None and _has_names(penalty_factor)):
        for key, value in penalty_factor.items():  # type: ignore[union-attr]
            column = column_of(key, names, n_features, "penalty_factor", "0")
            factors[column] = _factor(value, f"penalty_factor[{key!r}]")
        return factors
    given: Any = penalty_factor
    if isinstance(given, str) or np.ndim(given) != 1 or len(given) != n_features:
        raise ValueError(
            wrong_value(
                "penalty_factor",
                given,
                f"None, {n_features} numbers, one per feature, or a dict from feature name to "
                "number",
                f"penalty_factor=np.ones({n_features})",
                "NeuronClassifier",
            )
        )
    for column, value in enumerate(np.asarray(given).tolist()):
        factors[column] = _factor(value, f"penalty_factor[{column}]")
    return factors


def _has_names(values: Any) -> bool:
    """Return whether values are a pandas Series with text as labels."""
    labels = getattr(values, "index", None)
    # A list has a method ``index``.
    return (
        labels is not None
        and not callable(labels)
        and np.ndim(values) == 1
        and all(isinstance(label, str) for label in labels)
    )


def _factor(value: Any, name: str) -> float:
    try:
        factor = float(value)
    except (TypeError, ValueError, OverflowError):
        factor = np.nan
    if not 0 <= factor < np.inf:
        # A feature with an infinite factor would have a coefficient of zero.
        is_infinite = factor == np.inf
        raise ValueError(
            wrong_value(
                name,
                value,
                "a finite, non-negative number, 0 for no penalty",
                "bounds={feature: (0, 0)} to leave the feature out" if is_infinite else "1.0",
            )
        )
    return factor
