"""Checks of one chunk of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from skneuron._common import AnyArray, MatrixLike, shown, wrong_value
from skneuron.validation._data import (
    FLOATS,
    Samples,
    TrainingData,
    check_finite,
    check_weights,
    in_use,
    wrong_class_weight,
)
from skneuron.validation._foreign import in_numpy
from skneuron.validation._integers import check_distinct
from skneuron.validation._labels import check_labels
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import MOST_TO_LEARN, check_offset

__all__ = ["check_chunk", "check_classes"]


def check_classes(classes: ArrayLike | None, known: AnyArray | None) -> AnyArray:
    """Return the sorted classes of a stream.

    Raises
    ------
    ValueError
        If they are missing on the first call, fewer than two, or others than before.
    """
    if classes is None:
        if known is None:
            raise ValueError(
                "Got classes=None on the first call of partial_fit. Expected all class labels that "
                "the stream may have. Use for example partial_fit(X, y, classes=[0, 1])."
            )
        return known
    classes = in_numpy(classes)
    labels = column_or_1d(np.asarray(classes))
    check_labels(classes, "classes")
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="classes")
    try:
        given = np.unique(labels)
    except TypeError as error:
        raise ValueError(
            f"The labels classes={shown(classes)} cannot be sorted. Expected labels of one type. "
            "Use for example strings: [str(label) for label in classes]."
        ) from error
    if known is not None and not np.array_equal(given, known):
        raise ValueError(
            wrong_value(
                "classes",
                given.tolist(),
                f"None or the classes of the first call, {shown(known.tolist())}",
                "partial_fit(X, y)",
            )
        )
    if len(given) < 2:
        raise ValueError(
            wrong_value("classes", given.tolist(), "at least two classes", "classes=[0, 1]")
        )
    return given


def check_chunk(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    class_weight: Mapping[Any, float] | Literal["balanced"] | None,
    classes: AnyArray,
    offset: ArrayLike | None,
    *,
    first: bool,
) -> TrainingData | None:
    """Check and encode a chunk, and record the columns on ``estimator`` if it is the first.

    Returns
    -------
    TrainingData or None
        None if every row has zero weight. Otherwise the sample weights sum to 1, and the chunk
        may lack some of the classes. ``absent`` are the classes with a ``class_weight`` of zero.

    Raises
    ------
    ValueError
        If X has other columns than the first chunk, columns of dates or bytes, or values that
        are not finite. If a label is not among the classes, sample weights or an offset cannot
        be used, or ``class_weight="balanced"``.
    """
    if isinstance(class_weight, str):
        raise ValueError(
            f"partial_fit cannot use class_weight={class_weight!r}, because a chunk does not show "
            "how frequent each class is in the stream. Expected a dict or None. Compute "
            "the weights from a sample: sklearn.utils.compute_class_weight('balanced', "
            "classes=classes, y=y_sample)."
        )
    X, y, sample_weight, offset = map(in_numpy, (X, y, sample_weight, offset))
    check_numbers(X, "X")
    check_labels(y)
    X_checked, labels = validate_data(
        estimator,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=FLOATS,
        multi_output=False,
        ensure_all_finite=False,
        reset=first,
    )
    check_finite(X_checked)
    check_distinct(X, X_checked)
    indices = _encoded(labels, classes)
    weights = check_weights(sample_weight, X_checked.shape[0], all_zero=True)
    z_offset = check_offset(offset, X_checked.shape[0], len(classes), most=MOST_TO_LEARN)
    absent: tuple[int, ...] = ()
    if class_weight is not None:
        try:
            factors = np.array([float(class_weight.get(c, 1.0)) for c in classes.tolist()])
        except (TypeError, ValueError, OverflowError):
            raise ValueError(wrong_class_weight(class_weight)) from None
        if not np.all(np.isfinite(factors)) or np.any(factors < 0):
            raise ValueError(wrong_class_weight(class_weight))
        weights = weights * factors[indices]
        absent = tuple(np.flatnonzero(factors == 0).tolist())
    total = float(weights.sum())
    if total == 0:
        return None
    if not total < np.inf:
        raise ValueError(
            f"The sample weights of the chunk sum to {total}. Expected a positive, finite sum. "
            "Divide the sample weights: sample_weight / sample_weight.max()."
        )
    samples = Samples(X_checked, indices, classes, None, z_offset)
    return in_use(samples, weights / total, total, absent)


def _encoded(labels: AnyArray, classes: AnyArray) -> AnyArray:
    """Return the index of each label among the sorted classes.

    Raises
    ------
    ValueError
        If a label is not among them, or is a number that is no label.
    """
    if labels.dtype.kind not in "iub" or classes.dtype.kind != labels.dtype.kind:
        # Integers and booleans need no such check, which takes longer than a fit to one row.
        check_classification_targets(labels)
        labels = column_or_1d(labels)
        unknown = ~np.isin(labels, classes)
        indices = np.searchsorted(classes, labels)
    else:
        indices = np.searchsorted(classes, labels)
        unknown = classes[np.minimum(indices, len(classes) - 1)] != labels
    if unknown.any():
        raise ValueError(
            f"y has the label {labels[unknown][0]}. Expected the classes of the first call of "
            f"partial_fit, {shown(classes.tolist())}. Begin another stream with all classes: "
            "clone(neuron).partial_fit(X, y, classes=classes)."
        )
    return indices.astype(np.intp, copy=False)
