"""The line z = z₀ in a picture, and the arrow at a right angle to the line on the screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import FloatArray

__all__ = ["Normal", "normal_of"]

# Largest length of the arrow, as a fraction of the width and of the height of the picture.
_LENGTH = 0.25

# Smallest length of the arrow, as a fraction of its largest. A shorter arrow is all head.
_SHORTEST = 0.1

# Largest distance of the line from the lower left corner, in diagonals of the picture. The
# coordinates of points of a line that is farther away differ in less than half of their digits.
_FARTHEST = 1e8


@dataclass(frozen=True)
class Normal:
    """A line, and the arrow that is perpendicular to it on the screen, in data coordinates.

    Attributes
    ----------
    foot : ndarray of shape (2,)
        The middle of the visible part of the line. If the picture does not show the line: the
        point of the line that is nearest to the middle of the picture.
    along : ndarray of shape (2,)
        A step along the line, as long on the screen as the diagonal of the picture.
    tip : ndarray of shape (2,)
        The end of the arrow, on the side of larger z.
    in_sight : bool
        Whether the picture shows the line and has room for the arrow.
    """

    foot: FloatArray
    along: FloatArray
    tip: FloatArray
    in_sight: bool


def normal_of(
    weights: FloatArray, bias: float, start: FloatArray, span: FloatArray, size: FloatArray
) -> Normal | None:
    """Return the line ``weights · x + bias = 0`` and its arrow in a picture.

    The gradient of z with respect to places on the screen is perpendicular to the line there.
    On axes of equal scale the gradient has the direction of the coefficients.

    Parameters
    ----------
    weights : ndarray of shape (2,)
    bias : float
    start : ndarray of shape (2,)
        Data coordinates of the lower left corner of the picture.
    span : ndarray of shape (2,)
        Data coordinates of the upper right corner minus ``start``, negative on reversed axes.
    size : ndarray of shape (2,)
        Width and height of the picture on the screen.

    Returns
    -------
    Normal or None
        None if z does not change in the picture, or if the line is very far away.
    """
    change = weights * span
    largest = float(np.abs(change).max())
    if largest == 0 or not np.all(size > 0):
        return None
    gradient = change / largest / size
    steepness = float(np.hypot(*gradient))
    normal = gradient / steepness
    along = np.array([-normal[1], normal[0]])
    distance = (bias + float(weights @ start)) / largest / steepness
    diagonal = float(np.hypot(*size))
    if not abs(distance) <= _FARTHEST * diagonal:
        return None
    foot, visible = _foot(normal, distance, size)
    length, room = _LENGTH / float(np.max(np.abs(normal) / size)), _room(normal, foot, size)
    in_sight = visible and room >= _SHORTEST * length
    if in_sight:
        length = min(length, room)
    per_unit = span / size
    return Normal(
        foot=start + foot * per_unit,
        along=along * diagonal * per_unit,
        tip=start + (foot + length * normal) * per_unit,
        in_sight=in_sight,
    )


def _foot(normal: FloatArray, distance: float, size: FloatArray) -> tuple[FloatArray, bool]:
    """Return the foot of the arrow on the screen, and whether the picture shows the line."""
    middle = size / 2
    near = middle - normal * (normal @ middle + distance)
    along = np.array([-normal[1], normal[0]])
    crossed = along != 0
    corners = np.array([np.zeros(2), size])
    ends = np.sort((corners - near)[:, crossed] / along[crossed], axis=0)
    first, last = ends[0].max(), ends[1].min()
    inside = bool(first <= last and np.all((near >= 0) & (near <= size), where=~crossed))
    return (near + along * (first + last) / 2 if inside else near), inside


def _room(normal: FloatArray, foot: FloatArray, size: FloatArray) -> float:
    """Return how far the border of the picture is from the foot in the arrow's direction."""
    moves = normal != 0
    border = np.where(normal > 0, size, 0.0)
    return float(((border - foot)[moves] / normal[moves]).min())
