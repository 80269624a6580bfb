"""The loss at zero coefficients, with the best of a few intercepts if there is an offset."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective._rows import MemoryRows

__all__ = ["lowest_at_zero"]

# Range of an offset above which most samples may be saturated at any intercept but the best.
_WIDE_OFFSET = 20.0

# Number of halvings of that range that find the best intercept.
_HALVINGS = 30


def lowest_at_zero(
    rows: MemoryRows, offset_center: FloatArray | float, *, fit_intercept: bool
) -> tuple[float, FloatArray | float]:
    """Return the lowest loss at zero coefficients, and its intercept beside the centered offset."""
    shifts: list[FloatArray | float] = [0.0]
    if rows.has_offset and fit_intercept:
        shifts.append(offset_center)
        low, high = rows.offset_bounds()
        if rows.loss.n_outputs == 1 and high - low > _WIDE_OFFSET:
            shifts.append(_best_shift(rows, -high, -low))
    values = [rows.loss_at_zero(shift) for shift in shifts]
    lowest = int(np.argmin(values))
    return values[lowest], shifts[lowest]


def _best_shift(rows: MemoryRows, low: float, high: float) -> float:
    """Return the intercept of the lowest loss, by bisection on the slope."""
    for _ in range(_HALVINGS):
        middle = low / 2 + high / 2
        low, high = (middle, high) if rows.slope_at_zero(middle) < 0 else (low, middle)
    return low
