"""A line search that goes on where values of the objective are rounding."""

from __future__ import annotations

from skneuron._typing import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import VISIBLE
from skneuron.solvers._iterate import Point

__all__ = ["backtrack"]

_ARMIJO, _HALVINGS = 1e-4, 40


def backtrack(objective: ObjectiveProtocol, point: Point, step: FloatArray) -> tuple[Point, float]:
    """Halve the step until the objective falls enough; length 0 if it never does.

    A decrease too small to be read off F is judged by ½ (g + g₀)·step, which is the same
    up to third order and does not cancel.
    """
    slope = float(point.gradient @ step)
    scale = max(abs(point.value), objective.zero_value)
    length = 1.0
    for _ in range(_HALVINGS if slope < 0 else 0):
        trial = Point.at(objective, point.params + length * step)
        fallen = trial.value - point.value
        if abs(slope) * length <= VISIBLE * scale and abs(fallen) <= VISIBLE * scale:
            fallen = 0.5 * length * float((trial.gradient + point.gradient) @ step)
        if fallen <= _ARMIJO * length * slope:
            return trial, length
        length /= 2
    return point, 0.0
