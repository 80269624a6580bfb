"""P-values: computed as numbers above 0, printed as a bound if float64 has no digits for them."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray

__all__ = ["TOO_SMALL", "above_zero", "is_too_small"]

# Numbers below 1e-308 lose digits in float64, and numbers below 5e-324 are 0.
_SMALLEST = 1e-300

#: Text that tables and tests print for a p-value below 1e-300.
TOO_SMALL = "< 1e-300"


def above_zero(p: FloatArray | float) -> FloatArray:
    """Return p-values, and the smallest positive float64 in place of 0.

    No p-value of a finite statistic is 0.
    """
    return np.maximum(p, np.finfo(float).smallest_subnormal)


def is_too_small(p: object) -> bool:
    """Return whether a p-value is printed as a bound.

    Parameters
    ----------
    p : object
        A cell of a table. Cells that are not numbers are never too small.

    Examples
    --------
    >>> from skneuron.inference._p_value import is_too_small
    >>> is_too_small(5e-324), is_too_small(0.05), is_too_small("collinear with dose")
    (True, False, False)
    """
    return isinstance(p, float) and 0 < p < _SMALLEST
