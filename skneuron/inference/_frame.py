"""Named columns of named rows: a pandas data frame if pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from skneuron._common import AnyArray
from skneuron.inference._text import NOTE, cell, grid, narrow_text, remedy_text
from skneuron.validation import FittedNeuron

__all__ = ["Table", "as_frame", "heading_of", "row_names"]

# Characters in a line of a printed table, as in pandas.
_WIDTH = 80

# Maximum number of characters of a name or a label in a heading.
_LONGEST = 30


@dataclass(frozen=True)
class Table:
    """Named columns of named rows, without pandas.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        ``table[name]`` returns one column, and ``np.asarray(table)`` a matrix of all columns.
    index : list of str or of tuple
        Names of the rows. A tuple has a class and a name.
    heading : str, default=""
        Text above the names of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.inference import Table
    >>> print(Table({"estimate": np.array([1.5, -20.25])}, ["dose", "intercept"]))
               estimate
    dose            1.5
    intercept    -20.25
    """

    columns: Mapping[Any, AnyArray]
    index: list[Any]
    heading: str = ""

    def __getitem__(self, name: Any) -> AnyArray:
        return self.columns[name]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        return np.stack(list(self.columns.values()), axis=1).astype(dtype or None, copy=False)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        index = list(map(_label, self.index))
        columns = {_label(name): values.tolist() for name, values in self.columns.items()}
        lines = grid(
            [[self.heading, *index]]
            + [[name, *(cell(name, value) for value in values)] for name, values in columns.items()]
        )
        if max(map(len, lines)) > _WIDTH:
            text = narrow_text(columns, index, _WIDTH, self.heading)
        else:
            text = "\n".join(lines)
        return text + remedy_text(columns.get(NOTE, ()))


def _label(name: Any) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def as_frame(columns: Mapping[Any, AnyArray], index: list[Any], heading: str = "") -> Any:
    """Return a ``pandas.DataFrame``, or a :class:`Table` without pandas.

    pandas prints the name of its columns, here the heading, above the names of the rows.
    """
    try:
        import pandas
    except ImportError:
        return Table(columns, index, heading)
    from skneuron.inference._pandas import CoefficientFrame

    frame = pandas.DataFrame(dict(columns), index=_pandas_index(pandas, index))
    if isinstance(next(iter(columns), None), tuple):
        frame.columns = _pandas_index(pandas, list(columns))
    if heading:
        frame.columns.name = heading
    return CoefficientFrame(frame)


def heading_of(neuron: FittedNeuron, y: ArrayLike, base: object = None) -> str:
    """Return the modelled probability, or the base class of more than two classes."""
    classes = neuron.classes_.tolist()
    if len(classes) > 2:
        return f"against class {_short(classes[0] if base is None else base)}"
    name = getattr(y, "name", None)
    name = _short(name) if isinstance(name, str) and name else "y"
    return f"P({name} = {_short(classes[1])})"


def _short(name: object) -> str:
    text = " ".join(str(name).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def row_names(X: Any, n: int) -> list[Any]:
    """Return the names of the rows of a data frame, or their numbers."""
    # A list has a method ``index``.
    return list(X.index if hasattr(X, "columns") and hasattr(X, "index") else range(n))


def _pandas_index(pandas: Any, names: list[Any]) -> Any:
    """Return the names of rows or columns. Tuples have a class and a name."""
    if names and isinstance(names[0], tuple):
        return pandas.MultiIndex.from_tuples(names, names=["class", "term"])
    return names
