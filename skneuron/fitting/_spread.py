"""Checks of Dask collections, and the training data that stay with the workers."""

from __future__ import annotations

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skneuron._common import MatrixLike
from skneuron.fitting._dask_blocks import rows_of_dask
from skneuron.fitting._row_by_row import refuse_row_by_row
from skneuron.fitting._spread_labels import SpreadLabels, read_labels
from skneuron.fitting._spread_parts import ClassWeight, whole_part
from skneuron.validation import Settings, TrainingData

__all__ = ["check_spread_data", "check_spread_labels", "check_spread_settings"]


def check_spread_settings(settings: Settings) -> None:
    """Raise ``ValueError`` for parameters that need the rows themselves."""
    refuse_row_by_row(settings, "Dask collections", "workers", "X.compute()")


def check_spread_labels(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None = None,
) -> SpreadLabels:
    """Check the labels of ``fit`` in one round, and set the column attributes of ``estimator``.

    The first pass over X, in ``spread_moments``, finds NaN and infinity.

    Raises
    ------
    ValueError
        As ``check_training_data``, with the number of the block, or if blocks do not match.
    """
    if y is None:
        raise ValueError(
            "The fit got y=None. Expected a Dask array or series of class labels. Use for example "
            "fit(df[features], df['label'])."
        )
    rows = rows_of_dask(estimator, X, reset=True)
    return read_labels(rows, y, sample_weight, offset)


def check_spread_data(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    class_weight: ClassWeight,
    offset: ArrayLike | None = None,
) -> TrainingData:
    """Check the data of ``fit`` as ``check_spread_labels``, and return them with class weights."""
    labels = check_spread_labels(estimator, X, y, sample_weight, offset)
    return whole_part(labels).training_data(class_weight)
