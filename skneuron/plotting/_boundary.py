"""The decision boundary of a neuron, in the plane of two features."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import AnyArray, FloatArray, MatrixLike
from skneuron.classifier import NeuronClassifier
from skneuron.plotting._canvas import Display, as_text
from skneuron.plotting._plane import Plane, plane_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NeuronBoundaryDisplay"]

# Largest ratio of the spans of two features for which both axes have the same scale. Above this
# ratio the picture would be a stripe.
_MAX_SPAN_RATIO = 4.0


class NeuronBoundaryDisplay(Display):
    """Regions of the classes, the boundary z = z₀, an arrow of coefficients, and wrong samples.

    Make it by :meth:`from_estimator`.

    Parameters
    ----------
    plane : Plane
        Two features of the data, and the neuron on them.
    grid : (ndarray, ndarray)
        Values of the features at the points of ``response``.
    response : ndarray of shape (n, n) or (n, n, n_classes)
        Probability of ``classes[1]``, or of each class. Without a likelihood 0 or 1.
    classes : ndarray of shape (n_classes,)
    has_proba : bool

    Attributes
    ----------
    surface_ : matplotlib QuadContourSet or AxesImage
    line_ : matplotlib AxLine, list of QuadContourSet, or None
        The line z = z₀, or the border of each of more than two classes. None if both
        coefficients are zero, or too small for a line near the samples.
    arrow_ : matplotlib FancyArrowPatch or None
        The coefficients: from the line to the side of ``classes[1]``. The arrow stays
        perpendicular to the line on the screen if you resize the figure, reverse an axis, or
        change limits or aspect. On axes of equal scale it has the direction of the coefficients.
        None for more than two classes.
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
        estimator: NeuronClassifier,
        X: MatrixLike,
        y: ArrayLike,
        *,
        features: Sequence[str | int] | None = None,
        grid_resolution: int = 200,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the picture and draw it.

        Parameters
        ----------
        estimator : NeuronClassifier
            Fitted. Of a pipeline pass the last step and the transformed X.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        features : two str or int, default=None
            Features to draw, by name or number. In the regions and the line, the other features
            are at their mean. The samples are classified with all features. None chooses the
            two features with the largest coefficient times standard deviation.
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

    def _draw(self) -> None:
        # This module needs matplotlib, and ``plot`` has the message if matplotlib is missing.
        from skneuron.plotting import _regions as regions

        self.arrow_: Any = None
        if self.response.ndim == 2:
            self.surface_ = regions.draw_two(self.ax_, self.grid, self.response)
            self.line_, self.arrow_ = regions.draw_arrow(self.ax_, self.grid, self.plane)
            if self.has_proba:
                label = f"probability of {self.classes[1]}"
                # As tall as the axes are with equal scales.
                beside = self.ax_.inset_axes((1.03, 0.0, 0.05, 1.0))
                self.figure_.colorbar(self.surface_, cax=beside, label=label)
                as_text(beside.yaxis.label)
        else:
            self.surface_, self.line_ = regions.draw_many(self.ax_, self.grid, self.response)
        self.points_, self.rings_ = regions.draw_samples(self.ax_, self.plane, self.classes)
        (x0, x1), (y0, y1) = ((side[0], side[-1]) for side in self.grid)
        self.ax_.set(xlim=(x0, x1), ylim=(y0, y1))
        self.ax_.set(xlabel=self.plane.names[0], ylabel=self.plane.names[1])
        as_text(self.ax_.xaxis.label, self.ax_.yaxis.label)
        spans = sorted([x1 - x0, y1 - y0])
        if spans[1] <= _MAX_SPAN_RATIO * spans[0]:
            self.ax_.set_aspect("equal")
        if self.arrow_ is not None:
            # matplotlib applies the aspect as late as it draws, and the arrow follows the aspect.
            self.ax_.apply_aspect()
            self.arrow_.aim()


def _proba(estimator: NeuronClassifier, rows: FloatArray) -> FloatArray:
    """Return probabilities of rows without names."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return np.asarray(estimator.predict_proba(rows))
