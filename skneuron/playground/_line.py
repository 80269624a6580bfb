"""The line z = z₀ and the arrow that is perpendicular to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt

from skneuron.playground._scene import Scene
from skneuron.playground._transforms import Steps, calculated

__all__ = ["line_and_arrow"]

#: From the name of a column to the encoding of an axis.
Encoding = Callable[[str], Any]

# Length of the arrow as a fraction of the picture's side.
_ARROW = 0.18


def _geometry(scene: Scene) -> Steps:
    """Return the steps to the ends of the line and of the arrow.

    In coordinates t in which both axes go from -½ to ½, as the square picture does: u is w in
    them, n its direction, and the arrow's foot is the point of the line next to the middle.
    Axes of equal scale keep right angles, so that the arrow has the direction of w in the data's
    coordinates too. Features that are not shown are at their mean.
    """
    (c1, c2), (s1, s2) = scene.center.tolist(), scene.span.tolist()
    middle = f"b + {float(scene.rest.mean())!r} + w1 * {c1!r} + w2 * {c2!r}"

    def point(name: str, t1: str, t2: str) -> Steps:
        """Return the steps from t to the coordinates of the data."""
        return [
            (f"{name}_x", f"{c1!r} + {s1!r} * ({t1})"),
            (f"{name}_y", f"{c2!r} + {s2!r} * ({t2})"),
        ]

    foot1, foot2 = "datum.away * datum.n1", "datum.away * datum.n2"
    return [
        ("u1", f"w1 * {s1!r}"),
        ("u2", f"w2 * {s2!r}"),
        ("length", "hypot(datum.u1, datum.u2)"),
        ("n1", "datum.u1 / datum.length"),
        ("n2", "datum.u2 / datum.length"),
        ("excess", f"z0 - ({middle})"),
        ("away", "datum.excess / datum.length"),
        # Half of the range of z in the picture.
        ("seen", "abs(datum.excess) <= (abs(datum.u1) + abs(datum.u2)) / 2"),
        *point("foot", foot1, foot2),
        # Two side lengths in both directions end outside of the picture.
        *point("start", f"{foot1} - 2 * datum.n2", f"{foot2} + 2 * datum.n1"),
        *point("end", f"{foot1} + 2 * datum.n2", f"{foot2} - 2 * datum.n1"),
        *point("tip", f"{foot1} + {_ARROW} * datum.n1", f"{foot2} + {_ARROW} * datum.n2"),
        ("turn", "90 - atan2(datum.n2, datum.n1) * 180 / PI"),
    ]


def line_and_arrow(scene: Scene, x: Encoding, y: Encoding, *, ink: str, side: int) -> list[Any]:
    """Return the layers of the line, of the arrow, and of a note if the line is not visible.

    Parameters
    ----------
    scene : Scene
    x, y : callable
        From the name of a column to the encoding of that axis.
    ink : str
        Colour.
    side : int
        Of the picture, in pixels.
    """
    row = alt.Chart(alt.InlineData(values=[{}], name="line"))
    geometry = calculated(row, _geometry(scene))
    seen = geometry.transform_filter("datum.length > 0 && datum.seen")
    line = seen.mark_rule(
        color=ink, strokeWidth=2, clip=True, description="the line z = z₀"
    ).encode(x=x("start_x"), y=y("start_y"), x2="end_x:Q", y2="end_y:Q")
    shaft = seen.mark_rule(
        color=ink, strokeWidth=2.5, clip=True, description="the coefficients as an arrow"
    ).encode(x=x("foot_x"), y=y("foot_y"), x2="tip_x:Q", y2="tip_y:Q")
    head = seen.mark_point(
        shape="triangle", size=150, color=ink, filled=True, opacity=1, clip=True, aria=False
    ).encode(x=x("tip_x"), y=y("tip_y"), angle=alt.Angle("turn:Q", scale=None))
    word = "'no boundary in view: all is ' + classes[datum.excess < 0 ? 1 : 0]"
    unseen = (
        geometry.transform_filter("!(datum.length > 0 && datum.seen)")
        .transform_calculate("word", word)
        .mark_text(fontSize=14, fontWeight="bold", color=ink, limit=side)
        .encode(x=alt.datum(float(scene.center[0])), y=alt.value(14), text="word:N")
    )
    return [line, shaft, head, unseen]
