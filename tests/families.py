"""The families that tests walk: a new member is tested from the day it is in its registry."""

from __future__ import annotations

from skneuron.activations import ACTIVATIONS, get_activation
from skneuron.losses import get_loss, resolve_loss_name
from skneuron.solvers import SOLVERS

PROBABILITIES = [name for name, cls in ACTIVATIONS.items() if cls.is_probability]
CONVEX = [name for name, cls in ACTIVATIONS.items() if cls.is_probability and cls.convex_nll]
DIFFERENTIABLE = [name for name, cls in ACTIVATIONS.items() if cls.differentiable]


def losses_of(activation: str) -> list[str]:
    """Return every value of ``loss`` that trains the activation, each model once."""
    found = {}
    for loss in ("auto", "squared_error"):
        try:
            found.setdefault(resolve_loss_name(loss, get_activation(activation)), loss)
        except ValueError:
            continue
    return list(found.values())


def trainable() -> list[tuple[str, str, str]]:
    """Return every (activation, loss, solver) that works together."""
    out = []
    for activation in ACTIVATIONS:
        for loss in losses_of(activation):
            resolved = get_activation(activation)
            pointwise = get_loss(resolve_loss_name(loss, resolved), resolved)
            out += [
                (activation, loss, solver)
                for solver, cls in SOLVERS.items()
                if cls().refusal(pointwise, activation) is None
            ]
    return out
