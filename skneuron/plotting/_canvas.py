"""What all displays share: axes, colours, and the word when matplotlib is missing."""

from __future__ import annotations

from typing import Any

__all__ = ["BLUE", "DASHES", "MARKERS", "ORANGE", "YELLOW", "canvas"]

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
