"""The validation set: passed by the user, or split off the training data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from skneuron._common import AnyArray, FloatArray, Matrix, MatrixLike, shown
from skneuron.validation._data import TrainingData, check_finite, check_rows
from skneuron.validation._foreign import in_numpy, readable
from skneuron.validation._labels import check_labels
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import check_offset

__all__ = [
    "ValidationSet",
    "check_validation_set",
    "explain_no_split",
    "has_validation_set",
    "split_off",
]


@dataclass(frozen=True)
class ValidationSet:
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

    X: Matrix
    y: AnyArray
    weights: FloatArray
    offset: FloatArray | None = None


def check_validation_set(
    estimator: BaseEstimator,
    classes: AnyArray,
    X_val: MatrixLike | None,
    y_val: ArrayLike | None,
    sample_weight_val: ArrayLike | None,
    offset_val: ArrayLike | None,
    *,
    with_offset: bool,
) -> ValidationSet | None:
    """Check and encode the validation set of ``fit``. Return None for an ``X_val`` of None.

    Raises
    ------
    ValueError
        If ``X_val`` or ``y_val`` is missing, ``X_val`` has other columns than X or values that
        are not finite, a label is not among ``classes``, or the sample weights cannot be used.
        If only one of the validation set and the training data has an offset.
    """
    given = X_val, y_val, sample_weight_val, offset_val
    is_given = has_validation_set(*given, with_offset=with_offset)
    if not is_given or X_val is None or y_val is None:
        return None
    y_val, sample_weight_val, offset_val = map(in_numpy, (y_val, sample_weight_val, offset_val))
    X = check_rows(estimator, readable(X_val), "X_val")
    check_finite(X)
    offset = check_offset(offset_val, X.shape[0], len(classes), name="offset_val")
    check_labels(y_val, "y_val")
    labels = column_or_1d(y_val)
    check_consistent_length(X, labels)
    if not np.all(np.isin(labels, classes)):
        unknown = labels[~np.isin(labels, classes)][0]
        raise ValueError(
            f"y_val has the label {unknown}. Expected the classes of y, "
            f"{shown(classes.tolist())}. Drop its row from X_val and y_val."
        )
    y = np.searchsorted(classes, labels).astype(np.intp)
    if sample_weight_val is None:
        return ValidationSet(X, y, np.full(len(y), 1.0 / len(y)), offset)
    check_numbers(sample_weight_val, "sample_weight_val")
    weights = check_array(
        sample_weight_val, ensure_2d=False, dtype=np.float64, input_name="sample_weight_val"
    )
    if weights.shape != y.shape or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError(
            f"sample_weight_val has the shape {weights.shape} and the minimum {weights.min()}. "
            f"Expected the shape {y.shape}, and weights >= 0 of which one is positive. "
            "Use for example sample_weight_val=None for equal weights."
        )
    used = weights > 0
    weights = weights[used] / weights.max()
    offset = None if offset is None else offset[used]
    return ValidationSet(X[used], y[used], weights / weights.sum(), offset)


def has_validation_set(
    X_val: MatrixLike | None,
    y_val: ArrayLike | None,
    sample_weight_val: ArrayLike | None,
    offset_val: ArrayLike | None,
    *,
    with_offset: bool,
) -> bool:
    """Return whether ``fit`` got a validation set.

    Raises
    ------
    ValueError
        If one of the arguments is missing.
    """
    if X_val is None and y_val is None:
        for name, given in (("sample_weight_val", sample_weight_val), ("offset_val", offset_val)):
            if given is not None:
                raise ValueError(
                    f"{name} was passed without X_val and y_val. Expected all three. Use: "
                    f"fit(X, y, X_val=X_val, y_val=y_val, {name}={name})."
                )
        return False
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(
            f"The validation set has no {missing}. Expected both X_val and y_val. Use: "
            "fit(X, y, X_val=X_val, y_val=y_val)."
        )
    if (offset_val is not None) != with_offset:
        given, missing = ("offset", "offset_val") if with_offset else ("offset_val", "offset")
        raise ValueError(
            f"{given} was passed without {missing}. Expected both if there is a validation set. "
            f"Use: fit(X, y, offset=offset, X_val=X_val, y_val=y_val, offset_val=offset_val)."
        )
    return True


def split_off(
    data: TrainingData, fraction: float, seed: int
) -> tuple[TrainingData, ValidationSet] | None:
    """Split a random fraction of each class off as a validation set.

    Both parts are copies. The validation set has at least one row of each class, and so has the
    remaining training data. The validation set keeps sample weights and class weights.

    Returns
    -------
    (TrainingData, ValidationSet) or None
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
    whole, used = data.given or (data.X, np.ones(len(data.y), dtype=bool))
    remaining = np.zeros(len(used), dtype=bool)
    remaining[np.flatnonzero(used)[kept]] = True
    rest = replace(
        data,
        X=data.X[kept],
        y=data.y[kept],
        weights=data.weights[kept] / share,
        total_weight=data.total_weight * share,
        offset=None if data.offset is None else data.offset[kept],
        given=(whole, remaining),
    )
    held = data.weights[out]
    offset = None if data.offset is None else data.offset[out]
    return rest, ValidationSet(data.X[out], data.y[out], held / held.sum(), offset)


def explain_no_split(classes: AnyArray, counts: AnyArray) -> str:
    """Return the warning for data with a class of one row, which :func:`split_off` cannot split."""
    labels = classes[counts == 1].tolist()
    whose = f"class {labels[0]!r} has" if len(labels) == 1 else f"the classes {labels!r} have"
    return (
        f"early_stopping=True has no effect, because {whose} one sample of positive sample weight. "
        "Expected two or more samples of each class, as at least one of them is held out. Pass "
        "a validation set, fit(X, y, X_val=X_val, y_val=y_val), or set early_stopping=False."
    )
