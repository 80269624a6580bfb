"""Either a direction that separates, or weights that prove that there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg, sparse
from scipy.optimize import linprog
from scipy.special import expit

from skneuron._typing import FloatArray

__all__ = ["balance_or_separator", "widest_cone_direction"]

# Overlapping data converge in ten or so; each step of separated data lowers the smallest
# weight by a factor of e, which soon leaves no balance to be proved.
_STEPS = 25

# Twice the loss that is still to gain where the margin of overlap is read off.
_SETTLED = 1e-10

# Columns have a largest value of 1. A margin below this is rounding of the linear program
# (its tolerance is 1e-10) ...
_ZERO = 1e-8
# ... and after projection on the rows that have none, only rounding of the products is left.
_ROUNDING = 1e-12

# What is left of a balanced sum may be this share of the smallest part in it; for that to be seen,
# the rounding of a sum of n parts has to be as much smaller than the smallest of them.
_LEFT_OVER = 1e-3
_VISIBLE = float(np.finfo(np.float64).eps) / _LEFT_OVER

# Rows that enter the linear program at a time.
_ROWS = 1000


def balance_or_separator(A: Any) -> tuple[float, FloatArray | None]:
    """Fit a logistic regression to signed rows until it proves something.

    Positive weights with Σᵢ wᵢ aᵢ = 0 prove that no β has A β >= 0 other than A β = 0, as
    Σᵢ wᵢ aᵢ·β = 0 (Gordan, Stiemke). The residuals p of a fit nearly do that;
    p (1 - A δ) with δ = (AᵀPA)⁻¹ Aᵀp does it, and is positive where A δ < 1.

    Returns
    -------
    overlap : float
        Smallest of the weights that prove overlap, relative to their mean; 0 without proof.
    beta : ndarray of shape (n_columns,) or None
        Where ``A @ beta > 0`` in every row.
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
    # Digits that a poor condition costs are missed by the checks of what comes of it.
    return np.asarray(linalg.cho_solve(linalg.cho_factor(matrix), right))


def _gram(A: Any, weights: FloatArray) -> FloatArray:
    if sparse.issparse(A):
        return np.asarray((A.T @ (sparse.diags(weights) @ A)).toarray())
    root = A * np.sqrt(weights)[:, None]
    return np.asarray(root.T @ root)


def _balanced(A: Any, weights: FloatArray) -> bool:
    """Whether what is left of the sum is far below any row's part in it.

    A part that is below the rounding of the sum would vanish in it, and prove nothing.
    """
    least = weights.min()
    if not least > _VISIBLE * len(weights) * weights.max():
        return False
    return bool(np.abs(A.T @ weights).max() <= _LEFT_OVER * least)


def widest_cone_direction(A: Any, low: Any = -1.0, high: Any = 1.0) -> FloatArray | None:
    """Return β with A β >= 0 and as many rows above zero as possible; None if none are.

    Where ``low`` is 0 and not -1 no entry of β is negative, where ``high`` is 0 none positive.

    The linear program of Konis (2007): maximise Σᵢ aᵢ·β in the box |β| <= 1 where A β >= 0.
    It is repeated for the rows that are still at zero, and the directions are added: the
    sum lies inside the cone of all directions that separate.
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
            break
        total += beta
        open_rows &= ~gained
    return total if total.any() else None


def _program(A: Any, gain: FloatArray, low: Any, high: Any) -> FloatArray:
    """Maximise the gain; only rows that were violated become constraints."""
    rows = np.argsort(A @ gain)[:_ROWS]
    gain = gain / max(np.abs(gain).max(), np.finfo(float).tiny)
    box = np.column_stack([np.broadcast_to(end, A.shape[1]) for end in (low, high)])
    # The tightest tolerances that HiGHS takes.
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    while True:
        solved = linprog(
            -gain,
            A_ub=-A[rows],
            b_ub=np.zeros(len(rows)),
            bounds=box,
            method="highs",
            options=options,
        )
        if solved.x is None:
            return np.zeros_like(gain)
        margins = A @ solved.x
        worst = np.argsort(margins)[:_ROWS]
        fresh = np.setdiff1d(worst[margins[worst] < -_ZERO / 10], rows)
        if not len(fresh):
            return np.asarray(solved.x)
        rows = np.concatenate([rows, fresh])


def _without_rounding(A: Any, beta: FloatArray, at_zero: Any) -> FloatArray:
    """Project on the directions in which the rows at zero stay there."""
    if not at_zero.any():
        return beta
    rows = A[at_zero]
    if sparse.issparse(rows):
        _, lengths, right = np.linalg.svd((rows.T @ rows).toarray())
        lengths = np.sqrt(lengths)
    else:
        _, lengths, right = np.linalg.svd(np.linalg.qr(rows, mode="r"), full_matrices=True)
    held = right[: np.count_nonzero(lengths > 1e-7 * lengths.max(initial=0.0))]
    beta = beta - held.T @ (held @ beta)
    beta[np.abs(beta) <= _ZERO] = 0.0
    return beta
