"""Proofs: a direction that separates the classes, or weights that exclude such a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse
from scipy.optimize import linprog
from scipy.special import expit

from skneuron._common import AnyArray, FloatArray

__all__ = ["UndecidedError", "balance_or_separator", "widest_cone_direction"]

# Maximum number of Newton steps. Overlapping data converge in about ten. Each step on separated
# data lowers the smallest weight by a factor of e, and then no proof of overlap is left.
_STEPS = 25

# Twice the remaining decrease of the loss at which the margin of overlap is final.
_SETTLED = 1e-10

# Margins below this number are rounding errors of the linear program with its tolerance of 1e-10.
# The largest value of a column is 1.
_ZERO = 1e-8

# Margins below this number are rounding errors of products, after the projection on the rows
# with a margin of zero.
_ROUNDING = 1e-12

# Largest remainder of a balanced sum, as a fraction of its smallest part.
_REMAINDER = 1e-3

# Smallest part of a sum of n parts, relative to n times the largest part. The rounding error of the
# sum is then below the largest remainder.
_SMALLEST_PART = float(np.finfo(np.float64).eps) / _REMAINDER

# Number of rows that enter the linear program at a time.
_ROWS = 1000

# Seconds after which a linear program gives up. Ordinary ones take milliseconds.
_SECONDS = 2.0


class UndecidedError(ArithmeticError):
    """Rounding errors hide whether there is a separating direction."""


def balance_or_separator(A: AnyArray) -> tuple[float, FloatArray | None]:
    """Fit a logistic regression to signed rows until it proves overlap or separation.

    Positive weights with Σᵢ wᵢ aᵢ = 0 prove that no β has A β >= 0 other than A β = 0, as
    Σᵢ wᵢ aᵢ·β = 0 (Gordan, Stiemke). The residuals p of a fit nearly satisfy this equation.
    p (1 - A δ) with δ = (AᵀPA)⁻¹ Aᵀp satisfies it, and is positive if A δ < 1.

    Returns
    -------
    overlap : float
        Smallest of the weights that prove overlap, relative to their mean. 0 without a proof.
    beta : ndarray of shape (n_columns,) or None
        Coefficients with ``A @ beta > 0`` in every row.

    Notes
    -----
    The proof needs the residuals after each step and ends most fits early. The package's own
    Newton solver with the same check as its callback takes 0.8 to 14 times as long, and
    reproduces the overlap to 6 digits only.
    """
    beta = np.zeros(A.shape[1])
    z = A @ beta
    overlap = 0.0
    for _ in range(_STEPS):
        p = expit(-z)
        gradient = A.T @ p
        try:
            step = _solve(_gram(A, p * (1 - p)), gradient)
            decrement = float(gradient @ step)
            if decrement < 1.0:
                delta = _solve(_gram(A, p), gradient)
                weights = p * (1 - A @ delta)
                if _balanced(A, weights):
                    overlap = float(weights.min() / weights.mean())
        except linalg.LinAlgError:
            break
        if overlap > 0 and decrement <= _SETTLED:
            break
        slope = A @ step
        length, loss = 1.0, np.logaddexp(0, -z).sum()
        while length > 1e-3 and np.logaddexp(0, -z - length * slope).sum() > loss:
            length /= 2
        beta = beta + length * step
        z = A @ beta
        if z.min() > _ROUNDING * max(1.0, np.abs(beta).sum()):
            return 0.0, beta
    return overlap, None


def _solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    # A poor condition costs digits, and then the checks of the result fail.
    return np.asarray(linalg.cho_solve(linalg.cho_factor(matrix), right))


def _gram(A: AnyArray, weights: FloatArray) -> FloatArray:
    if sparse.issparse(A):
        return np.asarray((A.T @ (sparse.diags(weights) @ A)).toarray())
    root = A * np.sqrt(weights)[:, None]
    return np.asarray(root.T @ root)


def _balanced(A: AnyArray, weights: FloatArray) -> bool:
    """Whether the remainder of the sum is far below the part of each row.

    A part below the rounding error of the sum would prove nothing.
    """
    smallest = weights.min()
    if not smallest > _SMALLEST_PART * len(weights) * weights.max():
        return False
    return bool(np.abs(A.T @ weights).max() <= _REMAINDER * smallest)


def widest_cone_direction(
    A: AnyArray, low: float | FloatArray = -1.0, high: float | FloatArray = 1.0
) -> FloatArray | None:
    """Return β with A β >= 0 and as many positive rows as possible, or None without such a row.

    An entry of β is not negative if its ``low`` is 0 instead of -1, and not positive if its
    ``high`` is 0.

    The linear program of Konis (2007) maximises Σᵢ aᵢ·β in the box |β| <= 1 with A β >= 0.
    This function repeats the program for the rows that are still at zero, and adds the
    directions. The sum is inside the cone of all separating directions.

    Raises
    ------
    UndecidedError
        If the program has no solution to the needed accuracy.
    """
    total = np.zeros(A.shape[1])
    open_rows = np.ones(A.shape[0], dtype=bool)
    while open_rows.any():
        beta = _program(A, np.asarray(A[open_rows].sum(axis=0)).ravel(), low, high)
        margins = A @ beta
        if margins.max() <= _ZERO:
            break
        beta = np.clip(_without_rounding(A, beta, np.abs(margins) <= _ZERO), low, high)
        margins = A @ beta
        gained = open_rows & (margins > _ZERO)
        if margins.min() < -_ROUNDING * A.shape[1] or not gained.any():
            if total.any():
                break
            raise UndecidedError
        total += beta
        open_rows &= ~gained
    return total if total.any() else None


def _program(A: AnyArray, gain: FloatArray, low: ArrayLike, high: ArrayLike) -> FloatArray:
    """Maximise the gain. Only violated rows become constraints."""
    rows = np.argsort(A @ gain)[:_ROWS]
    gain = gain / max(np.abs(gain).max(), np.finfo(float).tiny)
    box = np.column_stack([np.broadcast_to(end, A.shape[1]) for end in (low, high)])
    # The smallest tolerances that HiGHS accepts. Its presolver takes seconds on columns of
    # many decades.
    options = {
        "primal_feasibility_tolerance": 1e-10,
        "dual_feasibility_tolerance": 1e-10,
        "presolve": False,
        "time_limit": _SECONDS,
    }
    while True:
        solved = linprog(
            -gain,
            A_ub=-A[rows],
            b_ub=np.zeros(len(rows)),
            bounds=box,
            method="highs",
            options=options,
        )
        if solved.status != 0:
            raise UndecidedError
        margins = A @ solved.x
        worst = np.argsort(margins)[:_ROWS]
        fresh = np.setdiff1d(worst[margins[worst] < -_ZERO / 10], rows)
        if not len(fresh):
            return np.asarray(solved.x)
        rows = np.concatenate([rows, fresh])


def _without_rounding(A: AnyArray, beta: FloatArray, at_zero: AnyArray) -> FloatArray:
    """Project on the directions that keep the rows at zero."""
    if not at_zero.any():
        return beta
    rows: Any = A[at_zero]
    if sparse.issparse(rows):
        _, lengths, right = np.linalg.svd((rows.T @ rows).toarray())
        lengths = np.sqrt(lengths)
    else:
        _, lengths, right = np.linalg.svd(np.linalg.qr(rows, mode="r"), full_matrices=True)
    normals = right[: np.count_nonzero(lengths > 1e-7 * lengths.max(initial=0.0))]
    beta = beta - normals.T @ (normals @ beta)
    beta[np.abs(beta) <= _ZERO] = 0.0
    return beta
