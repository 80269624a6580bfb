"""Linearly independent hypotheses."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr

from skneuron._common import FloatArray
from skneuron.inference._contrasts import Hypotheses

__all__ = ["independent"]

# A coefficient of a hypothesis is a rounding error if it is smaller, relative to the largest one.
_ROUNDING = 1e-14

# A hypothesis depends on the others if its remainder is smaller, for coefficients of at most 1.
_DEPENDENT = 1e-12

# Right sides of dependent hypotheses differ by rounding errors up to this fraction of their size.
_CONTRADICTION = 1e-8


def independent(matrix: FloatArray, c: FloatArray, errors: FloatArray) -> Hypotheses:
    """Return linearly independent hypotheses that are equivalent to all of them.

    Parameters
    ----------
    matrix : ndarray of shape (q, p)
        Each row has a largest coefficient of 1.
    c : ndarray of shape (q,)
    errors : ndarray of shape (p,)
        Standard errors of the parameters.

    Raises
    ------
    ValueError
        If the hypotheses contradict each other.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.inference._independent import independent
    >>> L = np.array([[1.0, 0.0], [1.0, -0.5], [0.0, 1.0]])
    >>> found = independent(L, np.array([0.0, 1.0, -2.0]), np.ones(2))
    >>> order = np.argsort(found.L[:, 1])
    >>> found.L[order].round(12).tolist(), found.c[order].round(12).tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [0.0, -2.0])
    """
    # A coefficient is a rounding error if it is small as a number and in its effect. One of both
    # is not enough: the units of the parameters may differ by any factor.
    size = np.log(np.maximum(np.abs(matrix), np.finfo(float).tiny))
    effect = size + np.log(np.maximum(errors, np.finfo(float).tiny))
    small = np.log(_ROUNDING)
    is_rounding = (size < size.max(axis=1, keepdims=True) + small) & (
        effect < effect.max(axis=1, keepdims=True) + small
    )
    matrix = np.where(is_rounding, 0.0, matrix)
    # Divided by its largest coefficient, the column of a parameter does not depend on its unit.
    unit = np.abs(matrix).max(axis=0)
    unit[unit == 0] = 1.0
    turn, triangle, order = qr(matrix / unit, pivoting=True)
    sizes = np.abs(np.diag(triangle))
    rank = int((sizes > _DEPENDENT * sizes.max()).sum())
    outside = turn[:, rank:] @ turn[:, rank:].T
    outside[np.abs(outside) < _DEPENDENT] = 0.0
    if (np.abs(outside @ c) > _CONTRADICTION * (np.abs(outside) @ np.abs(c))).any():
        raise ValueError(
            "The hypotheses contradict each other. Expected hypotheses that can hold at the same "
            "time. Remove one of the hypotheses on the same combination of coefficients."
        )
    # Reduced to the pivots, a hypothesis mixes no more units than necessary.
    inverse, pivots = np.linalg.inv(triangle[:rank, :rank]), order[:rank]
    reduced = np.zeros((rank, matrix.shape[1]))
    reduced[:, pivots] = np.eye(rank)
    reduced[:, order[rank:]] = inverse @ triangle[:rank, rank:]
    reduced *= unit / unit[pivots][:, None]
    return Hypotheses(reduced, inverse @ (turn[:, :rank].T @ c) / unit[pivots], [])
