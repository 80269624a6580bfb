"""Axes, colours and names of all displays, and the error if matplotlib is not installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BLUE", "DASHES", "MARKERS", "ORANGE", "YELLOW", "Display", "as_text", "legend"]

# Colours for colour-blind readers (Okabe & Ito, 2008), of unequal brightness in grey. Markers,
# dashes and hatches carry the same information.
BLUE, ORANGE, YELLOW = "#0072B2", "#D55E00", "#F0E442"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "<", ">")


class Display:
    """A picture on matplotlib axes."""

    ax_: Any
    figure_: Any

    #: Number of axes, one above the other.
    _panels: ClassVar[int] = 1

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, default=None
            A sequence for displays of several panels. None makes a new figure.

        Returns
        -------
        object
            This display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError(
                "skneuron.plotting needs matplotlib, which is not installed. "
                "Type: python -m pip install matplotlib"
            ) from error
        if ax is None:
            ax = pyplot.subplots(self._panels, sharex=True, layout="constrained")[1]
        self.ax_ = ax
        self.figure_ = np.ravel(self.ax_)[0].figure
        self._draw()
        return self

    def _draw(self) -> None:
        """Draw on ``ax_``."""
        raise NotImplementedError


def as_text(*texts: Any) -> None:
    """Make matplotlib draw these texts unchanged, so that dollar signs start no formula."""
    for text in texts:
        text.set_parse_math(False)


def legend(ax: Axes, handles: list[Any], names: list[str], **style: Any) -> Any:
    """Return a legend of artists that shows each name unchanged.

    matplotlib leaves out labels that are empty or start with an underscore. The legend is
    therefore made with numbers, which the names replace.
    """
    drawn = ax.legend(handles, [str(number) for number in range(len(handles))], **style)
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_text(name)
    as_text(*drawn.get_texts())
    return drawn
