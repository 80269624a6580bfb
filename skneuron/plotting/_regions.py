"""What a boundary display draws: regions and their borders, samples, rings."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import Normal, withStroke

from skneuron._plane import Plane
from skneuron._typing import AnyArray, FloatArray
from skneuron.plotting._canvas import BLUE, MARKERS, ORANGE, YELLOW

__all__ = ["draw_arrow", "draw_many", "draw_samples", "draw_two"]

Grid = tuple[FloatArray, FloatArray]

# The arrow takes at most this share of either side of the picture, so that it stays inside
# whatever the scales are.
_ARROW = 0.25

# From so many mistakes on rings are thinner.
_MANY = 50


def draw_two(ax: Any, grid: Grid, response: FloatArray) -> Any:
    """Draw the probability of the positive class; return the contours."""
    # From light to dark, so that grey paper shows it; points stand out on either end.
    shades = LinearSegmentedColormap.from_list("shades", ["#fbe3d0", "#f7f7f7", "#8fb8d8"])
    return ax.contourf(*grid, response, levels=np.linspace(0, 1, 11), cmap=shades, zorder=0)


def draw_arrow(ax: Any, grid: Grid, plane: Plane) -> tuple[Any, Any]:
    """Draw the line z = z₀ and the weights as an arrow on it; (None, None) if there is none."""
    w, b = plane.weights[0], float(plane.bias[0])
    size = float(np.linalg.norm(w))
    if size == 0:
        return None, None
    direction = w / size
    corners = np.array([(side[0], side[-1]) for side in grid]).T
    foot = _foot(direction, b / size, corners)
    along = np.array([-direction[1], direction[0]])
    line = ax.axline(foot, foot + along, color="black", label="z = z₀")
    length = _ARROW / np.max(np.abs(direction) / (corners[1] - corners[0]))
    arrow = FancyArrowPatch(
        tuple(foot),
        tuple(foot + direction * length),
        arrowstyle="-|>",
        mutation_scale=16,
        linewidth=2,
        color="black",
        shrinkA=0,
        shrinkB=0,
        zorder=4,
    )
    return line, ax.add_patch(arrow)


def draw_many(ax: Any, grid: Grid, response: FloatArray) -> tuple[Any, list[Any]]:
    """Draw the likeliest of many classes, pale where it is unsure, and the borders."""
    n = response.shape[-1]
    best = response.argmax(axis=-1)
    colours = np.array([to_rgb(c) for c in _colours(n)])
    strength = 0.5 * response.max(axis=-1, keepdims=True)
    picture = 1 - strength * (1 - colours[best])
    (x0, x1), (y0, y1) = ((side[0], side[-1]) for side in grid)
    surface = ax.imshow(picture, origin="lower", extent=(x0, x1, y0, y1), aspect="auto", zorder=0)
    borders = []
    for k in range(n):
        lead = response[..., k] - np.delete(response, k, axis=-1).max(axis=-1)
        if lead.min() < 0 < lead.max():
            borders.append(ax.contour(*grid, lead, levels=[0.0], colors="black", linewidths=1.5))
    return surface, borders


def draw_samples(ax: Any, plane: Plane, classes: AnyArray) -> tuple[list[Any], Any]:
    """Draw the samples, a marker a class, and rings around the misclassified; with a legend."""
    colours = [ORANGE, BLUE] if len(classes) == 2 else _colours(len(classes))
    points = []
    for k, label in enumerate(classes.tolist()):
        mine = plane.points[plane.y == k]
        # Classes that share a colour, from the eleventh on, do not share a marker.
        marker, colour = MARKERS[(k + k // 10) % len(MARKERS)], colours[k]
        points.append(
            ax.scatter(
                *mine.T,
                marker=marker,
                color=colour,
                edgecolor="white",
                linewidth=0.6,
                s=36,
                label=str(label),
                zorder=3,
            )
        )
    wrong = plane.points[plane.wrong]
    # Many rings are thinner, so that they do not bury what they surround.
    size = float(np.clip(np.sqrt(_MANY / max(len(wrong), 1)), 0.5, 1.0))
    rings = ax.scatter(
        *wrong.T,
        s=100 * size,
        facecolor="none",
        edgecolor=YELLOW,
        linewidth=2 * size,
        label=f"misclassified ({len(wrong)})",
        zorder=3.5,
        path_effects=[withStroke(linewidth=3.5 * size, foreground="black"), Normal()],
    )
    # Black lines want white paper, in a dark style too.
    legend = ax.legend(
        title="other features at their mean" if len(plane.held) > 2 else None,
        title_fontsize="small",
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        columnspacing=1.0,
        handlelength=1.2,
        fontsize="small",
        facecolor="white",
        labelcolor="black",
        framealpha=1,
    )
    legend.get_title().set_color("black")
    return points, rings


def _foot(normal: FloatArray, distance: float, corners: FloatArray) -> FloatArray:
    """Return the middle of what the picture shows of the line ``normal · x + distance = 0``."""
    middle = corners.mean(axis=0)
    near = middle - normal * (normal @ middle + distance)
    along = np.array([-normal[1], normal[0]])
    crossed = along != 0
    ends = np.sort((corners - near)[:, crossed] / along[crossed], axis=0)
    first, last = ends[0].max(), ends[1].min()
    # A line that misses the picture keeps its point nearest to it.
    return np.asarray(near + along * (first + last) / 2 if first <= last else near)


def _colours(n: int) -> list[Any]:
    return [colormaps["tab10"](k % 10) for k in range(n)]
