"""The function of a neuron and its slope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skneuron._common import FloatArray, wrong_value
from skneuron.activations import Activation, get_activation
from skneuron.classifier import NeuronClassifier
from skneuron.plotting._canvas import BLUE, ORANGE, Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ActivationDisplay"]


class ActivationDisplay(Display):
    """f(z) and f′(z), with the ends of f's range and its largest slope.

    Make it by :meth:`from_activation` or :meth:`from_estimator`.

    Parameters
    ----------
    z, value, slope : ndarray of shape (n_points,)
    ends : (float, float)
        Infimum and supremum of f.
    name : str

    Attributes
    ----------
    line_, slope_line_, largest_slope_ : matplotlib Line2D
    range_lines_ : list of Line2D
        One at each finite end.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from skneuron.plotting import ActivationDisplay
    >>> display = ActivationDisplay.from_activation("sigmoid")
    >>> display.largest_slope_.get_xydata().round(2).tolist()
    [[0.0, 0.25]]
    """

    def __init__(
        self,
        *,
        z: FloatArray,
        value: FloatArray,
        slope: FloatArray,
        ends: tuple[float, float],
        name: str,
    ) -> None:
        self.z = z
        self.value = value
        self.slope = slope
        self.ends = ends
        self.name = name

    @classmethod
    def from_activation(
        cls,
        activation: str | Activation,
        *,
        limits: tuple[float, float] = (-6.0, 6.0),
        n_points: int = 601,
        ax: Axes | None = None,
    ) -> Self:
        """Compute f and f′ and draw them.

        Parameters
        ----------
        activation : str or Activation
        limits : (float, float), default=(-6, 6)
            First and last z.
        n_points : int, default=601
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        ActivationDisplay

        Raises
        ------
        ValueError
            If the activation is unknown, or the limits are no interval.
        """
        f = get_activation(activation)
        if not limits[0] < limits[1]:
            raise ValueError(
                wrong_value("limits", limits, "a smaller and a larger number", "limits=(-5, 5)")
            )
        z = np.linspace(*limits, n_points)
        name = activation if isinstance(activation, str) else type(f).__name__
        return cls(z=z, value=f.value(z), slope=f.derivative(z), ends=f.range, name=name).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: NeuronClassifier, **kwargs: Any) -> Self:
        """Draw the activation of a neuron, fitted or not (see :meth:`from_activation`)."""
        return cls.from_activation(estimator.activation, **kwargs)

    def _draw(self) -> None:
        at = int(np.argmax(np.abs(self.slope)))
        flat = np.flatnonzero(np.isclose(np.abs(self.slope), np.abs(self.slope[at])))
        at = int(flat[np.argmin(np.abs(self.z[flat]))])  # of many, the one nearest to 0
        self.range_lines_ = [
            self.ax_.axhline(end, color="grey", linestyle=":", linewidth=1)
            for end in self.ends
            if np.isfinite(end)
        ]
        (self.line_,) = self.ax_.plot(self.z, self.value, color=BLUE, label="f(z)")
        (self.slope_line_,) = self.ax_.plot(
            self.z, self.slope, color=ORANGE, linestyle="--", label="slope f′(z)"
        )
        steepest = self.slope[at]
        (self.largest_slope_,) = self.ax_.plot(
            self.z[at],
            steepest,
            color=ORANGE,
            marker="o",
            linestyle="",
            label=f"largest, {steepest:.3g}" if steepest else "0 wherever it exists",
        )
        self.ax_.set(xlabel="pre-activation z", ylabel="output", title=self.name)
        self.ax_.legend(loc="best", fontsize="small")
