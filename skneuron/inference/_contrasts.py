"""Linear hypotheses about the coefficients, as arrays or as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import FloatArray

__all__ = ["Hypotheses", "Hypothesis", "hypotheses_of"]

#: A hypothesis as a user passes it.
Hypothesis = str | Sequence[str] | ArrayLike

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


class Hypotheses(NamedTuple):
    """Hypotheses L θ = c.

    Attributes
    ----------
    L : ndarray of shape (q, p)
    c : ndarray of shape (q,)
    names : list of str
    """

    L: FloatArray
    c: FloatArray
    names: list[str]


def hypotheses_of(hypothesis: Hypothesis, c: ArrayLike, names: list[str]) -> Hypotheses:
    """Return the hypotheses as a matrix, a column per parameter.

    Parameters
    ----------
    hypothesis : str, list of str, or array-like of shape (p,) or (q, p)
        Text has sums of names, each after an optional factor and ``*``, on one side or on both
        sides of ``=``.
    c : array-like of shape (q,) or float
        Right side of an array. It must be 0 for text.
    names : list of str
        Names of the parameters.

    Examples
    --------
    >>> from skneuron.inference._contrasts import hypotheses_of
    >>> found = hypotheses_of("2 * age - lwt = 1", 0, ["age", "lwt", "intercept"])
    >>> found.L.tolist(), found.c.tolist()
    ([[2.0, -1.0, 0.0]], [1.0])
    """
    texts = [hypothesis] if isinstance(hypothesis, str) else hypothesis
    if isinstance(texts, Sequence) and len(texts) and all(isinstance(t, str) for t in texts):
        if np.any(np.asarray(c) != 0):
            raise ValueError(
                f"Got c={c!r} with a hypothesis as text. Expected c=0: the text has the right "
                "side. Write for example 'age - lwt = 1'."
            )
        lines = [str(text) for text in texts]
        rows = [_parsed(text, names) for text in lines]
        return Hypotheses(
            np.array([row for row, _ in rows]), np.array([constant for _, constant in rows]), lines
        )
    matrix = np.atleast_2d(np.asarray(hypothesis, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or not len(matrix):
        raise ValueError(
            f"The hypotheses have shape {np.shape(hypothesis)}. Expected {len(names)} columns, one "
            f"per parameter: {', '.join(names)}. Or pass text, for example '{names[0]} = 0'."
        )
    if np.shape(c) not in ((), (1,), (len(matrix),)):
        raise ValueError(
            f"c has shape {np.shape(c)}. Expected a number, or one number for each of the "
            f"{len(matrix)} rows of hypotheses."
        )
    right = np.broadcast_to(np.asarray(c, dtype=np.float64), len(matrix))
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        raise ValueError("The hypotheses or c have NaN or infinity. Expected finite numbers.")
    return Hypotheses(matrix, np.array(right), [f"row {k}" for k in range(len(matrix))])


def _parsed(text: str, names: list[str]) -> tuple[FloatArray, float]:
    """Return the coefficients and the right side of one hypothesis."""
    sides = _split(text, names)
    if len(sides) > 2:
        raise _unknown(text, "=", names)
    coefficients, constant = np.zeros(len(names)), 0.0
    for sign, side in zip((1.0, -1.0), sides, strict=False):
        for factor, name in side:
            if name is None:
                constant -= sign * factor
            else:
                _require_one_meaning(name, text, names)
                coefficients[names.index(name)] += sign * factor
    if not coefficients.any():
        raise _unknown(text, text, names)
    return coefficients, constant


def _require_one_meaning(name: str, text: str, names: list[str]) -> None:
    """Raise ``ValueError`` for a name of several parameters, or a name that is a number."""
    is_number = re.fullmatch(_NUMBER, name) is not None
    if names.count(name) == 1 and not is_number:
        return
    reason = "a name and a number" if is_number else f"the name of {names.count(name)} coefficients"
    row = [1] + [0] * (len(names) - 1)
    raise ValueError(
        f"Got the hypothesis {text!r}, in which {name!r} is {reason}. Expected names with one "
        "meaning. Pass an array with a column for each row of coefficient_table, for example "
        f"wald_test(neuron, X, y, {row}) for its first row."
    )


def _split(text: str, names: list[str]) -> list[list[tuple[float, str | None]]]:
    """Return the terms (factor, name) of each side. Constants have no name."""
    longest = sorted(names, key=len, reverse=True)
    name = "|".join(map(re.escape, longest))
    with_factor = rf"(?:({_NUMBER})\s*\*\s*)?({name})"
    term = re.compile(rf"\s*([+-]?)\s*(?:{with_factor}|({_NUMBER}))\s*(?=[+=-]|$)")
    sides: list[list[tuple[float, str | None]]] = [[]]
    place = 0
    while place < len(text):
        if text[place] == "=" and sides[-1]:
            sides.append([])
            place += 1
        found = term.match(text, place)
        if found is None or (sides[-1] and not found[1]):
            raise _unknown(text, text[place:].strip(), names)
        sign, factor, own, constant = found.groups()
        size = float(constant if own is None else factor or 1.0)
        sides[-1].append((-size if sign == "-" else size, own))
        place = found.end()
    return sides


def _unknown(text: str, part: str, names: list[str]) -> ValueError:
    return ValueError(
        f"Got the hypothesis {text!r}, with {part!r} as no name and no number. Expected sums of "
        f"the names {', '.join(map(repr, names))}. Write for example '{names[0]} = 0' or "
        f"'2 * {names[0]} - {names[-1]} = 1'."
    )
