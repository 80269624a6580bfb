"""Checks of X, y and the sample weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite, compute_class_weight
from sklearn.utils.validation import check_array, validate_data

from skneuron._common import (
    AnyArray,
    DeviceMatrix,
    FloatArray,
    Matrix,
    MatrixLike,
    shown,
    wrong_value,
)
from skneuron.validation._foreign import in_numpy, readable
from skneuron.validation._integers import check_distinct
from skneuron.validation._labels import check_labels, encode
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import MOST_TO_LEARN, check_offset
from skneuron.validation._remedies import with_remedies

__all__ = [
    "FLOATS",
    "Samples",
    "TrainingData",
    "check_finite",
    "check_rows",
    "check_samples",
    "check_training_data",
    "check_weights",
    "in_use",
    "refuse_not_finite",
    "times_class_weight",
    "training_data",
    "wrong_class_weight",
]

#: Element types of X that are used without a copy. Every other type becomes float64.
FLOATS = [np.float64, np.float32]


@dataclass(frozen=True)
class TrainingData:
    """Checked data of a fit.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
        Without the rows of zero weight.
    y : ndarray of shape (n_samples,)
        Indices into ``classes``.
    classes : ndarray of shape (n_classes,)
    weights : ndarray of shape (n_samples,)
        Sample weight times class weight, positive, divided by their sum.
        If all are equal, a view of a single number.
    total_weight : float
        Sum of the sample weights times class weights.
    low, high : ndarray of shape (n_features,) or None
        Bounds of the coefficients.
    penalty_factor : ndarray of shape (n_features,) or None
        Factor of the penalty of each coefficient. None if all are 1.
    offset : ndarray of shape (n_samples,) or (n_samples, n_classes) or None
    absent : tuple of int
        Indices of the classes without a row.
    one_each : bool
        Whether two classes have a neuron each, as more than two classes do.
    given : (ndarray or CSR/CSC array, ndarray of bool) or None
        X with the rows that are not in use, and which of its rows are. None if all are.
    """

    X: Matrix
    y: AnyArray
    classes: AnyArray
    weights: FloatArray
    total_weight: float
    low: FloatArray | None = None
    high: FloatArray | None = None
    penalty_factor: FloatArray | None = None
    offset: FloatArray | None = None
    absent: tuple[int, ...] = ()
    one_each: bool = False
    given: tuple[Matrix, AnyArray] | None = None

    @property
    def present(self) -> AnyArray:
        """Indices of the classes that have rows."""
        return np.setdiff1d(np.arange(len(self.classes)), self.absent)

    @property
    def is_layer(self) -> bool:
        """Whether each class has a neuron of its own."""
        return self.one_each or len(self.classes) > 2


def check_rows(estimator: BaseEstimator, X: MatrixLike, name: str = "X") -> Matrix:
    """Check the shape and the column names of X for a prediction.

    This function does not search for NaN and infinity, which show in w·x + b.
    ``name`` is the name of the parameter, for messages.
    """
    check_numbers(X, name)
    if isinstance(X, DeviceMatrix):
        with with_remedies(X):
            validate_data(estimator, X.array, reset=False, dtype=None, ensure_all_finite=False)
        return X
    with with_remedies(X):
        checked: Matrix = validate_data(
            estimator,
            X,
            reset=False,
            accept_sparse=["csr", "csc"],
            dtype=FLOATS,
            ensure_all_finite=False,
        )
    return checked


@dataclass(frozen=True)
class Samples:
    """Checked samples, with the samples of zero weight.

    Attributes
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Indices into ``classes``.
    classes : ndarray of shape (n_classes,)
    weights : ndarray of shape (n_samples,) or None
        Sample weights, None for equal ones.
    offset : ndarray of shape (n_samples,) or (n_samples, n_classes) or None
    """

    X: Matrix
    y: AnyArray
    classes: AnyArray
    weights: FloatArray | None
    offset: FloatArray | None

    def take(self, rows: AnyArray) -> Samples:
        """Return these rows, with the same classes."""
        weights, offset = self.weights, self.offset
        return Samples(
            self.X[rows],
            self.y[rows],
            self.classes,
            None if weights is None else weights[rows],
            None if offset is None else offset[rows],
        )


def check_training_data(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    class_weight: Mapping[Any, float] | Literal["balanced"] | None,
    offset: ArrayLike | None = None,
) -> TrainingData:
    """Check and encode the data of ``fit``, and set the column attributes of ``estimator``.

    Raises
    ------
    ValueError
        If X has missing or infinite values, or columns of dates or bytes. If y is no
        classification target, or has one class only. If sample weights are negative, not
        finite, all zero or of another length, or an offset is not finite or of another shape.
    """
    rest = map(in_numpy, (y, sample_weight, offset))
    samples = check_samples(estimator, readable(X), *rest)
    return training_data(samples, class_weight)


def check_samples(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None = None,
) -> Samples:
    """Check and encode the samples of ``fit``, and set the column attributes of ``estimator``.

    This function does not search for NaN and infinity in X.
    """
    check_numbers(X, "X")
    check_labels(y)
    with with_remedies(X):
        X_checked, classes, indices = _validated(estimator, X, y)
    if len(classes) < 2:
        raise ValueError(
            f"y has one class only, {classes.tolist()!r}. Expected samples of at least two "
            "classes. Check with np.unique(y), and split with train_test_split(X, y, stratify=y)."
        )
    if not isinstance(X, DeviceMatrix):
        check_distinct(X, X_checked)
    n = X_checked.shape[0]
    z_offset = check_offset(offset, n, len(classes), most=MOST_TO_LEARN)
    weights = None if sample_weight is None else check_weights(sample_weight, n)
    return Samples(X_checked, indices, classes, weights, z_offset)


def _validated(
    estimator: BaseEstimator, X: MatrixLike, y: ArrayLike
) -> tuple[Matrix, AnyArray, AnyArray]:
    """Return X, the classes and the index of each label, or raise an error of scikit-learn."""
    if isinstance(X, DeviceMatrix):
        given = X.array, y
        _, labels = validate_data(estimator, *given, dtype=None, ensure_all_finite=False)
        return X, *encode(labels)
    # The pass that computes the column moments finds NaN and infinity as well.
    try:
        X_checked, labels = validate_data(
            estimator,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=FLOATS,
            multi_output=False,
            ensure_all_finite=False,
        )
        return X_checked, *encode(labels)
    except ValueError as error:
        if not _may_be_grouped(y):
            raise
        raise ValueError(
            f"{str(error).rstrip('.')}. Fractions or counts: "
            "X, y, w = skneuron.grouped(X, successes, trials)."
        ) from error


def _may_be_grouped(y: ArrayLike) -> bool:
    """Return whether y has two columns of numbers, or fractions from 0 to 1."""
    try:
        values = np.asarray(y)
    except ValueError:  # rows of different lengths
        return False
    if values.dtype.kind not in "iuf" or not values.size:
        return False
    if values.ndim == 2 and values.shape[1] == 2:
        return True
    is_fraction = values.dtype.kind == "f" and bool(np.any(values != np.round(values)))
    return is_fraction and bool(np.all((values >= 0) & (values <= 1)))


def training_data(
    samples: Samples, class_weight: Mapping[Any, float] | Literal["balanced"] | None
) -> TrainingData:
    """Return the samples in use, with their weights times the class weights.

    Raises
    ------
    ValueError
        If class weights are not valid, or the sum of the sample weights overflows.
    """
    X, indices, classes, z_offset = samples.X, samples.y, samples.classes, samples.offset
    n = X.shape[0]
    if samples.weights is None and class_weight is None:
        even = np.broadcast_to(1.0 / n, n)
        absent = _absent(indices, len(classes))
        return TrainingData(X, indices, classes, even, float(n), offset=z_offset, absent=absent)
    weights = check_weights(None, n) if samples.weights is None else samples.weights
    weights = times_class_weight(weights, class_weight, classes, indices)
    largest = weights.max()
    relative = weights / largest
    total = float(relative.sum())
    relative /= total
    with np.errstate(over="ignore", under="ignore"):
        total = float(total * largest)
    if not np.isfinite(total):
        raise ValueError(
            f"The sum of sample_weight overflows float64, and its maximum is {largest:.1e}. "
            "Expected a finite sum. Divide the sample weights: sample_weight / 1e10."
        )
    if not relative.all():
        check_finite(X)
    return in_use(samples, relative, total)


def in_use(
    samples: Samples,
    weights: FloatArray,
    total_weight: float,
    absent: tuple[int, ...] | None = None,
) -> TrainingData:
    """Return the samples of positive weight.

    Parameters
    ----------
    samples : Samples
    weights : ndarray of shape (n_samples,)
        Sample weights times class weights, divided by their sum.
    total_weight : float
        Their sum.
    absent : tuple of int or None
        Indices of the absent classes, by default of the classes without a sample in use.
    """
    used, given = weights > 0, None
    if not used.all():
        given = samples.X, used
        samples, weights = samples.take(used), weights[used]
    return TrainingData(
        samples.X,
        samples.y,
        samples.classes,
        weights,
        total_weight,
        offset=samples.offset,
        absent=_absent(samples.y, len(samples.classes)) if absent is None else absent,
        given=given,
    )


def _absent(indices: AnyArray, n_classes: int) -> tuple[int, ...]:
    """Return the indices of the classes without a row."""
    return tuple(np.flatnonzero(np.bincount(indices, minlength=n_classes) == 0).tolist())


def refuse_not_finite(X: MatrixLike) -> NoReturn:
    """Raise the ``ValueError`` of scikit-learn for an X with NaN or infinity."""
    check_finite(X)
    raise ValueError(
        "The column sums of X overflow float64. Expected values on a smaller scale. "
        "Rescale X, for example X / 1e100."
    )


def check_finite(X: MatrixLike) -> None:
    """Raise ``ValueError`` if X has NaN or infinity."""
    # scikit-learn sums X first, and searches value by value only if the sum is not finite.
    with np.errstate(over="ignore", invalid="ignore"), with_remedies(X):
        assert_all_finite(X.array if isinstance(X, DeviceMatrix) else X, input_name="X")


def check_weights(
    sample_weight: ArrayLike | None, n_samples: int, *, all_zero: bool = False
) -> FloatArray:
    """Return sample weights as float64, all ones if there are none.

    Raises
    ------
    ValueError
        If they are negative, not finite, of another length, or all zero unless ``all_zero``.
    """
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
            f"sample_weight has shape {weights.shape}. Expected ({n_samples},), one per row of X. "
            "Use None for equal weights."
        )
    if np.any(weights < 0):
        row = int(np.flatnonzero(weights < 0)[0])
        raise ValueError(
            f"Row {row} has the negative sample_weight {float(weights[row])}. Expected numbers "
            ">= 0. Drop the row, or use a weight of 0."
        )
    if not (all_zero or np.any(weights > 0)):
        raise ValueError(
            "The sample_weight is zero for every sample. Expected at least one above zero. Use "
            "None for equal weights."
        )
    return weights


def wrong_class_weight(class_weight: object) -> str:
    """Return the message about class weights that are negative or not finite."""
    example = "class_weight='balanced'"
    return wrong_value("class_weight", class_weight, "finite numbers >= 0 by class", example)


def times_class_weight(
    weights: FloatArray,
    class_weight: Mapping[Any, float] | Literal["balanced"] | None,
    classes: AnyArray,
    indices: AnyArray,
) -> FloatArray:
    """Return the sample weights times the class weights of the rows in use."""
    if class_weight is None:
        return weights
    used = weights > 0
    present = np.unique(indices[used])
    factors = np.ones(len(classes))
    try:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            factors[present] = compute_class_weight(
                class_weight,
                classes=classes[present],
                y=classes[indices[used]],
                sample_weight=weights[used],
            )
    except (TypeError, OverflowError):  # no number, or an integer above 1.8e308
        raise ValueError(wrong_class_weight(class_weight)) from None
    except ValueError as error:  # a dict without a class
        raise ValueError(
            f"Got class_weight={shown(class_weight)}: {str(error).rstrip('.')}. Expected a number "
            "for each class. Use for example class_weight='balanced'."
        ) from error
    if not np.all(np.isfinite(factors)) or np.any(factors < 0):
        raise ValueError(wrong_class_weight(class_weight))
    with np.errstate(over="ignore", under="ignore"):
        weights = weights * factors[indices]
    if not np.all(np.isfinite(weights)):
        raise ValueError(
            "The product of sample_weight and class_weight overflows float64. Expected finite "
            "products. Divide the sample weights: sample_weight / sample_weight.max()."
        )
    if not np.any(weights > 0):
        raise ValueError(
            f"With class_weight={class_weight!r} every sample has a weight of zero. Expected at "
            "least one class with a positive class weight and a positive sample weight."
        )
    return weights
