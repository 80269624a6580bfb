"""Checks of Dask collections, and the training data that stay with the workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite, column_or_1d

from skneuron._common import AnyArray, FloatArray, Matrix, MatrixLike, is_dask
from skneuron.fitting._dask_blocks import DaskRows, rows_of_dask, split_like
from skneuron.objective import BlockSamples, SpreadSamples
from skneuron.validation import (
    Settings,
    TrainingData,
    check_labels,
    check_offset,
    check_weights,
    encode,
    times_class_weight,
)
from skneuron.validation._offset import MOST_TO_LEARN

__all__ = ["check_spread_data", "check_spread_settings"]


def check_spread_settings(settings: Settings, *of_validation: object) -> None:
    """Raise ``ValueError`` for parameters and arguments that need the rows themselves.

    Parameters
    ----------
    settings : Settings
    *of_validation : object
        Arguments of ``fit`` that belong to a validation set, which has to be in memory.
    """
    is_given = any(value is not None for value in of_validation)
    if any(map(is_dask, of_validation)) or (settings.patience is not None and not is_given):
        used = "a validation set from Dask" if is_given else "early_stopping=True and no X_val"
        raise ValueError(
            f"The fit got Dask collections with {used}. Expected a validation set in memory, or "
            "none. Use for example fit(X, y, X_val=X_val.compute(), y_val=y_val.compute())."
        )
    if settings.bias_reduction is not None:
        raise ValueError(
            f"The fit got Dask collections with bias_reduction={settings.bias_reduction!r}. "
            "Expected None, because the leverages of all samples are not computed on the workers. "
            "Use bias_reduction=None, or fit in memory: X.compute()."
        )
    solver = settings.solver
    if settings.loss == "perceptron" or (solver is not None and solver.streams):
        name = "activation='step'" if solver is None else type(solver).__name__
        raise ValueError(
            f"The fit got Dask collections with {name}, which reads samples one by one. Expected a "
            "solver that needs sums over all samples only. Use solver='auto' and a "
            "differentiable activation such as 'sigmoid', or fit in memory: X.compute()."
        )


@dataclass(frozen=True)
class _Labels:
    """Labels, sample weights and offset of a block, before all classes are known."""

    classes: AnyArray
    indices: AnyArray
    weights: FloatArray | None
    offset: AnyArray | None

    def __sizeof__(self) -> int:
        """Return the number of bytes, by which Dask decides where a task runs."""
        return int(self.indices.nbytes) + (0 if self.weights is None else self.weights.nbytes)

    @property
    def used(self) -> AnyArray | None:
        """Rows of positive weight, None for all."""
        if self.weights is None or self.weights.all():
            return None
        return self.weights > 0


class _Counts(NamedTuple):
    """What the client has to know of the labels of a block, by class of the block."""

    classes: AnyArray
    n_rows: int
    counts: AnyArray
    sums: FloatArray
    least: FloatArray


def check_spread_data(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    class_weight: Mapping[Any, float] | Literal["balanced"] | None,
    offset: ArrayLike | None = None,
) -> TrainingData:
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
    _check_labels_of(y, estimator, rows)
    parts = [
        split_like(values, name, rows)
        for values, name in ((y, "y"), (sample_weight, "sample_weight"), (offset, "offset"))
    ]
    executor = rows.executor
    labels = executor.make(_read_labels, *parts)
    found: list[_Counts] = executor.map(_count, labels)
    classes = _all_classes(found)
    counts, sums = np.zeros(len(classes), np.int64), np.zeros(len(classes))
    least = np.full(len(classes), np.inf)
    for block in found:
        index = np.searchsorted(classes, block.classes)
        counts[index] += block.counts
        sums[index] += block.sums
        least[index] = np.minimum(least[index], block.least)
    _check_sums(sums)
    weights = times_class_weight(sums, class_weight, classes, np.arange(len(classes)))
    _check_present(weights, classes)
    total = float(weights.sum())
    factors = weights / sums / total
    sizes = np.array([block.counts.sum() for block in found])
    samples = SpreadSamples(
        executor=executor,
        X=rows.parts,
        blocks=executor.make(partial(_with_classes, classes), labels),
        read=rows.read(),
        shape=(int(sizes.sum()), rows.n_features),
        dtype=rows.dtype,
        sizes=sizes,
        counts=counts,
        class_weights=weights / total,
        factors=factors,
        least_weight=float(np.min(least * factors)),
        has_offset=offset is not None,
    )
    none = np.empty(0)
    return TrainingData(cast(Matrix, samples), none.astype(np.intp), classes, none, total)


def _check_labels_of(y: Any, estimator: BaseEstimator, rows: DaskRows) -> None:
    """Raise ``ValueError`` if y is not one column of labels."""
    if is_dask(y) and getattr(y, "ndim", 1) != 1:
        raise ValueError(
            f"y is a Dask {type(y).__name__} with {y.ndim} dimensions. Expected one label per row. "
            "Select a column: y['label'] of a data frame, y[:, 0] of an array."
        )


def _read_labels(y: Any, sample_weight: Any, offset: Any) -> _Labels:
    """Check the labels and the sample weights of a block."""
    check_labels(y)
    labels = column_or_1d(np.asarray(y))
    weights = None
    if sample_weight is not None:
        weights = check_weights(sample_weight, len(labels), all_zero=True)
    if not len(labels):
        return _Labels(labels, np.empty(0, np.intp), weights, offset)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    classes, indices = encode(labels)
    return _Labels(classes, indices, weights, offset)


def _count(labels: _Labels) -> _Counts:
    """Return the sums over a block of labels."""
    used, k = labels.used, len(labels.classes)
    y = labels.indices if used is None else labels.indices[used]
    counts = np.bincount(y, minlength=k)
    if labels.weights is None:
        sums, least = np.asarray(counts, np.float64), np.ones(k)
    else:
        own = labels.weights if used is None else labels.weights[used]
        sums, least = np.asarray(np.bincount(y, own, k), np.float64), np.full(k, np.inf)
        np.minimum.at(least, y, own)
    return _Counts(labels.classes, len(labels.indices), counts, sums, least)


def _all_classes(found: list[_Counts]) -> AnyArray:
    """Return the sorted classes of all blocks."""
    parts = [block.classes for block in found if len(block.classes)]
    labels = [label for part in parts for label in part.tolist()]
    check_labels(labels)
    if len(set(labels)) < 2:
        n_rows = sum(block.n_rows for block in found)
        raise ValueError(
            f"y has {n_rows} rows and the classes {sorted(set(labels))!r}. Expected samples of at "
            "least two classes. Check with y.unique().compute()."
        )
    return np.unique(np.concatenate(parts))


def _check_sums(sums: FloatArray) -> None:
    """Raise ``ValueError`` if the sample weights have no positive, finite sum."""
    if not np.any(sums > 0) or not np.all(np.isfinite(sums)):
        raise ValueError(
            f"The sums of sample_weight by class are {sums.tolist()}. Expected finite numbers, and "
            "one above zero. Use None for equal weights."
        )


def _check_present(weights: FloatArray, classes: AnyArray) -> None:
    """Raise ``ValueError`` for a class without sample weight, which only a fit in memory takes."""
    absent = classes[weights == 0].tolist()
    if absent:
        raise ValueError(
            f"All samples of the class {absent[0]!r} have zero weight. Expected a positive weight "
            f"in each class of a Dask collection. Drop these rows: keep = y != {absent[0]!r}."
        )


def _with_classes(classes: AnyArray, labels: _Labels) -> BlockSamples:
    """Return the samples of a block, with indices into all classes, and check the offset."""
    y = np.searchsorted(classes, labels.classes).astype(np.intp)[labels.indices]
    offset = check_offset(labels.offset, len(y), len(classes), most=MOST_TO_LEARN)
    used = labels.used
    out = BlockSamples(y, labels.weights, offset)
    if used is None:
        return out
    rows = out.take(np.flatnonzero(used))
    return BlockSamples(rows.y, rows.weights, rows.offset, used)
