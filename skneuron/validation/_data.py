"""Checks of X, y and the sample weights, before any work is done on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, validate_data

from skneuron._typing import AnyArray, FloatArray
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import MOST_TO_LEARN, check_offset

__all__ = [
    "FLOATS",
    "TrainingData",
    "check_finite",
    "check_rows",
    "check_training_data",
    "check_weights",
    "refuse_not_finite",
]

#: Types of X that are taken as they are; everything else becomes float64.
FLOATS = [np.float64, np.float32]


@dataclass(frozen=True)
class TrainingData:
    """Checked data, ready for an objective.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
        Rows of zero weight are left out: they are as good as absent.
    y : ndarray of shape (n_samples,)
        Indices into ``classes``.
    classes : ndarray of shape (n_classes,)
    weights : ndarray of shape (n_samples,)
        Sample weight times class weight, positive, divided by their sum.
        One number repeated, without memory for it, where all are equal.
    total_weight : float
        Their sum.
    low, high : ndarray of shape (n_features,) or None
        Bounds of the weights.
    offset : ndarray of shape (n_samples,) or (n_samples, n_classes) or None
    absent : tuple of int
        Indices of the classes without a row.
    one_each : bool
        Whether two classes have a neuron each, as more than two classes do.
    """

    X: Any
    y: AnyArray
    classes: AnyArray
    weights: FloatArray
    total_weight: float
    low: FloatArray | None = None
    high: FloatArray | None = None
    offset: FloatArray | None = None
    absent: tuple[int, ...] = ()
    one_each: bool = False

    @property
    def present(self) -> AnyArray:
        """Indices of the classes that have rows."""
        return np.setdiff1d(np.arange(len(self.classes)), self.absent)

    @property
    def is_layer(self) -> bool:
        """Whether each class has a neuron of its own."""
        return self.one_each or len(self.classes) > 2


def check_rows(estimator: Any, X: Any, name: str = "X") -> Any:
    """Return X for a prediction, in the shape and the column names that were fitted.

    Whether it is finite shows in w·x + b, for which :func:`refuse_not_finite` is there.
    ``name`` is what the user calls it.
    """
    check_numbers(X, name)
    return validate_data(
        estimator,
        X,
        reset=False,
        accept_sparse=["csr", "csc"],
        dtype=FLOATS,
        ensure_all_finite=False,
    )


def check_training_data(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    class_weight: Any,
    offset: Any = None,
) -> TrainingData:
    """Check and encode what ``fit`` was given; record the columns on ``estimator``.

    Raises
    ------
    ValueError
        If X has missing or infinite values, or columns of dates or bytes, y is no
        classification target or has one class only, weights are negative, not finite, all
        zero or of another length, or an offset is not finite or of another shape.
    """
    check_numbers(X, "X")
    # The pass that takes the column statistics looks for NaN and infinity as well.
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse=["csr", "csc"],
        dtype=FLOATS,
        multi_output=False,
        ensure_all_finite=False,
    )
    classes, indices = _encode(y)
    if len(classes) < 2:
        raise ValueError(
            f"y has one class only, {classes.tolist()!r}: expected samples of at least two classes"
        )
    n = X.shape[0]
    offset = check_offset(offset, n, len(classes), most=MOST_TO_LEARN)
    if sample_weight is None and class_weight is None:
        even = np.broadcast_to(1.0 / n, n)
        return TrainingData(X, indices, classes, even, float(n), offset=offset)
    weights = check_weights(sample_weight, n)
    weights = _times_class_weight(weights, class_weight, classes, indices)
    largest = weights.max()
    relative = weights / largest
    total = float(relative.sum())
    relative /= total
    with np.errstate(over="ignore", under="ignore"):
        total = float(total * largest)
    if not np.isfinite(total):
        raise ValueError("the sum of sample_weight is beyond float64: divide the weights by 1e10")
    used = relative > 0
    if not used.all():
        check_finite(X)
        X, indices, relative = X[used], indices[used], relative[used]
        offset = None if offset is None else offset[used]
    absent = np.flatnonzero(np.bincount(indices, minlength=len(classes)) == 0)
    return TrainingData(
        X, indices, classes, relative, total, offset=offset, absent=tuple(absent.tolist())
    )


def refuse_not_finite(X: Any) -> NoReturn:
    """Raise ``ValueError``: X has NaN or infinity; scikit-learn's words say which."""
    check_finite(X)
    raise ValueError("X has values whose sums are beyond float64: rescale it")


def check_finite(X: Any) -> None:
    """Raise ``ValueError`` if X has NaN or infinity."""
    # It sums X to find NaN quickly, and looks closer if that overflows.
    with np.errstate(over="ignore", invalid="ignore"):
        assert_all_finite(X, input_name="X")


# Integer labels that lie this close together are counted instead of sorted.
_SPAN = 1000


def _encode(y: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return the sorted classes and the index of each label."""
    if y.ndim == 1 and y.dtype.kind in "iu" and y.dtype.isnative:
        low, high = int(y.min()), int(y.max())
        if high - low < _SPAN:
            # Labels of one byte can lie further apart than one byte can say.
            wide = y.astype(np.int16) if y.dtype == np.int8 else y
            shifted = wide if low == 0 else wide - wide.dtype.type(low)
            indices = shifted.astype(np.intp, copy=False)
            if high == low + 1:
                # Both are there.
                return np.array([low, high], y.dtype), indices
            present = np.bincount(indices, minlength=high - low + 1) > 0
            classes = np.flatnonzero(present).astype(wide.dtype) + wide.dtype.type(low)
            if not present.all():
                indices = (np.cumsum(present) - 1)[indices]
            return classes.astype(y.dtype), indices
    if y.ndim == 1 and y.dtype.kind == "b":
        y8 = y.view(np.uint8)
        low, high = int(y8.min()), int(y8.max())
        return np.arange(low, high + 1).astype(bool), (y8 - np.uint8(low)).astype(np.intp)
    check_classification_targets(y)
    y = column_or_1d(y)
    classes, indices = np.unique(y, return_inverse=True)
    return classes, indices


def check_weights(sample_weight: Any, n_samples: int) -> FloatArray:
    """Return sample weights as float64, all ones if there are none."""
    if sample_weight is None:
        return np.ones(n_samples)
    check_numbers(sample_weight, "sample_weight")
    weights = np.asarray(
        check_array(
            sample_weight,
            ensure_2d=False,
            allow_nd=True,
            dtype=np.float64,
            input_name="sample_weight",
            ensure_min_samples=0,
        )
    )
    if weights.ndim == 0:
        weights = np.full(n_samples, float(weights))
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight has shape {weights.shape}: expected ({n_samples},), one per row of X"
        )
    if np.any(weights < 0):
        row = int(np.flatnonzero(weights < 0)[0])
        raise ValueError(
            f"sample_weight[{row}]={float(weights[row])} is negative: expected weights >= 0"
        )
    if not np.any(weights > 0):
        raise ValueError("sample_weight is zero for every sample: expected at least one above zero")
    return weights


def _times_class_weight(
    weights: FloatArray, class_weight: Any, classes: AnyArray, indices: AnyArray
) -> FloatArray:
    if class_weight is None:
        return weights
    used = weights > 0
    present = np.unique(indices[used])
    factors = np.ones(len(classes))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        factors[present] = compute_class_weight(
            class_weight,
            classes=classes[present],
            y=classes[indices[used]],
            sample_weight=weights[used],
        )
    if not np.all(np.isfinite(factors)) or np.any(factors < 0):
        raise ValueError(f"class_weight={class_weight!r}: expected finite weights >= 0")
    with np.errstate(over="ignore", under="ignore"):
        weights = weights * factors[indices]
    if not np.all(np.isfinite(weights)):
        raise ValueError("sample_weight times class_weight is beyond float64: use smaller weights")
    if not np.any(weights > 0):
        raise ValueError("class_weight and sample_weight leave a weight of zero to every sample")
    return weights
