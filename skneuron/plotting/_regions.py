"""Parts of a boundary display: regions and their borders, samples, rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import Normal, withStroke

from skneuron._common import AnyArray, FloatArray
from skneuron.plotting._canvas import BLUE, MARKERS, ORANGE, YELLOW, legend
from skneuron.plotting._normal import normal_of
from skneuron.plotting._plane import Plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

__all__ = ["WeightArrow", "draw_arrow", "draw_many", "draw_samples", "draw_two"]

Grid = tuple[FloatArray, FloatArray]

# Number of misclassified samples above which their rings become thinner.
_MANY = 50


def draw_two(ax: Axes, grid: Grid, response: FloatArray) -> Any:
    """Draw the probability of the positive class, and return the contours."""
    # From light to dark, for printing in grey. Points contrast with both ends.
    shades = LinearSegmentedColormap.from_list("shades", ["#fbe3d0", "#f7f7f7", "#8fb8d8"])
    return ax.contourf(*grid, response, levels=np.linspace(0, 1, 11), cmap=shades, zorder=0)


class WeightArrow(FancyArrowPatch):
    """An arrow of coefficients from the line z = z₀, at a right angle to the line on the screen.

    Axes of unequal scale do not keep right angles. The arrow therefore takes its two ends from
    the limits and the size of its axes, each time that matplotlib asks for its path.

    Parameters
    ----------
    weights : ndarray of shape (2,)
    bias : float
    """

    def __init__(self, weights: FloatArray, bias: float) -> None:
        super().__init__(
            (0.0, 0.0),
            (1.0, 1.0),
            arrowstyle="-|>",
            mutation_scale=16,
            linewidth=2,
            color="black",
            shrinkA=0,
            shrinkB=0,
            zorder=4,
        )
        self._weights = weights
        self._bias = bias
        self._ends: Any = None

    def aim(self) -> bool:
        """Move the arrow to the current axes, and return whether its foot is in the picture."""
        ax: Any = self.axes
        (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
        start, size = np.array([x0, y0]), np.asarray(ax.bbox.size)
        normal = normal_of(self._weights, self._bias, start, np.array([x1, y1]) - start, size)
        if normal is None:
            return False
        ends = (tuple(normal.foot.tolist()), tuple(normal.tip.tolist()))
        # Setting positions requests another draw. So unchanged positions are not set again.
        if ends != self._ends:
            self._ends = ends
            self.set_positions(*ends)
        return normal.in_sight

    def get_path(self) -> Any:
        """Return the path of the arrow in the coordinates of the data."""
        self.aim()
        return super().get_path()

    def draw(self, renderer: RendererBase) -> None:
        """Draw the arrow if the picture shows its foot."""
        if self.aim():
            super().draw(renderer)


def draw_arrow(ax: Axes, grid: Grid, plane: Plane) -> tuple[Any, Any]:
    """Draw the line z = z₀ and its arrow of coefficients. Return (None, None) without a line."""
    weights, bias = plane.weights[0], float(plane.bias[0])
    start, end = (np.array([side[index] for side in grid]) for index in (0, -1))
    normal = normal_of(weights, bias, start, end - start, np.ones(2))
    if normal is None:
        return None, None
    foot, along = normal.foot.tolist(), normal.along.tolist()
    beyond = foot[0] + along[0], foot[1] + along[1]
    line = ax.axline((foot[0], foot[1]), beyond, color="black", label="z = z₀")
    return line, ax.add_patch(WeightArrow(weights, bias))


def draw_many(ax: Axes, grid: Grid, response: FloatArray) -> tuple[Any, list[Any]]:
    """Draw the most probable of many classes, paler at low probability, and the borders."""
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


def draw_samples(ax: Axes, plane: Plane, classes: AnyArray) -> tuple[list[Any], Any]:
    """Draw samples with a marker per class, rings around the misclassified, and a legend."""
    colours = [ORANGE, BLUE] if len(classes) == 2 else _colours(len(classes))
    points = []
    for k, label in enumerate(classes.tolist()):
        mine = plane.points[plane.y == k]
        # From the eleventh class on, classes with the same colour have different markers.
        marker, colour = MARKERS[(k + k // 10) % len(MARKERS)], colours[k]
        points.append(
            ax.scatter(
                mine[:, 0],
                mine[:, 1],
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
    # Many rings are thinner, so that the samples stay visible.
    size = float(np.clip(np.sqrt(_MANY / max(len(wrong), 1)), 0.5, 1.0))
    rings = ax.scatter(
        wrong[:, 0],
        wrong[:, 1],
        s=100 * size,
        facecolor="none",
        edgecolor=YELLOW,
        linewidth=2 * size,
        label=f"misclassified ({len(wrong)})",
        zorder=3.5,
        path_effects=[withStroke(linewidth=3.5 * size, foreground="black"), Normal()],
    )
    shown = dict(zip(*ax.get_legend_handles_labels(), strict=True))
    names = [*map(str, classes.tolist()), rings.get_label()]
    shown |= zip([*points, rings], names, strict=True)
    # Black lines need a white background, in a dark style, too.
    box = legend(
        ax,
        list(shown),
        list(shown.values()),
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
    box.get_title().set_color("black")
    return points, rings


def _colours(n: int) -> list[Any]:
    return [colormaps["tab10"](k % 10) for k in range(n)]
