"""Separation of many rows: a proof on some rows, which all rows have to confirm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.separation._detect import Separation
from skneuron.separation._signed import flat_direction

__all__ = ["Beyond", "Find", "rows_beyond", "separation_in_parts"]

# Maximum number of rows that a round adds.
_ADDED = 1000

# Maximum number of rounds. In 200 random problems the largest number was 3.
_MAX_ROUNDS = 30

# Largest distance of a row from the hyperplane that counts as zero, relative to its terms.
_ON_PLANE = 1e-8

# Rounding error of w·x + b, relative to the sizes of its terms.
_ROUNDING = 8 * float(np.finfo(np.float64).eps)

# Maximum number of rows of a block.
_BLOCK_ROWS = 2**13

#: Gets rows and which of them are of the class. Returns the separation.
Find = Callable[[Matrix, AnyArray], Separation]

#: Gets coefficients, an intercept, and whether both sides of the hyperplane are wrong. Returns rows
#: on a wrong side, which of them are of the class, and whether a row is on the hyperplane.
Beyond = Callable[[FloatArray, float, bool], tuple[Any, AnyArray, bool]]


def separation_in_parts(
    X: Matrix, is_one: AnyArray, fit_intercept: bool, find: Find, beyond: Beyond
) -> Separation:
    """Return the separation of one class from the rest, of all rows.

    A hyperplane that separates some rows gets the rows on its wrong side in addition. If some rows
    overlap, all rows do, unless columns that are independent in all rows are not in these: a rare
    level may be missing. Then a random one of the directions without an effect on these rows has an
    effect on others, with probability 1, and these are added.

    Parameters
    ----------
    X : ndarray or CSR/CSC array of shape (n_some, n_features)
        The first rows.
    is_one : ndarray of bool of shape (n_some,)
    fit_intercept : bool
    find : callable
    beyond : callable
        Looks at all rows.

    Returns
    -------
    Separation

    Examples
    --------
    The three rows of the start do not have the second column.

    >>> import numpy as np
    >>> from skneuron.separation import rows_beyond, separation_in_parts, separation_of
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    >>> is_one = np.array([False, True, False, True])
    >>> def find(rows, own):
    ...     return separation_of(rows, own, ["x", "rare"], True)
    >>> def beyond(coef, intercept, both):
    ...     wrong, on_plane = rows_beyond(X, is_one, coef, intercept, both)
    ...     return X[wrong], is_one[wrong], on_plane
    >>> find(X[:3], is_one[:3]).kind
    'none'
    >>> separation_in_parts(X[:3], is_one[:3], True, find, beyond).kind
    'quasi-complete'
    """
    for _ in range(_MAX_ROUNDS):
        found = find(X, is_one)
        if found.kind == "undecided":
            return found
        overlaps = not found.is_separated
        direction = flat_direction(X, fit_intercept) if overlaps else found.direction
        if direction is None:
            return found
        wrong, wrong_is_one, is_on_plane = beyond(*direction, overlaps)
        if not len(wrong_is_one):
            if overlaps:
                return found
            is_complete = found.kind == "complete" and not is_on_plane
            return replace(found, kind="complete" if is_complete else "quasi-complete")
        pieces: list[Any] = [X, wrong]
        is_sparse = sparse.issparse(X)
        X = sparse.csr_array(sparse.vstack(pieces)) if is_sparse else np.concatenate(pieces)
        is_one = np.concatenate([is_one, wrong_is_one])
    return Separation("undecided", None, (), (), 0.0)


def rows_beyond(
    X: Matrix,
    is_one: AnyArray,
    coef: FloatArray,
    intercept: float,
    both: bool,
    scale: FloatArray | None = None,
    most: int = _ADDED,
) -> tuple[AnyArray, bool]:
    """Return the indices of rows on a wrong side, and whether a row is on the hyperplane.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    is_one : ndarray of bool of shape (n_samples,)
    coef : ndarray of shape (n_features,)
    intercept : float
    both : bool
        Whether both sides are wrong. Otherwise rows of the class have to be at w·x + b > 0.
    scale : ndarray of shape (n_features,) or None
        Units of the columns, which decide what counts as zero.
    most : int
        About the maximum number of rows.

    Returns
    -------
    (ndarray of int, bool)

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.separation import rows_beyond
    >>> X, is_one = np.array([[-1.0], [2.0], [3.0]]), np.array([False, False, True])
    >>> wrong, is_on_plane = rows_beyond(X, is_one, np.ones(1), 0.0, False)
    >>> wrong.tolist(), is_on_plane
    ([1], False)
    """
    moving = np.flatnonzero(coef)
    largest = (
        0.0 if scale is None else np.abs(coef * np.where(np.isfinite(scale), scale, 0.0)).max()
    )
    center = np.zeros(len(moving))
    if not sparse.issparse(X):
        center = X[0][moving].astype(np.float64)
    at_center = np.append(intercept, center * coef[moving])
    least = _ON_PLANE * largest + _ROUNDING * float(np.abs(at_center).sum())
    margin, tolerance = np.empty(len(is_one)), np.empty(len(is_one))
    size = len(is_one) if sparse.issparse(X) else _BLOCK_ROWS
    for start in range(0, len(is_one), size):
        rows = slice(start, start + size)
        data: Any = X[rows][:, moving]
        data = data if sparse.issparse(X) else data - center
        z = np.asarray(data @ coef[moving]) + at_center.sum()
        margin[rows] = -np.abs(z) if both else np.where(is_one[rows], z, -z)
        tolerance[rows] = _ON_PLANE * np.asarray(abs(data) @ np.abs(coef[moving])) + least
    # The intercept has the rounding errors of terms that rows near the center do not show.
    tolerance += _ROUNDING / _ON_PLANE * tolerance.max()
    wrong = np.flatnonzero(margin + tolerance < 0)
    if both:
        wrong = wrong[:: max(1, len(wrong) // most)]
    elif len(wrong) > most:
        wrong = np.sort(wrong[np.argpartition((margin + tolerance)[wrong], most)[:most]])
    return wrong, bool(np.any(np.abs(margin) <= tolerance))
