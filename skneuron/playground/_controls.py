"""The controls of the page: activation, coefficients, intercept, epoch, sample."""

from __future__ import annotations

from typing import Any

import altair as alt

from skneuron.activations import ACTIVATIONS, LeakyReLU
from skneuron.playground._formulas import threshold_of
from skneuron.playground._scene import Scene

__all__ = ["controls", "follow_epochs", "picked_sample"]

_WEIGHTS = ("w1", "w2", "b")


def controls(scene: Scene) -> list[Any]:
    """Return Altair's parameters of the page, in the order in which it lists them."""
    last = len(scene.path) - 1
    first, second = scene.plane.names
    labels = (f"w₁ of {first} ", f"w₂ of {second} ", "bias b ")
    sliders = [
        alt.param(
            name=name,
            value=float(value),
            bind=alt.binding_range(
                min=-float(reach), max=float(reach), step=float(reach) / 100, name=label
            ),
        )
        for name, label, value, reach in zip(
            _WEIGHTS, labels, scene.path[-1], scene.reaches, strict=True
        )
    ]
    alpha = scene.activation.alpha if isinstance(scene.activation, LeakyReLU) else LeakyReLU().alpha
    return [
        alt.param(
            name="activation",
            value=scene.activation_name,
            bind=alt.binding_select(options=list(ACTIVATIONS), name="activation f "),
        ),
        *sliders,
        # Expressions take the names from these two lists. A name within an expression could end
        # the expression's string, and Vega takes the string "constructor" for a variable.
        alt.param(name="features", value=list(scene.plane.names)),
        alt.param(name="classes", value=list(scene.classes)),
        alt.param(name="path", value=scene.path.tolist()),
        alt.param(
            name="epoch",
            value=last,
            bind=alt.binding_range(min=0, max=last, step=1, name="epoch "),
        ),
        alt.param(name="alpha", value=float(alpha)),
        alt.param(name="z0", expr=threshold_of(scene.activation)),
    ]


def picked_sample(n_samples: int) -> Any:
    """Return the selection of one sample, by a click or by its slider."""
    slider = alt.binding_range(min=0, max=n_samples - 1, step=1, name="sample to trace ")
    return alt.selection_point(
        name="pick",
        fields=["sample"],
        bind=slider,
        on="click",
        clear=False,
        toggle=False,
        empty=False,
        value=[{"sample": 0}],
    )


def follow_epochs(spec: dict[str, Any]) -> dict[str, Any]:
    """Let the epoch's slider move the three others, which remain movable by hand.

    A parameter of Vega-Lite is a value with a slider, or an expression of other parameters.
    Only in Vega, to which Vega-Lite hands unknown keys on, can it be both: ``on`` an event of
    the epoch it is updated. Altair's schema does not know the key, so that it is added last.
    """
    for param in spec["params"]:
        if param["name"] in _WEIGHTS:
            update = f"path[epoch][{_WEIGHTS.index(param['name'])}]"
            param["on"] = [{"events": {"signal": "epoch"}, "update": update}]
    return spec
