"""Detect whether a hyperplane separates the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin

from skneuron._common import AnyArray, FloatArray, Matrix, MatrixLike
from skneuron._threads import blas_on_one_thread
from skneuron.separation._proofs import (
    UndecidedError,
    balance_or_separator,
    widest_cone_direction,
)
from skneuron.separation._signed import signed_rows
from skneuron.validation import check_finite, check_training_data

__all__ = ["Separation", "detect_separation", "separation_of"]


@dataclass(frozen=True)
class Separation:
    """Whether and how a hyperplane separates two classes.

    Attributes
    ----------
    kind : {"complete", "quasi-complete", "none", "undecided"}
        Complete: for some w, b every row is strictly on its side. Quasi-complete: some rows, but
        not all, are on the hyperplane. None: the classes overlap, and the likelihood has
        a finite maximum. Undecided: rounding errors do not allow a decision.
    direction : (ndarray of shape (n_features,), float) or None
        Coefficients and intercept that prove it. The likelihood increases along them without
        limit.
    features : tuple of str or int
        Names, or numbers, of the columns with a coefficient in the direction. Columns that
        depend on other columns may be left out.
    signs : tuple of int
        Whether their coefficients go to plus (1) or minus (-1) infinity in this direction.
    margin : float
        0 for separated classes. For overlapping classes the smallest residual of the
        unpenalised logistic regression, relative to the mean of the residuals. At most 1. A
        number near 0 means that the classes overlap in very few rows. 0 if rounding errors hide
        the overlap.
    """

    kind: Literal["complete", "quasi-complete", "none", "undecided"]
    direction: tuple[FloatArray, float] | None
    features: tuple[str | int, ...]
    signs: tuple[int, ...]
    margin: float

    @property
    def is_separated(self) -> bool:
        """Whether a hyperplane separates the classes."""
        return self.kind in ("complete", "quasi-complete")

    def __str__(self) -> str:
        if self.kind == "none":
            return f"no separation: the classes overlap (margin {self.margin:.1e})"
        if self.kind == "undecided":
            return (
                "no verdict: rounding errors hide on which side of a hyperplane rows are. Bring "
                "the columns to similar scales, or replace huge values"
            )
        directions = ", ".join(
            f"{name} to {'+' if sign > 0 else '-'}inf"
            for name, sign in zip(self.features, self.signs, strict=True)
        )
        return f"{self.kind} separation: {directions or 'the bias alone'}"


# Largest distance of a row from the hyperplane that counts as zero, in scaled columns.
_ON_PLANE = 1e-8

# The same distance as a fraction of the terms of w·x, on the original scale and from the median of
# the rows on the hyperplane. With a larger distance, the scaling made it look like zero.
_EXACT = 1e-6

# Rounding error of w·x, relative to the sizes of its terms.
_ROUNDING = 8 * float(np.finfo(np.float64).eps)


def _lies_on_plane(X: Matrix, coef: FloatArray, fit_intercept: bool) -> bool:
    """Whether the rows have the same w·x (without an intercept: zero) on the original scale."""
    moving = np.flatnonzero(coef)
    if X.shape[0] == 0 or len(moving) == 0:
        return True
    inner: Any = X[:, moving]
    inner = inner.toarray() if sparse.issparse(inner) else np.asarray(inner, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        noise = _ROUNDING * (np.abs(inner) @ np.abs(coef[moving]))
        if fit_intercept:
            inner = inner - np.median(inner, axis=0)
        terms = inner * coef[moving]
        distance = terms.sum(axis=1)
        if fit_intercept:
            # The rows in the middle round, too.
            middle = np.argsort(distance)[(len(distance) - 1) // 2 : len(distance) // 2 + 1]
            distance = distance - distance[middle].mean()
            noise = noise + noise[middle].max()
        return bool(np.all(np.abs(distance) <= _EXACT * np.abs(terms).sum(axis=1) + noise))


class _Asked(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Holds the column names for the check of the data. Errors of the check have its class name."""


_Asked.__name__ = "detect_separation"


def detect_separation(
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    fit_intercept: bool = True,
) -> Separation | list[Separation]:
    """Return whether a hyperplane separates the classes, with a proof.

    Parameters
    ----------
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        The function ignores rows of zero weight. Other weights have no effect.
    fit_intercept : bool, default=True
        Whether the hyperplane has an intercept. Otherwise it goes through the origin.

    Returns
    -------
    Separation or list of Separation
        For more than two classes a list: each class, in sorted order, against the rest.

    Raises
    ------
    ValueError
        If X, y or the sample weights are not valid, or there is a single class.

    Notes
    -----
    Albert & Anderson (1984) define separation. The linear program is due to Konis (2007). The
    function solves it only if a few Newton steps do not prove the answer.

    Examples
    --------
    One neuron computes AND without error, but not XOR.

    >>> from skneuron.separation import detect_separation
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> print(detect_separation(corners, [0, 0, 0, 1]))
    complete separation: 0 to +inf, 1 to +inf
    >>> detect_separation(corners, [0, 1, 1, 0]).kind
    'none'
    """
    asked = _Asked()
    data = check_training_data(asked, X, y, sample_weight, None)
    check_finite(data.X)
    if len(data.present) < 2:
        only = data.classes[data.present].tolist()
        raise ValueError(
            f"Only the class {only!r} has samples of positive weight. Expected samples of at "
            "least two classes. Check with np.bincount(y, sample_weight)."
        )
    names = list(getattr(asked, "feature_names_in_", range(data.X.shape[1])))
    n_classes = len(data.classes)
    # On shared cores, products with thin matrices would wait for the threads of each other.
    with blas_on_one_thread():
        if n_classes == 2:
            return separation_of(data.X, data.y == 1, names, fit_intercept)
        return [separation_of(data.X, data.y == k, names, fit_intercept) for k in range(n_classes)]


def separation_of(
    X: Matrix,
    is_one: AnyArray,
    names: Sequence[Any],
    fit_intercept: bool,
    within: tuple[FloatArray, FloatArray] | None = None,
) -> Separation:
    """Return the separation of one class from the rest, for checked rows.

    Parameters
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    is_one : ndarray of bool of shape (n_samples,)
    names : sequence of length n_features
    fit_intercept : bool
    within : (ndarray of shape (n_features,), ndarray of shape (n_features,)), default=None
        Bounds of the coefficients. Only directions count along which the coefficients can grow
        without limit inside of the bounds.
    """
    signs = np.where(is_one, 1.0, -1.0)
    rows = signed_rows(X, signs, fit_intercept)
    if not len(rows.kept):
        return Separation("none", None, (), (), 1.0)
    overlap, beta = balance_or_separator(rows.A)
    try:
        if beta is None and overlap == 0.0:
            beta = widest_cone_direction(rows.A)
        if beta is None:
            return Separation("none", None, (), (), overlap)
        if within is not None:
            # A column may have the sign that the bounds forbid for the columns that it depends on.
            rows = signed_rows(X, signs, fit_intercept, independent=False)
            bias = np.ones(int(fit_intercept))
            low = np.append(np.where(np.isfinite(within[0]), 0.0, -1.0), -bias)
            high = np.append(np.where(np.isfinite(within[1]), 0.0, 1.0), bias)
            beta = widest_cone_direction(rows.A, low, high)
            if beta is None:
                return Separation("none", None, (), (), 0.0)
    except UndecidedError:
        return Separation("undecided", None, (), (), 0.0)
    beta = beta / np.abs(beta).max()
    coef, _ = rows.to_weights(beta)
    on_plane = np.abs(rows.A @ beta) <= _ON_PLANE
    if not _lies_on_plane(X[on_plane], coef, fit_intercept):
        return Separation("undecided", None, (), (), 0.0)
    complete = bool((rows.A @ beta).min() > 1e-12)
    moving = [
        (names[column], int(np.sign(value)))
        for column, value in zip(rows.kept, beta, strict=True)
        if column < len(names) and value != 0
    ]
    return Separation(
        "complete" if complete else "quasi-complete",
        rows.to_weights(beta),
        tuple(name for name, _ in moving),
        tuple(sign for _, sign in moving),
        0.0,
    )
