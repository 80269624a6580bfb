"""Separation of more than two classes at once, for a softmax model."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, Matrix
from skneuron.separation._detect import Separation
from skneuron.separation._proofs import (
    UndecidedError,
    balance_or_separator,
    widest_cone_direction,
)
from skneuron.separation._signed import signed_rows

__all__ = ["layer_separation_of"]

# Maximum number of products for one Hessian of the proof. A larger proof takes longer than the fit.
_MAX_WORK = 2e7


def layer_separation_of(
    X: Matrix, y: AnyArray, n_classes: int, fit_intercept: bool
) -> Separation | None:
    """Return whether the likelihood of a softmax model has a finite maximum.

    The maximum is infinite if coefficients βₖ exist with (β_y - βₖ)·x >= 0 for each row x of
    class y and each other class k, and above 0 for at least one (Albert & Anderson,
    Biometrika 71, 1984).

    Parameters
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class numbers.
    n_classes : int
    fit_intercept : bool

    Returns
    -------
    Separation or None
        Without a direction. Features are column numbers. Each sign belongs to the class with
        the coefficient that grows most. None if there are too many rows, columns and classes.
    """
    rows = signed_rows(X, np.ones(len(y)), fit_intercept)
    n_kept = len(rows.kept)
    if len(y) * (n_classes - 1) * (2 * n_kept) ** 2 > _MAX_WORK:
        return None
    # The coefficients of the last class are 0, because the model depends on differences only.
    ahead = np.eye(n_classes)[:, :-1]
    contrasts = [
        sparse.kron(sparse.csr_array(ahead[[j]] - ahead[[k]]), rows.A[y == j], format="csr")
        for j in range(n_classes)
        for k in range(n_classes)
        if j != k
    ]
    A = sparse.csr_array(sparse.vstack(contrasts, format="csr"))
    overlap, beta = balance_or_separator(A)
    if beta is None and overlap == 0.0:
        try:
            beta = widest_cone_direction(A)
        except UndecidedError:
            return Separation("undecided", None, (), (), 0.0)
    if beta is None:
        return Separation("none", None, (), (), overlap)
    complete = bool((A @ beta).min() > 1e-12 * np.abs(beta).max())
    by_class = beta.reshape(n_classes - 1, n_kept)
    largest = by_class[np.abs(by_class).argmax(axis=0), range(n_kept)]
    moving = [
        (int(column), int(np.sign(value)))
        for column, value in zip(rows.kept, largest, strict=True)
        if column < X.shape[1] and value != 0
    ]
    return Separation(
        "complete" if complete else "quasi-complete",
        None,
        tuple(column for column, _ in moving),
        tuple(sign for _, sign in moving),
        0.0,
    )
