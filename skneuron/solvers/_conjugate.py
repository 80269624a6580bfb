"""Conjugate gradients for Newton's equations, and when they have done enough."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneuron._typing import FloatArray

__all__ = ["conjugate_gradients", "pays_no_more", "settled"]

# What is missing after k terms is about as much as the last few of them add.
_ROUGH = 0.1

# Half of what a product has added on average.
_PAYS = 0.5

Linear = Callable[[FloatArray], FloatArray]


def conjugate_gradients(
    product: Linear,
    gradient: FloatArray,
    divide: Linear,
    enough: Callable[[list[float]], bool],
    *,
    most: int,
) -> tuple[FloatArray, float, int]:
    """Solve H v = -g, and return v, the gap ½ gᵀH⁻¹g so far, and the number of products.

    The gap is a sum of positive terms, one per product: it is approached from below, and
    infinite where no curvature is found along the gradient (Hestenes & Stiefel, J. Res.
    Natl. Bur. Stand. 49, 1952; Strakoš & Tichý, ETNA 13, 2002).

    Parameters
    ----------
    product : callable
        u ↦ Hu, H positive semidefinite.
    gradient : ndarray of shape (n_params,)
    divide : callable
        u ↦ M⁻¹u with a positive definite M like H.
    enough : callable
        Gets the terms so far, returns whether to end.
    most : int
        Products at most.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.solvers._conjugate import conjugate_gradients, settled
    >>> H, g = np.diag([1.0, 4.0]), np.array([2.0, 4.0])
    >>> step, gap, _ = conjugate_gradients(H.dot, g, np.copy, lambda _: False, most=2)
    >>> step.round(9).tolist(), round(gap, 9)
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
        terms.append(0.5 * length * square)
        if enough(terms):
            break
        residual = residual - length * image
        divided = divide(residual)
        last, square = square, float(residual @ divided)
        direction = divided + (square / last) * direction
    # Without a term, and a gradient all the same, nothing is known.
    unknown = not terms and square != 0
    return step, float(np.inf) if unknown else sum(terms), products


def settled(terms: list[float], last: int) -> bool:
    """Whether the last few terms add so little that the sum is known."""
    return len(terms) > last and sum(terms[-last:]) < _ROUGH * sum(terms)


def pays_no_more(terms: list[float]) -> bool:
    """Whether a product adds less than half of what one has added on average.

    On the way a new Hessian is then worth more than a better solution with this one
    (Nash & Sofer, Oper. Res. Lett. 9, 1990).
    """
    return len(terms) * terms[-1] < _PAYS * sum(terms)
