"""The forward pass of every sample as Vega-Lite transforms."""

from __future__ import annotations

from typing import Any

import altair as alt

from skneuron.playground._formulas import f_of, log_proba_of
from skneuron.playground._scene import Scene

__all__ = ["Steps", "calculated", "forward", "picked", "samples", "short"]

# Vega-Lite transforms as they are written, in order: name of the new column, expression.
Steps = list[tuple[str, str]]


def samples(scene: Scene) -> Any:
    """Return a chart of the page's table, one row a sample."""
    plane = scene.plane
    rows = [
        {
            "sample": number,
            "x1": float(x1),
            "x2": float(x2),
            "rest": float(rest),
            "label": int(label),
            "class": scene.classes[label],
        }
        for number, ((x1, x2), rest, label) in enumerate(
            zip(plane.points, scene.rest, plane.y, strict=True)
        )
    ]
    return alt.Chart(alt.InlineData(values=rows, name="samples"))


def calculated(chart: alt.Chart, steps: Steps) -> Any:
    """Return the Altair chart with more columns in its table."""
    for name, expression in steps:
        chart = chart.transform_calculate(name, expression)
    return chart


def picked(chart: alt.Chart) -> Any:
    """Return the chart with only the selected sample."""
    return chart.transform_filter("pick.sample ? datum.sample == pick.sample[0] : false")


def short(expression: str) -> str:
    """Return the expression of a number's text in five digits."""
    return f"format({expression}, '.5~g')"


def forward(n_samples: int) -> Steps:
    """Return the steps from a row to z, f(z), the logarithms and the term of the log loss."""
    low, high = log_proba_of("datum.z")
    return [
        ("z", "w1 * datum.x1 + w2 * datum.x2 + datum.rest + b"),
        ("f", f_of("datum.z")),
        ("log_q", low),
        ("log_p", high),
        ("fires", "datum.z - z0 > 0 ? 1 : 0"),
        ("correct", "datum.fires == datum.label ? 1 : 0"),
        # The division before the sum keeps the mean of huge losses finite.
        ("share", f"-(datum.label ? datum.log_p : datum.log_q) / {n_samples}"),
    ]
