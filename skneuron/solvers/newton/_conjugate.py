"""Conjugate gradients for Newton's equations, and when they have done enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["KNOWN", "Solution", "conjugate_gradients", "pays_no_more", "settled"]

#: The gap is known when so many products have added little to it. After half as many, gaps of
#: collinear columns with hardly any penalty have been told fifteen times too small.
KNOWN = 10

# What is missing after k terms is about as much as the last few of them add.
_ROUGH = 0.1

# Half of what a product has added on average.
_PAYS = 0.5

Linear = Callable[[FloatArray], FloatArray]


class Solution(NamedTuple):
    """What conjugate gradients have found.

    Attributes
    ----------
    step : ndarray of shape (n_params,)
    gap : float
        ½ gᵀH⁻¹g so far.
    products : int
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
    divide: Linear,
    enough: Callable[[list[float]], bool],
    *,
    most: int,
) -> Solution:
    """Solve H v = -g.

    The gap is a sum of positive terms, one per product: it is approached from below (Hestenes
    & Stiefel, J. Res. Natl. Bur. Stand. 49, 1952; Strakoš & Tichý, ETNA 13, 2002). It is
    infinite where the gradient meets no curvature.

    Parameters
    ----------
    product : callable
        u ↦ Hu, H positive semidefinite.
    gradient : ndarray of shape (n_params,)
    divide : callable
        u ↦ M⁻¹u with a positive definite M like H, or this on some coordinates and zero on
        the others: these stay where they are, and the equations of the rest are solved.
    enough : callable
        Gets the terms so far, returns whether to end.
    most : int
        Products at most.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers.newton._conjugate import conjugate_gradients, settled
    >>> H, g = np.diag([1.0, 4.0]), np.array([2.0, 4.0])
    >>> found = conjugate_gradients(H.dot, g, np.copy, lambda _: False, most=2)
    >>> found.step.round(9).tolist(), round(found.gap, 9)
    ([-2.0, -1.0], 4.0)
    """
    step, residual = np.zeros_like(gradient), -gradient
    direction = divided = divide(residual)
    square = float(residual @ divided)
    terms: list[float] = []
    products = 0
    while products < most and square > 0:
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
        divided = divide(residual)
        last, square = square, float(residual @ divided)
        direction = divided + (square / last) * direction
    # Without a term, and a gradient all the same, nothing is known.
    unknown = not terms and square != 0
    return Solution(step, float(np.inf) if unknown else sum(terms), products, residual)


def settled(terms: list[float], last: int, share: float = _ROUGH) -> bool:
    """Whether the last few terms add so small a share that the sum is known."""
    return len(terms) > last and sum(terms[-last:]) < share * sum(terms)


def pays_no_more(terms: list[float]) -> bool:
    """Whether a product adds less than half of what one has added on average.

    On the way a new Hessian is then worth more than a better solution with this one
    (Nash & Sofer, Oper. Res. Lett. 9, 1990).
    """
    return len(terms) * terms[-1] < _PAYS * sum(terms)
