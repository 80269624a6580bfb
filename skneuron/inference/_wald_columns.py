"""Columns of Wald tests and intervals."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy.stats import norm

from skneuron._common import AnyArray, FloatArray, wrong_value
from skneuron.inference._p_value import above_zero

__all__ = ["check_level", "wald_columns"]


def check_level(level: float) -> None:
    """Raise ``ValueError`` if the coverage of intervals is no number between 0 and 1."""
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(wrong_value("level", level, "a number between 0 and 1", "level=0.95"))


def wald_columns(
    name: str,
    estimate: FloatArray,
    error: FloatArray,
    level: float,
    null: FloatArray | float = 0.0,
    unit: FloatArray | float = 1.0,
) -> dict[str, AnyArray]:
    """Return estimates, standard errors, tests and intervals as columns of a table.

    Parameters
    ----------
    name : str
        Name of the column of estimates.
    estimate, error : ndarray of shape (p,)
        In the unit ``unit``.
    level : float
        Coverage of the intervals.
    null : float or ndarray of shape (p,)
        Values that z and the p-value test, in the same unit.
    unit : float or ndarray of shape (p,)

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.inference._wald_columns import wald_columns
    >>> columns = wald_columns("effect", np.array([3.0]), np.array([1.5]), 0.95)
    >>> {name: column.round(3).tolist() for name, column in columns.items()}
    {'effect': [3.0], 'standard_error': [1.5], 'z': [2.0], 'p_value': [0.046], \
'lower': [0.06], 'upper': [5.94]}
    """
    half_width = norm.isf((1 - level) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = (estimate - null) / error
        return {
            name: unit * estimate,
            "standard_error": unit * error,
            "z": z,
            "p_value": above_zero(2 * norm.sf(np.abs(z))),
            "lower": unit * (estimate - half_width),
            "upper": unit * (estimate + half_width),
        }
