"""Counts and fractions as targets: the rows, labels and sample weights of grouped data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from skneuron._common import AnyArray, FloatArray, MatrixLike
from skneuron.validation._numbers import check_numbers

__all__ = ["grouped"]


def grouped(
    X: MatrixLike, successes: ArrayLike, trials: ArrayLike = 1.0, *arrays: Any
) -> tuple[Any, ...]:
    """Return X, y and sample weights for numbers of successes and trials.

    The log loss of the returned samples is the negative binomial log-likelihood of the counts,
    divided by the sum of the trials, up to a constant. With the default of ``trials``, the
    successes are fractions: targets between 0 and 1.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_groups, n_features)
        One row per group.
    successes : array-like of shape (n_groups,)
        Number of samples of class 1 in each group, from 0 to ``trials``. Fractions are allowed.
    trials : float or array-like of shape (n_groups,), default=1.0
        Number of samples in each group. A group with 0 trials is left out.
    *arrays : array-like of shape (n_groups,) or (n_groups, n_columns)
        Further values of the groups, for example an offset.

    Returns
    -------
    X : of the type of the argument, of shape (n_rows, n_features)
        A row for the successes of each group that has some, then a row for the failures of each
        group that has some. A single copy: ``fit`` reads it as it is.
    y : ndarray of shape (n_rows,)
        1 for successes, 0 for failures.
    sample_weight : ndarray of shape (n_rows,)
        Number of successes or failures.
    arrays : arrays or data frames
        The rows of each further array.

    Raises
    ------
    ValueError
        If a number is negative or not finite, successes exceed trials, or lengths differ.
    TypeError
        If X has no rows in memory, as a lazy frame.

    Notes
    -----
    In cross-validation, ``fit`` and the scores need the sample weights. Enable metadata routing,
    and request the weights: ``NeuronClassifier().set_fit_request(sample_weight=True)`` and
    ``get_scorer("neg_log_loss").set_score_request(sample_weight=True)``. The two rows of a group
    can land in different folds. Pass ``np.arange(n_groups)`` as a further array, and its rows as
    ``groups`` of ``GroupKFold``.

    Examples
    --------
    The beetles of Bliss (1935), at eight doses of a poison, and their median lethal dose:

    >>> import numpy as np
    >>> from skneuron import NeuronClassifier, grouped
    >>> dose = np.array([[1.691], [1.724], [1.755], [1.784], [1.811], [1.837], [1.861], [1.884]])
    >>> killed = [6, 13, 18, 28, 52, 53, 61, 60]
    >>> beetles = [59, 60, 62, 56, 63, 59, 62, 60]
    >>> X, y, weights = grouped(dose, killed, beetles)
    >>> neuron = NeuronClassifier("probit", C=np.inf).fit(X, y, weights)
    >>> median = -neuron.intercept_[0] / neuron.coef_[0, 0]
    >>> len(X), float(median.round(3))
    (15, 1.771)
    """
    n = _n_rows(X, "X")
    won = _numbers(successes, n, "successes")
    total = _numbers(trials, n, "trials")
    if np.any(won > total):
        row = int(np.flatnonzero(won > total)[0])
        raise ValueError(
            f"Row {row} has {_text(won[row])} successes of {_text(total[row])} trials. Expected "
            "numbers from 0 to trials. Pass counts of each group: grouped(X, successes, trials)."
        )
    if not total.any():
        raise ValueError(
            "trials is 0 in every group. Expected a positive number in one group at least. "
            "Without counts, leave the argument out: grouped(X, fractions)."
        )
    lost = total - won
    with_won, with_lost = np.flatnonzero(won > 0), np.flatnonzero(lost > 0)
    rows = np.concatenate([with_won, with_lost])
    y = np.repeat([1, 0], [len(with_won), len(with_lost)])
    weights = np.concatenate([won[with_won], lost[with_lost]])
    for array in arrays:
        n_rows = _n_rows(array, "A further array")
        if n_rows != n:
            raise ValueError(
                f"A further array has {n_rows} rows, and X has {n}. Expected one row per group. "
                "Pass for example the offset: grouped(X, successes, trials, offset)."
            )
    return (_take(X, rows), y, weights, *(_take(array, rows) for array in arrays))


def _n_rows(values: Any, name: str) -> int:
    """Return the number of rows, one per group."""
    shape = getattr(values, "shape", None)
    if shape is None and not isinstance(values, str | bytes | dict | set):
        shape = (len(values),) if hasattr(values, "__len__") else None
    if not shape:
        raise TypeError(
            f"{name} is a {type(values).__name__}. Expected an array, a sparse matrix or a data "
            "frame in memory, with one row per group. Call grouped(X, successes, trials)."
        )
    n = int(shape[0])
    if n == 0:
        raise ValueError(
            f"{name} has 0 rows. Expected one row per group, of one group at least. "
            "Check the filter that selected the rows: X.shape."
        )
    return n


def _text(number: float) -> str:
    """Return all digits of a number, of whole numbers without a point."""
    return repr(float(number)).removesuffix(".0")


def _take(X: Any, rows: AnyArray) -> Any:
    """Return rows of an array, a sparse matrix or a data frame."""
    if hasattr(X, "iloc"):  # pandas
        return X.iloc[rows].reset_index(drop=True)
    if hasattr(X, "take") and hasattr(X, "column_names"):  # pyarrow
        return X.take(rows)
    if issparse(X):
        return X.tocsr()[rows]  # type: ignore[attr-defined]
    return X[rows] if hasattr(X, "__getitem__") and hasattr(X, "shape") else np.asarray(X)[rows]


def _numbers(values: ArrayLike, n: int, name: str) -> FloatArray:
    """Return non-negative numbers, one per group."""
    if values is None:
        raise ValueError(
            f"Got {name}=None. Expected numbers, one per row of X. "
            "For fractions, leave trials out: grouped(X, fractions)."
        )
    check_numbers(values, name)
    checked: AnyArray = check_array(
        values, ensure_2d=False, dtype=np.float64, input_name=name, ensure_min_samples=0
    )
    if checked.ndim == 0:
        checked = np.full(n, float(checked))
    if checked.shape != (n,):
        raise ValueError(
            f"{name} has the shape {checked.shape}. Expected ({n},), one number per row of X. "
            "A column of shape (n, 1) becomes one of shape (n,) by np.ravel."
        )
    if np.any(checked < 0):
        row = int(np.flatnonzero(checked < 0)[0])
        raise ValueError(
            f"{name}[{row}]={checked[row]:g} is negative. Expected numbers of samples, >= 0. "
            "Labels of -1 and 1 become 0 and 1 by (labels > 0)."
        )
    return checked
