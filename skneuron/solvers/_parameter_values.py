"""The values that parameters of solvers and schedules may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from numbers import Integral, Real
from typing import ClassVar, NamedTuple, Protocol, TypeGuard

import numpy as np

from skneuron._common import wrong_value

__all__ = ["FLAG", "FRACTION", "POSITIVE", "WHOLE", "Constraint", "auto_or", "check", "is_auto"]


class Constraint(NamedTuple):
    """A check of a value, and the values that pass the check in words."""

    allows: Callable[[object], bool]
    expected: str


class Constrained(Protocol):
    """A solver or a schedule."""

    constraints: ClassVar[Mapping[str, Constraint]]


def check(owner: Constrained) -> None:
    """Raise ``ValueError`` if a parameter violates its constraint in ``owner.constraints``."""
    for name, (allows, expected) in owner.constraints.items():
        value = getattr(owner, name)
        if not allows(value):
            kind = type(owner)
            default = signature(kind).parameters[name].default
            example = f"{kind.__name__}({name}={default!r})"
            raise ValueError(wrong_value(name, value, expected, example, kind.__name__))


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_auto(value: object) -> bool:
    """Return whether a value is "auto"."""
    return isinstance(value, str) and value == "auto"


def auto_or(constraint: Constraint) -> Constraint:
    """Return a constraint that also allows "auto"."""
    allows, expected = constraint
    joined = f"'auto'{',' if ' or ' in expected else ' or'} {expected}"
    return Constraint(lambda value: is_auto(value) or allows(value), joined)


FLAG = Constraint(lambda value: isinstance(value, bool | np.bool_), "True or False")
FRACTION = Constraint(lambda value: is_number(value) and 0 <= value < 1, "a number in [0, 1)")
POSITIVE = Constraint(
    lambda value: is_number(value) and 0 < value < np.inf, "a positive, finite number"
)
WHOLE = Constraint(
    lambda value: isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1,
    "a positive integer",
)
