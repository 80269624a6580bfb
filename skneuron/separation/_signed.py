"""Rows times the sign of their class, with scaled and linearly independent columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import DesignMatrix, Moments, resolve_ordinary_values

__all__ = ["SignedRows", "flat_direction", "signed_rows"]

# A column depends on other columns if the part that is orthogonal to them is below this fraction
# of its length.
_DEPENDENT = 1e-10

# The same fraction for sparse columns. Their sums of products square the condition number.
_DEPENDENT_IN_PRODUCTS = 1e-7

# Width of the ordinary values of a column, as a fraction of its largest deviation, below which
# it becomes the unit of the column. Otherwise their differences could look like rounding.
_CLOSE = 1e-2


@dataclass(frozen=True)
class SignedRows:
    """The matrix A of rows sᵢ (x̃ᵢ, 1). A separating β has A β >= 0.

    Attributes
    ----------
    A : ndarray or CSR array of shape (n_samples, n_kept)
        No value is above 1. Columns, with the intercept as a column, are independent. A row
        with a huge value is divided by it, which changes no sign of A β.
    kept : ndarray of shape (n_kept,)
        Numbers of the columns in A. The intercept is last.
    center, scale : ndarray of shape (n_features,)
    has_bias : bool
    """

    A: AnyArray
    kept: AnyArray
    center: FloatArray
    scale: FloatArray
    has_bias: bool

    def to_weights(self, beta: FloatArray) -> tuple[FloatArray, float]:
        """Return the direction as coefficients on the original scale, and an intercept."""
        n_features = len(self.scale)
        full = np.zeros(n_features + 1)
        full[self.kept] = beta
        coef = full[:n_features] / self.scale
        return coef, float(full[n_features] - coef @ self.center)


def signed_rows(
    X: Matrix, signs: FloatArray, fit_intercept: bool, *, independent: bool = True
) -> SignedRows:
    """Scale the columns, center them if there is an intercept, and drop dependent columns.

    Dependent columns stay if ``independent`` is False.
    """
    n, n_features = X.shape
    if sparse.issparse(X):
        columns, center = _centered_if_full(X, fit_intercept)
        largest = np.asarray(abs(columns).max(axis=0).todense()).ravel()
        scale = _spread(X, center, largest, fit_intercept).spread.copy()
        # A centered constant column is the rounding error of its mean. Columns that vary keep their
        # exact differences, at any distance from zero.
        ends = [np.asarray(end.todense()) for end in (columns.max(axis=0), columns.min(axis=0))]
        scale[(ends[0] == ends[1]).ravel() & (fit_intercept | (largest == 0))] = np.inf
        A: Any = sparse.csr_array(columns @ sparse.diags(1 / scale))
        scale[np.isinf(scale)] = 1.0
        if fit_intercept:
            A = sparse.hstack([A, np.ones((n, 1))], format="csr")
        size = np.asarray(abs(A).max(axis=1).todense()).ravel()
        A = sparse.csr_array(sparse.diags(signs / np.maximum(size, 1.0)) @ A)
        root, tolerance = (A.T @ A).toarray(), _DEPENDENT_IN_PRODUCTS
    else:
        dense: Any = X
        A = np.empty((n, n_features + fit_intercept))
        A[:, n_features:] = 1.0
        mean = dense.mean(axis=0, dtype=np.float64) if fit_intercept else np.zeros(n_features)
        largest = np.abs(dense - mean).max(axis=0)
        ordinary = _spread(X, mean, largest, fit_intercept)
        center, scale = ordinary.center, ordinary.spread.copy()
        inner = np.subtract(dense, center, out=A[:, :n_features])
        constant = largest == 0
        if fit_intercept:
            # Centered, such a column is the rounding error of its mean.
            constant |= dense.max(axis=0) == dense.min(axis=0)
        scale[constant | (scale == 0)] = 1.0
        inner /= scale
        inner[:, constant] = 0.0
        A *= (signs / np.maximum(np.abs(A).max(axis=1, initial=0.0), 1.0))[:, None]
        root, tolerance = np.linalg.qr(A, mode="r"), _DEPENDENT
    if not independent:
        return SignedRows(A, np.arange(A.shape[1]), center, scale, fit_intercept)
    length = np.linalg.norm(root, axis=0)
    triangle, order = linalg.qr(root / np.where(length > 0, length, 1.0), mode="r", pivoting=True)
    kept = np.sort(order[: np.count_nonzero(np.abs(np.diag(triangle)) > tolerance)])
    A = A if len(kept) == A.shape[1] else A[:, kept]
    return SignedRows(A, kept, center, scale, fit_intercept)


def flat_direction(X: Matrix, fit_intercept: bool) -> tuple[FloatArray, float] | None:
    """Return a direction along which no row has another w·x + b than zero, drawn at random.

    None if the columns are independent.
    """
    rows = signed_rows(X, np.ones(X.shape[0]), fit_intercept, independent=False)
    A: Any = rows.A
    is_sparse = sparse.issparse(A)
    root = np.asarray((A.T @ A).todense()) if is_sparse else np.linalg.qr(A, mode="r")
    length = np.sqrt(np.diag(root)) if is_sparse else np.linalg.norm(root, axis=0)
    length = np.where(length > 0, length, 1.0)
    root = root / length / (length[:, None] if is_sparse else 1.0)
    _, values, vectors = np.linalg.svd(root, full_matrices=True)
    # The singular values of sums of products are squares.
    tolerance = _DEPENDENT_IN_PRODUCTS**2 if is_sparse else _DEPENDENT
    flat = vectors[np.count_nonzero(values > tolerance * values.max(initial=0.0)) :]
    if not len(flat):
        return None
    return rows.to_weights(np.random.default_rng(0).normal(size=len(flat)) @ flat / length)


def _spread(X: Matrix, mean: FloatArray, largest: FloatArray, fit_intercept: bool) -> Moments:
    """Return centers, and units: the largest deviation, or less if it hides ordinary values."""
    moments = Moments.about_mean(mean, largest)
    if not fit_intercept:
        return moments
    return resolve_ordinary_values(DesignMatrix(X), moments, _CLOSE)


def _centered_if_full(X: Matrix, fit_intercept: bool) -> tuple[Any, FloatArray]:
    """Return sparse columns, minus their mean if they have no zeros, and these means.

    Only a column without zeros can be nearly constant and far from zero, like the intercept.
    """
    columns = sparse.csc_array(X, dtype=np.float64, copy=True)
    stored = np.diff(columns.indptr)
    center = np.zeros(X.shape[1])
    if fit_intercept:
        full = np.flatnonzero(stored == X.shape[0])
        for column in full:
            values = columns.data[columns.indptr[column] : columns.indptr[column + 1]]
            center[column] = values.mean()
            values -= center[column]
    return columns, center
