"""The validation set of ``fit`` from Dask collections."""

from __future__ import annotations

from functools import partial
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skneuron._common import AnyArray, MatrixLike, is_dask
from skneuron.fitting._dask_blocks import rows_of_dask
from skneuron.fitting._spread_labels import read_labels
from skneuron.fitting._spread_moments import check_shape
from skneuron.fitting._spread_parts import validation_set_of
from skneuron.objective import BlockSamples
from skneuron.validation import (
    ValidationSet,
    check_finite,
    check_validation_set,
    has_validation_set,
)

__all__ = ["check_any_validation_set"]


def check_any_validation_set(
    estimator: BaseEstimator,
    classes: AnyArray,
    X_val: MatrixLike | None,
    y_val: ArrayLike | None,
    sample_weight_val: ArrayLike | None,
    offset_val: ArrayLike | None,
    *,
    with_offset: bool,
) -> ValidationSet | None:
    """Check the validation set of a fit to Dask collections: in memory, or from Dask as well.

    Raises
    ------
    ValueError
        As ``check_validation_set``, with the number of the block.
    """
    given = X_val, y_val, sample_weight_val, offset_val
    if not any(map(is_dask, given)):
        return check_validation_set(estimator, classes, *given, with_offset=with_offset)
    is_given = has_validation_set(*given, with_offset=with_offset)
    if not is_given or X_val is None or y_val is None:
        return None
    assert X_val is not None
    assert y_val is not None
    rows = rows_of_dask(estimator, X_val, reset=False, name="X_val")
    labels = read_labels(rows, y_val, sample_weight_val, offset_val, classes=classes, suffix="_val")
    samples = labels.samples()
    samples.executor.map(partial(_check_block, samples.read), samples.X, samples.blocks)
    return validation_set_of(samples)


def _check_block(read: Any, X: Any, samples: BlockSamples) -> None:
    """Raise ``ValueError`` if X has NaN or infinity, or not as many rows as there are labels."""
    data = read(X)
    check_shape(data, samples, "_val")
    try:
        check_finite(data)
    except ValueError as error:
        text = f"In X_val: {error}"
        raise ValueError(text) from error
