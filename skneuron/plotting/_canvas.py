"""Axes, colours and names of all displays, and the error if matplotlib is missing."""

from __future__ import annotations

from typing import Any

__all__ = ["BLUE", "DASHES", "MARKERS", "ORANGE", "YELLOW", "as_text", "canvas", "legend"]

# Colours that the colour-blind tell apart (Okabe & Ito, 2008), of unequal brightness in grey;
# what they say is said by a marker, a dash or a hatch as well.
BLUE, ORANGE, YELLOW = "#0072B2", "#D55E00", "#F0E442"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "<", ">")


def canvas(ax: Any) -> Any:
    """Return the axes, those of a new figure if there are none.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "skneuron.plotting needs matplotlib: pip install 'skneuron[plot]'"
        ) from error
    return pyplot.subplots(layout="constrained")[1] if ax is None else ax


def as_text(*texts: Any) -> None:
    """Make matplotlib draw these texts as they are: two dollar signs in a name are no formula."""
    for text in texts:
        text.set_parse_math(False)


def legend(ax: Any, handles: list[Any], names: list[str], **style: Any) -> Any:
    """Return a legend of artists that shows each name as it is.

    matplotlib leaves out labels that are empty or start with an underscore. The legend is
    therefore made with numbers, which the names replace.
    """
    drawn = ax.legend(handles, [str(number) for number in range(len(handles))], **style)
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_text(name)
    as_text(*drawn.get_texts())
    return drawn
