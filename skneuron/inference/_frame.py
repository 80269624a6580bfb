"""Named columns of named rows: a pandas data frame if pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from skneuron._typing import AnyArray
from skneuron.inference._text import cell, grid, narrow_text

__all__ = ["Table", "as_frame"]

# Characters in a line of a printed table, as in pandas.
_WIDTH = 80


@dataclass(frozen=True)
class Table:
    """Named columns of named rows, without pandas.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        ``table[name]`` returns one column, and ``np.asarray(table)`` a matrix of all columns.
    index : list of str
        Names of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.inference import Table
    >>> print(Table({"estimate": np.array([1.5, -20.25])}, ["dose", "intercept"]))
               estimate
    dose            1.5
    intercept    -20.25
    """

    columns: Mapping[str, AnyArray]
    index: list[str]

    def __getitem__(self, name: str) -> AnyArray:
        return self.columns[name]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        return np.stack(list(self.columns.values()), axis=1).astype(dtype or None, copy=False)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        columns = {name: values.tolist() for name, values in self.columns.items()}
        lines = grid(
            [["", *self.index]]
            + [[name, *(cell(name, value) for value in values)] for name, values in columns.items()]
        )
        if max(map(len, lines)) > _WIDTH:
            return narrow_text(columns, self.index, _WIDTH)
        return "\n".join(lines)


def as_frame(columns: Mapping[str, AnyArray], index: list[str]) -> Any:
    """Return a ``pandas.DataFrame``, or a :class:`Table` without pandas."""
    try:
        import pandas
    except ImportError:
        return Table(columns, index)
    from skneuron.inference._pandas import CoefficientFrame

    return CoefficientFrame(pandas.DataFrame(dict(columns), index=index))
