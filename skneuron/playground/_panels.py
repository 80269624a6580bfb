"""The panels of text: accuracy and log loss, and the trace of one sample."""

from __future__ import annotations

from typing import Any

import altair as alt

from skneuron.playground._picture import INK
from skneuron.playground._scene import Scene
from skneuron.playground._transforms import calculated, forward, picked, samples, short

__all__ = ["figures", "trace"]

# One expression per column.
Line = tuple[str, ...]

_HEIGHT = 19
_WIDTH = 330

# Largest width of a word in the last column, in pixels. The first column takes the remaining width.
_LAST = 200

# Right ends of the columns of a table.
_TWO = (_WIDTH,)
_FOUR = (180, 255, _WIDTH)


def _number(expression: str) -> str:
    """Return the expression of its text: four decimals, or an exponent for a long number."""
    return f"format({expression}, abs({expression}) < 1e6 ? '.4f' : '.3e')"


def _table(chart: Any, lines: list[Line], ends: tuple[int, ...], title: str) -> Any:
    """Return a chart of text from a table of one row: the expressions of each line.

    The first column is flush left, the others end at ``ends``.
    """
    columns = {f"column{k}": ", ".join(cells) for k, cells in enumerate(zip(*lines, strict=True))}
    for name, cells in columns.items():
        chart = chart.transform_calculate(name, f"[{cells}]")
    rows = chart.transform_flatten(list(columns)).transform_window(line="row_number()")
    y = alt.Y("line:Q", axis=None, scale=alt.Scale(domain=[0.5, len(lines) + 0.5], reverse=True))
    style = {"fontSize": 12, "color": INK, "baseline": "middle"}
    room = ends[0] - 60 if len(ends) > 1 else ends[0]
    layers = [
        rows.mark_text(align="left", limit=room, **style).encode(
            x=alt.value(0), y=y, text="column0:N"
        )
    ]
    layers += [
        rows.mark_text(align="right", font="monospace", limit=_LAST, **style).encode(
            x=alt.value(end), y=y, text=f"column{k}:N"
        )
        for k, end in enumerate(ends, 1)
    ]
    heading = alt.Title(title, anchor="start")
    return alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT * len(lines), title=heading)


def figures(scene: Scene) -> Any:
    """Return the panel of accuracy and log loss."""
    n = len(scene)
    total = calculated(samples(scene), forward(n)).transform_aggregate(
        right="sum(correct)", log_loss="sum(share)", likely="valid(log_p)"
    )
    total = total.transform_calculate("accuracy", f"datum.right / {n}")
    last = len(scene.path) - 1
    on_path = "w1 == path[epoch][0] && w2 == path[epoch][1] && b == path[epoch][2]"
    source = f"!({on_path}) ? 'set by hand' : epoch == {last} ? 'the fitted neuron' : "
    lines: list[Line] = [
        ("'accuracy'", f"format(datum.accuracy, '.4f') + '  (' + datum.right + ' of {n})'"),
        ("'misclassified, ringed'", f"'' + ({n} - datum.right)"),
        ("'log loss'", f"datum.likely ? {_number('datum.log_loss')} : 'no probability'"),
        ("'coefficients'", source + f"'epoch ' + epoch + ' of {last - 1}'"),
    ]
    return _table(total, lines, _TWO, "Accuracy and log loss")


def trace(scene: Scene) -> Any:
    """Return the panel of the forward pass of the selected sample."""
    one = picked(calculated(samples(scene), forward(len(scene))))

    def line(word: str, value: str) -> Line:
        """Return a line with text in the first and the last column only."""
        return (word, "''", "''", value)

    lines: list[Line] = [("'sample ' + datum.sample", "'x'", "'w'", "'w·x'")]
    for k in (1, 2):
        x, w = f"datum.x{k}", f"w{k}"
        lines.append((f"features[{k - 1}]", short(x), short(w), _number(f"{w} * {x}")))
    if scene.rest.any():
        lines.append(line("'other features'", _number("datum.rest")))
    lines += [
        line("'sum'", _number("(w1 * datum.x1 + w2 * datum.x2 + datum.rest)")),
        line("'+ bias'", _number("b")),
        line("'= z'", _number("datum.z")),
        line("activation + '(z)'", _number("datum.f")),
        line(
            "'P(' + classes[1] + ')'",
            f"isValid(datum.log_p) ? {_number('exp(datum.log_p)')} : 'no probability'",
        ),
        line(
            "'class, as z ' + (datum.fires ? '> ' : '≤ ') + format(z0, '.4~f')",
            "classes[datum.fires]",
        ),
        line("'true class'", "(datum.correct ? '' : 'misclassified: ') + datum.class"),
    ]
    return _table(one, lines, _FOUR, "Computation for one sample (click another)")
