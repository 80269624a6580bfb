"""Conjugate gradients for Newton's equations, and when they may end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._tolerances import SETTLED

__all__ = ["GAP_TERMS", "Solution", "conjugate_gradients", "is_accurate", "settled"]

#: Number of last terms that decide whether the gap is accurate. With half as many, gaps of
#: collinear columns with hardly any penalty were fifteen times too small.
GAP_TERMS = 10

Linear = Callable[[FloatArray], FloatArray]


class Solution(NamedTuple):
    """Approximate solution of Newton's equations.

    Attributes
    ----------
    step : ndarray of shape (n_params,)
    gap : float
        ½ gᵀH⁻¹g so far.
    products : int
        Number of products with H.
    residual : ndarray of shape (n_params,)
        -g - H · step.
    """

    step: FloatArray
    gap: float
    products: int
    residual: FloatArray


def conjugate_gradients(
    product: Linear,
    gradient: FloatArray,
    precondition: Linear,
    enough: Callable[[list[float]], bool],
    *,
    max_products: int,
) -> Solution:
    """Solve H v = -g.

    The gap is a sum of positive terms, one per product: it is approached from below (Hestenes
    & Stiefel, J. Res. Natl. Bur. Stand. 49, 1952; Strakoš & Tichý, ETNA 13, 2002). It is
    infinite if the gradient meets no curvature.

    Parameters
    ----------
    product : callable
        u ↦ Hu, H positive semidefinite.
    gradient : ndarray of shape (n_params,)
    precondition : callable
        u ↦ M⁻¹u with a positive definite M like H. If it is zero on some coordinates, these
        keep their values, and the equations of the others are solved.
    enough : callable
        Gets the terms so far, returns whether to end.
    max_products : int

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.newton._conjugate import conjugate_gradients
    >>> H, g = np.diag([1.0, 4.0]), np.array([2.0, 4.0])
    >>> solution = conjugate_gradients(H.dot, g, np.copy, lambda _: False, max_products=2)
    >>> solution.step.round(9).tolist(), round(solution.gap, 9)
    ([-2.0, -1.0], 4.0)
    """
    step, residual = np.zeros_like(gradient), -gradient
    direction = scaled = precondition(residual)
    square = float(residual @ scaled)
    terms: list[float] = []
    products = 0
    while products < max_products and square > 0:
        image = product(direction)
        products += 1
        curvature = float(direction @ image)
        if curvature <= 0:
            break
        length = square / curvature
        step = step + length * direction
        residual = residual - length * image
        terms.append(0.5 * length * square)
        if enough(terms):
            break
        scaled = precondition(residual)
        last, square = square, float(residual @ scaled)
        direction = scaled + (square / last) * direction
    # Without a term, and a gradient all the same, the gap is unknown.
    unknown = not terms and square != 0
    return Solution(step, float(np.inf) if unknown else sum(terms), products, residual)


def settled(terms: list[float], last: int, fraction: float = SETTLED) -> bool:
    """Return whether the last few terms, like those that are missing, are a small fraction."""
    return len(terms) > last and sum(terms[-last:]) < fraction * sum(terms)


def is_accurate(terms: list[float]) -> bool:
    """Return whether the sum of the terms is an accurate gap."""
    return settled(terms, GAP_TERMS)
