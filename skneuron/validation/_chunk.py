"""Checks of one chunk of a stream."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from skneuron._typing import AnyArray
from skneuron.validation._data import FLOATS, TrainingData, check_weights
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import MOST_TO_LEARN, check_offset

__all__ = ["check_chunk", "check_classes"]


def check_classes(classes: Any, known: AnyArray | None) -> AnyArray:
    """Return the sorted classes of a stream.

    Raises
    ------
    ValueError
        If they are missing on the first call, fewer than two, or others than before.
    """
    if classes is None:
        if known is None:
            raise ValueError(
                "classes=None on the first call of partial_fit: expected all class labels that "
                "the stream may bring, as in partial_fit(X, y, classes=[0, 1])"
            )
        return known
    labels = column_or_1d(np.asarray(classes))
    try:
        given = np.unique(labels)
    except TypeError as error:
        raise ValueError(
            f"classes={classes!r} cannot be sorted. Expected labels of one type. "
            "Use for example strings: [str(label) for label in classes]."
        ) from error
    if known is not None and not np.array_equal(given, known):
        raise ValueError(
            f"classes={given.tolist()!r}: expected None or those of the first call, "
            f"{known.tolist()!r}"
        )
    if len(given) < 2:
        raise ValueError(f"classes={given.tolist()!r}: expected at least two classes")
    return given


def check_chunk(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    class_weight: Any,
    classes: AnyArray,
    offset: Any,
    *,
    first: bool,
) -> TrainingData:
    """Check and encode a chunk; record the columns on ``estimator`` if it is the first.

    Returns
    -------
    TrainingData
        Its weights are of sum 1. Not every class need be there; ``absent`` are those that
        ``class_weight`` keeps from being there.

    Raises
    ------
    ValueError
        If X has other columns than before, columns of dates or bytes, or values that are not
        finite, a label is not
        among the classes, weights or an offset cannot be used, or ``class_weight="balanced"``.
    """
    if isinstance(class_weight, str):
        raise ValueError(
            f"class_weight={class_weight!r} is not possible with partial_fit: the shares of the "
            "classes are known at the end of the stream only. Expected a dict or None; "
            "compute_class_weight of scikit-learn makes one from a sample"
        )
    check_numbers(X, "X")
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=FLOATS,
        multi_output=False,
        reset=first,
    )
    check_classification_targets(y)
    y = column_or_1d(y)
    unknown = ~np.isin(y, classes)
    if np.any(unknown):
        raise ValueError(
            f"y has the label {y[unknown][0]}: expected the classes {classes.tolist()!r}, which "
            "were named on the first call of partial_fit"
        )
    indices = np.searchsorted(classes, y).astype(np.intp)
    weights = check_weights(sample_weight, X.shape[0])
    offset = check_offset(offset, X.shape[0], len(classes), most=MOST_TO_LEARN)
    absent: tuple[int, ...] = ()
    if class_weight is not None:
        factors = np.array([class_weight.get(label, 1.0) for label in classes.tolist()])
        if not np.all(np.isfinite(factors)) or np.any(factors < 0):
            raise ValueError(f"class_weight={class_weight!r}: expected finite weights >= 0")
        weights = weights * factors[indices]
        absent = tuple(np.flatnonzero(factors == 0).tolist())
    total = float(weights.sum())
    if not 0 < total < np.inf:
        raise ValueError(f"the weights of the chunk sum to {total}: expected a positive number")
    used = weights > 0
    if not used.all():
        X, indices, weights = X[used], indices[used], weights[used]
        offset = None if offset is None else offset[used]
    return TrainingData(X, indices, classes, weights / total, total, offset=offset, absent=absent)
