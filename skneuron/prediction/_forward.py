"""The forward pass: w·x + b for the rows of X, and a function of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.extmath import safe_sparse_dot

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import forward
from skneuron.validation import FittedNeuron, check_finite, check_offset, dense_coef

__all__ = ["forward_pass"]


def forward_pass(
    neuron: FittedNeuron,
    X: Matrix,
    of_z: Callable[[AnyArray], AnyArray],
    offset: ArrayLike | None = None,
    *,
    is_bounded: bool = False,
) -> AnyArray:
    """Return a function of z for each row of X, in the dtype of X.

    Parameters
    ----------
    neuron : FittedNeuron
    X : ndarray or CSR/CSC matrix of shape (n_samples, n_features)
        From ``check_rows``.
    of_z : callable
        Gets z of shape (n_rows, n_neurons) for a block of rows, and returns an array of shape
        (n_rows,) or (n_rows, n_columns).
    offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
    is_bounded : bool, default=False
        Whether an output below the range of the dtype is its most negative number. By default
        it raises an error.

    Raises
    ------
    ValueError
        If X or z is not finite, or an output overflows the dtype of X.
    """
    coef, intercept = dense_coef(neuron), neuron.intercept_
    if not np.all(coef):
        # A BLAS may skip columns with a coefficient of zero, and NaN in these columns.
        check_finite(X)
    kind = np.result_type(X.dtype, coef.dtype)
    width = of_z(np.zeros((1, len(coef)), kind)).shape[1:]
    out = np.empty((X.shape[0], *width), kind)
    added = check_offset(offset, X.shape[0], len(neuron.classes_), kind=kind)

    def store(rows: slice, z: AnyArray) -> None:
        """Store the function of z for these rows."""
        if added is not None:
            z += added[rows].reshape(z.shape)
        output = of_z(z)
        if is_bounded and output.dtype != kind:
            output = np.maximum(output, np.finfo(kind).min)
        with np.errstate(over="ignore"):
            out[rows] = output
        if output.dtype != kind:
            _check_overflow(out[rows], output)

    if not forward(X, coef, intercept, store):
        store(slice(None), _pre_activation_in_float64(X, coef, intercept))
    return out


def _pre_activation_in_float64(X: Matrix, coef: AnyArray, intercept: AnyArray) -> FloatArray:
    """Return z in float64 for a finite X with a z that overflows float32."""
    check_finite(X)
    with np.errstate(over="ignore", invalid="ignore"):
        z = safe_sparse_dot(X.astype(np.float64), coef.T.astype(np.float64)) + intercept
    if not np.all(np.isfinite(z)):
        row = int(np.flatnonzero(~np.isfinite(z).all(axis=1))[0])
        raise ValueError(
            f"The linear predictor w·x + b overflows float64 in row {row}. Expected X in the units "
            "of the data in fit. Check that X went through the same preprocessing."
        )
    return np.asarray(z)


def _check_overflow(stored: AnyArray, output: AnyArray) -> None:
    """Raise if outputs, computed in float64, overflow the dtype of X."""
    lost = ~np.isfinite(stored) & np.isfinite(output)
    if lost.any():
        raise ValueError(
            f"The output {output[lost][0]:.6g} overflows {stored.dtype}, the dtype of X. "
            "Expected outputs in its range. Pass X as float64: X.astype(np.float64)."
        )
