"""Rows that are not learned from: given by the user, or split off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from skneuron._typing import AnyArray, FloatArray
from skneuron.validation._data import TrainingData, check_finite, check_rows
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import check_offset

__all__ = ["HeldOut", "check_held_out", "explain_no_split", "split_off"]


@dataclass(frozen=True)
class HeldOut:
    """A validation set.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,)
        Indices into the classes.
    weights : ndarray of shape (n_rows,)
        Of sum 1.
    offset : ndarray of shape (n_rows,) or (n_rows, n_classes) or None
    """

    X: Any
    y: AnyArray
    weights: FloatArray
    offset: FloatArray | None = None


def check_held_out(
    estimator: Any,
    classes: AnyArray,
    X_val: Any,
    y_val: Any,
    sample_weight_val: Any,
    offset_val: Any,
    *,
    with_offset: bool,
) -> HeldOut | None:
    """Check and encode the validation set that ``fit`` was given, None if there is none.

    Raises
    ------
    ValueError
        If only a part of it is given, its columns are others than those of X, it is not
        finite, a label is not among ``classes``, the weights cannot be used, or it has an
        offset and the training data have none, or the other way round.
    """
    if X_val is None and y_val is None:
        for name, given in (("sample_weight_val", sample_weight_val), ("offset_val", offset_val)):
            if given is not None:
                raise ValueError(f"{name} without X_val and y_val: expected all three")
        return None
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"a validation set without {missing}: expected both X_val and y_val")
    if (offset_val is not None) != with_offset:
        given, missing = ("offset", "offset_val") if with_offset else ("offset_val", "offset")
        raise ValueError(f"{given} without {missing}: expected both with a validation set")
    X = check_rows(estimator, X_val, "X_val")
    check_finite(X)
    offset = check_offset(offset_val, X.shape[0], len(classes), name="offset_val")
    labels = column_or_1d(y_val)
    check_consistent_length(X, labels)
    if not np.all(np.isin(labels, classes)):
        unknown = labels[~np.isin(labels, classes)][0]
        raise ValueError(
            f"y_val has the label {unknown}: expected the classes of y, {classes.tolist()!r}"
        )
    y = np.searchsorted(classes, labels).astype(np.intp)
    if sample_weight_val is None:
        return HeldOut(X, y, np.full(len(y), 1.0 / len(y)), offset)
    check_numbers(sample_weight_val, "sample_weight_val")
    weights = check_array(
        sample_weight_val, ensure_2d=False, dtype=np.float64, input_name="sample_weight_val"
    )
    if weights.shape != y.shape or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError(
            f"sample_weight_val has shape {weights.shape}, least {weights.min()}: expected shape "
            f"{y.shape}, one weight >= 0 per row of X_val, and one above zero"
        )
    used = weights > 0
    weights = weights[used] / weights.max()
    offset = None if offset is None else offset[used]
    return HeldOut(X[used], y[used], weights / weights.sum(), offset)


def split_off(
    data: TrainingData, fraction: float, seed: int
) -> tuple[TrainingData, HeldOut] | None:
    """Return the data without a random share of each class, and that share.

    Both are copies. At least one row of each class is held out, and one is left. The validation
    set keeps the weights of the training, class weights included.

    Returns
    -------
    (TrainingData, HeldOut) or None
        None if a class has one row only.
    """
    counts = np.bincount(data.y, minlength=len(data.classes))
    if np.any(counts == 1):
        return None
    rng = np.random.default_rng(seed)
    is_out = np.zeros(len(data.y), dtype=bool)
    for k in np.flatnonzero(counts):
        rows = np.flatnonzero(data.y == k)
        n_out = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        is_out[rng.choice(rows, n_out, replace=False)] = True
    kept, out = np.flatnonzero(~is_out), np.flatnonzero(is_out)
    share = float(data.weights[kept].sum())
    rest = replace(
        data,
        X=data.X[kept],
        y=data.y[kept],
        weights=data.weights[kept] / share,
        total_weight=data.total_weight * share,
        offset=None if data.offset is None else data.offset[kept],
    )
    held = data.weights[out]
    offset = None if data.offset is None else data.offset[out]
    return rest, HeldOut(data.X[out], data.y[out], held / held.sum(), offset)


def explain_no_split(data: TrainingData) -> str:
    """Return the text of the warning that :func:`split_off` has found a class with one row."""
    counts = np.bincount(data.y, minlength=len(data.classes))
    labels = data.classes[counts == 1].tolist()
    whose = f"class {labels[0]!r} has" if len(labels) == 1 else f"the classes {labels!r} have"
    return (
        f"early_stopping=True has no effect, because {whose} one sample of positive sample weight. "
        "Expected two or more samples of each class, as at least one of them is held out. Pass "
        "a validation set, fit(X, y, X_val=X_val, y_val=y_val), or set early_stopping=False."
    )
