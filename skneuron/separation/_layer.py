"""Separation of more than two classes at once, as a softmax layer sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from skneuron._typing import AnyArray
from skneuron.separation._detect import Separation
from skneuron.separation._proofs import balance_or_separator, widest_cone_direction
from skneuron.separation._signed import signed_rows

__all__ = ["layer_separation_of"]

# Products for one Hessian of the proof; above, it would take longer than the fit that asks.
_MOST_WORK = 2e7


def layer_separation_of(
    X: Any, y: AnyArray, n_classes: int, fit_intercept: bool
) -> Separation | None:
    """Return whether the likelihood of a softmax layer has a finite maximum.

    It has none if there are weights βₖ with (β_y - βₖ)·x >= 0 for each row x of class y and
    each other class k, and above 0 for one of them (Albert & Anderson, Biometrika 71, 1984).

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
        Without a direction, features are column numbers; the sign is that of the class whose
        weight grows most. None if there are too many rows, columns and classes to tell.
    """
    rows = signed_rows(X, np.ones(len(y)), fit_intercept)
    n_kept = len(rows.kept)
    if len(y) * (n_classes - 1) * (2 * n_kept) ** 2 > _MOST_WORK:
        return None
    # The weights of the last class are 0, as only differences count.
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
        beta = widest_cone_direction(A)
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
