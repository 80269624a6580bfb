"""Rows that are not learned from: given by the user, or split off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from skneuron._typing import AnyArray, FloatArray
from skneuron.validation._data import TrainingData, check_finite, check_rows

__all__ = ["HeldOut", "check_held_out", "split_off"]


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
    """

    X: Any
    y: AnyArray
    weights: FloatArray


def check_held_out(
    estimator: Any, classes: AnyArray, X_val: Any, y_val: Any, sample_weight_val: Any
) -> HeldOut | None:
    """Check and encode the validation set that ``fit`` was given, None if there is none.

    Raises
    ------
    ValueError
        If only a part of it is given, its columns are others than those of X, it is not
        finite, a label is not among ``classes`` or the weights cannot be used.
    """
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError("sample_weight_val without X_val and y_val: expected all three")
        return None
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"a validation set without {missing}: expected both X_val and y_val")
    X = check_rows(estimator, X_val)
    check_finite(X)
    labels = column_or_1d(y_val)
    check_consistent_length(X, labels)
    if not np.all(np.isin(labels, classes)):
        unknown = labels[~np.isin(labels, classes)][0]
        raise ValueError(
            f"y_val has the label {unknown}: expected the classes of y, {classes.tolist()!r}"
        )
    y = np.searchsorted(classes, labels).astype(np.intp)
    if sample_weight_val is None:
        return HeldOut(X, y, np.full(len(y), 1.0 / len(y)))
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
    return HeldOut(X[used], y[used], weights / weights.sum())


def split_off(data: TrainingData, fraction: float, seed: int) -> tuple[TrainingData, HeldOut]:
    """Return the data without a random share of each class, and that share.

    Both are copies. The validation set keeps the weights of the training, class weights
    included.

    Raises
    ------
    ValueError
        If there are too few samples of a class to be on both sides.
    """
    n = len(data.y)
    try:
        kept, out = train_test_split(
            np.arange(n), test_size=fraction, stratify=data.y, random_state=seed
        )
    except ValueError as error:
        counts = np.bincount(data.y, minlength=len(data.classes)).tolist()
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction!r}: expected samples enough "
            f"of every class to hold some out, and got {counts} of {data.classes.tolist()!r}. "
            "Give X_val and y_val"
        ) from error
    kept, out = np.sort(kept), np.sort(out)
    share = float(data.weights[kept].sum())
    rest = replace(
        data,
        X=data.X[kept],
        y=data.y[kept],
        weights=data.weights[kept] / share,
        total_weight=data.total_weight * share,
    )
    held = data.weights[out]
    return rest, HeldOut(data.X[out], data.y[out], held / held.sum())
