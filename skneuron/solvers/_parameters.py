"""Checks of the parameters of solvers and schedules."""

from __future__ import annotations

from inspect import signature
from numbers import Integral, Real
from typing import Any

import numpy as np

from skneuron._messages import wrong_value

__all__ = ["is_flag", "is_fraction", "is_number", "is_positive", "is_positive_integer", "require"]


def require(valid: bool, owner: object, name: str, expected: str) -> None:
    """Raise ``ValueError`` if a parameter of an object is not valid."""
    if not valid:
        kind = type(owner)
        default = signature(kind).parameters[name].default
        example = f"{kind.__name__}({name}={default!r})"
        raise ValueError(wrong_value(name, getattr(owner, name), expected, example, kind.__name__))


def is_number(value: Any) -> bool:
    """Return whether a value is a real number and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_positive(value: Any) -> bool:
    """Return whether a value is a positive, finite number."""
    return is_number(value) and 0 < value < np.inf


def is_fraction(value: Any) -> bool:
    """Return whether a value is a number in [0, 1)."""
    return is_number(value) and 0 <= value < 1


def is_positive_integer(value: Any) -> bool:
    """Return whether a value is a positive integer."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def is_flag(value: Any) -> bool:
    """Return whether a value is True or False."""
    return isinstance(value, bool | np.bool_)
