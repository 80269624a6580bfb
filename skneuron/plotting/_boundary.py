"""Where a neuron changes its mind, in the plane of two features."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skneuron._plane import Plane, plane_of
from skneuron._typing import AnyArray, FloatArray
from skneuron.plotting._canvas import BLUE, MARKERS, ORANGE, YELLOW, canvas

__all__ = ["NeuronBoundaryDisplay"]

# The arrow takes at most this share of either side of the picture, so that it stays inside
# whatever the scales are.
_ARROW = 0.25

# Where one feature's span is more than so many times the other's, the same scale for both
# would leave a stripe.
_MOST_UNEQUAL = 4.0


class NeuronBoundaryDisplay:
    """Regions of the classes, the line z = z₀, the weight vector, and who is misclassified.

    Make it by :meth:`from_estimator`.

    Parameters
    ----------
    plane : Plane
        Two features of the data, and the neuron on them.
    grid : (ndarray, ndarray)
        Values of the features at which ``response`` is known.
    response : ndarray of shape (n, n) or (n, n, n_classes)
        Probability of ``classes[1]``, or of each class; 0 or 1 where there is no likelihood.
    classes : ndarray of shape (n_classes,)
    has_proba : bool

    Attributes
    ----------
    surface_ : matplotlib QuadContourSet or AxesImage
    line_ : matplotlib AxLine, list of QuadContourSet, or None
        Where z = z₀; the border of each class where there are more than two. None if both
        weights are zero.
    arrow_ : matplotlib FancyArrowPatch or None
        The weight vector: from the line, perpendicular to it, to the positive class. It looks
        so where both axes have one scale. None for more than two classes.
    points_ : list of matplotlib PathCollection
        One per class.
    rings_ : matplotlib PathCollection
        Around the misclassified samples.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.plotting import NeuronBoundaryDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> neuron = NeuronClassifier().fit(X[50:, 2:], y[50:])
    >>> display = NeuronBoundaryDisplay.from_estimator(neuron, X[50:, 2:], y[50:])
    >>> len(display.rings_.get_offsets())
    5
    """

    def __init__(
        self,
        *,
        plane: Plane,
        grid: tuple[FloatArray, FloatArray],
        response: FloatArray,
        classes: AnyArray,
        has_proba: bool,
    ) -> None:
        self.plane = plane
        self.grid = grid
        self.response = response
        self.classes = classes
        self.has_proba = has_proba

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        features: Any = None,
        grid_resolution: int = 200,
        ax: Any = None,
    ) -> Self:
        """Compute the picture and draw it.

        Parameters
        ----------
        estimator : NeuronClassifier
            Fitted; of a pipeline its last step, with X as it gets it.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        features : two str or int, default=None
            Which features to draw, by name or number. The others are held at their mean in
            the regions and the line; samples are classified with all that they have. None
            takes the two whose weight times deviation is largest.
        grid_resolution : int, default=200
            Points along each side.
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        NeuronBoundaryDisplay

        Raises
        ------
        ValueError
            If X, y or the features do not fit the neuron.
        TypeError
            If the estimator is no neuron, but for example a pipeline around one.
        """
        plane = plane_of(estimator, X, y, features)
        low, high = plane.points.min(axis=0), plane.points.max(axis=0)
        margin = 0.08 * np.where(high > low, high - low, 1.0)
        grid = tuple(np.linspace(low - margin, high + margin, grid_resolution).T)
        places = np.stack(np.meshgrid(*grid), axis=-1)
        z = places @ plane.weights.T + plane.bias
        has_proba = hasattr(estimator, "predict_proba")
        if has_proba:
            rows = plane.rows(places.reshape(-1, 2))
            response = _proba(estimator, rows).reshape(*places.shape[:2], -1)
        elif len(plane.bias) == 1:
            response = np.concatenate([z <= 0, z > 0], axis=-1).astype(float)
        else:
            response = np.eye(len(plane.bias))[z.argmax(axis=-1)]
        if len(plane.bias) == 1:
            response = response[..., 1]
        return cls(
            plane=plane,
            grid=(grid[0], grid[1]),
            response=response,
            classes=estimator.classes_,
            has_proba=has_proba,
        ).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        NeuronBoundaryDisplay
        """
        self.ax_ = canvas(ax)
        self.figure_ = self.ax_.figure
        self.line_: Any = None
        self.arrow_: Any = None
        if self.response.ndim == 2:
            self._draw_two()
        else:
            self._draw_many()
        self._draw_points()
        (x0, x1), (y0, y1) = ((side[0], side[-1]) for side in self.grid)
        self.ax_.set(xlim=(x0, x1), ylim=(y0, y1))
        self.ax_.set(xlabel=self.plane.names[0], ylabel=self.plane.names[1])
        spans = sorted([x1 - x0, y1 - y0])
        if spans[1] <= _MOST_UNEQUAL * spans[0]:
            self.ax_.set_aspect("equal")
        return self

    def _draw_two(self) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        # From light to dark, so that grey paper shows it; points stand out on either end.
        shades = LinearSegmentedColormap.from_list("shades", ["#fbe3d0", "#f7f7f7", "#8fb8d8"])
        self.surface_ = self.ax_.contourf(
            *self.grid, self.response, levels=np.linspace(0, 1, 11), cmap=shades, zorder=0
        )
        if self.has_proba:
            label = f"probability of {self.classes[1]}"
            self.figure_.colorbar(self.surface_, ax=self.ax_, label=label, shrink=0.7)
        w, b = self.plane.weights[0], float(self.plane.bias[0])
        size = float(np.linalg.norm(w))
        if size == 0:
            return
        direction = w / size
        corners = np.array([(side[0], side[-1]) for side in self.grid]).T
        foot = _foot(direction, b / size, corners)
        self.line_ = self.ax_.axline(
            foot, foot + np.array([-direction[1], direction[0]]), color="black", label="z = z₀"
        )
        from matplotlib.patches import FancyArrowPatch

        length = _ARROW / np.max(np.abs(direction) / (corners[1] - corners[0]))
        self.arrow_ = FancyArrowPatch(
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
        self.ax_.add_patch(self.arrow_)

    def _draw_many(self) -> None:
        from matplotlib.colors import to_rgb

        best = self.response.argmax(axis=-1)
        colours = np.array([to_rgb(c) for c in _colours(len(self.classes))])
        strength = 0.5 * self.response.max(axis=-1, keepdims=True)
        picture = 1 - strength * (1 - colours[best])
        (x0, x1), (y0, y1) = ((side[0], side[-1]) for side in self.grid)
        self.surface_ = self.ax_.imshow(
            picture, origin="lower", extent=(x0, x1, y0, y1), aspect="auto", zorder=0
        )
        self.line_ = []
        for k in range(len(self.classes)):
            lead = self.response[..., k] - np.delete(self.response, k, axis=-1).max(axis=-1)
            if lead.min() < 0 < lead.max():
                self.line_.append(
                    self.ax_.contour(*self.grid, lead, levels=[0.0], colors="black", linewidths=1.5)
                )

    def _draw_points(self) -> None:
        colours = [ORANGE, BLUE] if len(self.classes) == 2 else _colours(len(self.classes))
        self.points_ = []
        for k, label in enumerate(self.classes.tolist()):
            mine = self.plane.points[self.plane.y == k]
            # Classes that share a colour, from the eleventh on, do not share a marker.
            marker, colour = MARKERS[(k + k // 10) % len(MARKERS)], colours[k]
            self.points_.append(
                self.ax_.scatter(
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
        from matplotlib.patheffects import Normal, withStroke

        wrong = self.plane.points[self.plane.wrong]
        self.rings_ = self.ax_.scatter(
            *wrong.T,
            s=100,
            facecolor="none",
            edgecolor=YELLOW,
            linewidth=2,
            label=f"misclassified ({len(wrong)})",
            zorder=3.5,
            path_effects=[withStroke(linewidth=3.5, foreground="black"), Normal()],
        )
        # Black lines want white paper, in a dark style too.
        self.ax_.legend(
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


def _proba(estimator: Any, rows: FloatArray) -> FloatArray:
    """Return probabilities of rows without names."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return np.asarray(estimator.predict_proba(rows))


def _colours(n: int) -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["tab10"](k % 10) for k in range(n)]
