"""The pictures: samples with line, arrow and rings, and the curve of f."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt

from skneuron.playground._controls import picked_sample
from skneuron.playground._formulas import f_of
from skneuron.playground._line import line_and_arrow
from skneuron.playground._scene import Scene
from skneuron.playground._transforms import calculated, forward, picked, samples, short

__all__ = ["INK", "curve", "name_axes", "plane"]

# Vermilion and blue of Okabe and Ito, as in the boundary's picture: apart for the colour-blind
# and, dark and light, in grey.
_COLOURS = ["#D55E00", "#56B4E9"]
_YELLOW, INK = "#FFD60A", "#333333"
_SIDE = 400

# Range of z on both sides of 0 in the curve of the activation, which covers the bend of each.
_REACH = 6

# The text of a sample for screen readers. Vega-Lite's own text would be an expression that
# contains the titles of the axes.
_DESCRIPTION = (
    "description",
    f"'sample ' + datum.sample + '; ' + features[0] + ': ' + {short('datum.x1')} + '; ' "
    f"+ features[1] + ': ' + {short('datum.x2')} + '; true class: ' + datum.class",
)


def _classes(scene: Scene, legend: Any = None) -> dict[str, Any]:
    """Return the encodings of the class: colour and shape, here and in the curve."""
    domain = list(scene.classes)
    colours = alt.Scale(domain=domain, range=_COLOURS)
    shapes = alt.Scale(domain=domain, range=["circle", "triangle-up"])
    return {
        "color": alt.Color("class:N", title="true class", scale=colours, legend=legend),
        "shape": alt.Shape("class:N", title="true class", scale=shapes, legend=legend),
    }


def plane(scene: Scene) -> Any:
    """Return the chart of two features, with fixed domains of its axes."""

    def axis(kind: Callable[..., Any], k: int) -> Any:
        """Return a function from the name of a column to the encoding of the axis of feature k."""
        low, high = scene.center[k] - scene.span[k] / 2, scene.center[k] + scene.span[k] / 2
        scale = alt.Scale(domain=[float(low), float(high)], nice=False, zero=False)
        axis = alt.Axis(titleLimit=_SIDE)
        return lambda column: kind(f"{column}:Q", axis=axis, scale=scale)

    x, y = axis(alt.X, 0), axis(alt.Y, 1)
    base = calculated(samples(scene), [*forward(len(scene)), _DESCRIPTION]).encode(
        x=x("x1"), y=y("x2"), description="description:N"
    )
    rings = base.transform_filter("datum.correct == 0").mark_point(
        size=190, stroke=_YELLOW, strokeWidth=4, filled=False, clip=True, opacity=1
    )
    points = (
        base.mark_point(
            size=55, filled=True, opacity=0.9, stroke="white", strokeWidth=0.6, clip=True
        )
        .encode(
            tooltip=[alt.Tooltip("sample:Q"), alt.Tooltip("class:N", title="true class")],
            **_classes(scene, alt.Legend(orient="bottom")),
        )
        .add_params(picked_sample(len(scene)))
    )
    traced = picked(base).mark_point(size=110, stroke=INK, strokeWidth=2, filled=False, opacity=1)
    subtitle = "For the boundary, other features are at their mean." if scene.rest.any() else ""
    title = alt.Title("Decision boundary", subtitle=subtitle, anchor="start")
    line = line_and_arrow(scene, x, y, ink=INK, side=_SIDE)
    return alt.layer(rings, points, traced, *line).properties(
        width=_SIDE, height=_SIDE, title=title
    )


def name_axes(plane: dict[str, Any]) -> None:
    """Let both axes take their titles from the list ``features``.

    Vega-Lite's compiler makes an expression of every title, and names must not be in one.
    Altair's schema has no expressions as titles, so that they are added last.
    """
    for layer in plane["layer"]:
        for channel, k in (("x", 0), ("y", 1)):
            if "axis" in layer["encoding"][channel]:
                layer["encoding"][channel]["axis"]["title"] = {"expr": f"features[{k}]"}


def curve(scene: Scene) -> Any:
    """Return the chart of f around 0, with a dot for each sample."""
    x = alt.X("z:Q", title="z = w·x + b", scale=alt.Scale(domain=[-_REACH, _REACH]))
    # All activations rise.
    domain = alt.ExprRef(f"[{f_of(str(-_REACH))}, {f_of(str(_REACH))}]")
    y = alt.Y("f:Q", title="f(z)", scale=alt.Scale(domain=domain, nice=True))
    grid = alt.sequence(-_REACH, _REACH + 0.01, 0.02, as_="z")
    f = calculated(alt.Chart(grid), [("f", f_of("datum.z"))])
    f = f.mark_line(color=INK, clip=True).encode(x=x, y=y)
    dots = calculated(samples(scene), forward(len(scene)))
    dots = dots.transform_filter(f"abs(datum.z) <= {_REACH}")
    dots = dots.mark_point(size=40, filled=True, opacity=0.6).encode(x=x, y=y, **_classes(scene))
    turn = alt.Chart(alt.InlineData(values=[{}])).transform_calculate("z", "z0")
    turn = turn.mark_rule(strokeDash=[4, 3], color=INK).encode(x=x)
    title = alt.Title("Activation, with z₀ as a dashed line", anchor="start")
    return alt.layer(f, dots, turn).properties(width=290, height=130, title=title)
