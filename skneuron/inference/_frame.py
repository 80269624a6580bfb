"""Named columns of named rows: a pandas data frame if pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from skneuron._typing import AnyArray
from skneuron.inference._p_value import TOO_SMALL, is_too_small

__all__ = ["Table", "as_frame"]


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
        text = [["", *self.index]]
        for name, values in self.columns.items():
            text.append([name, *(_cell(name, value) for value in values.tolist())])
        widths = [max(map(len, column)) for column in text]
        lines = zip(*text, strict=True)
        return "\n".join(
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            ).rstrip()
            for line in lines
        )


def _cell(name: str, value: Any) -> str:
    if name == "p_value" and is_too_small(value):
        return TOO_SMALL
    return value if isinstance(value, str) else f"{value:.6g}"


def as_frame(columns: Mapping[str, AnyArray], index: list[str]) -> Any:
    """Return a ``pandas.DataFrame``, or a :class:`Table` without pandas."""
    try:
        import pandas
    except ImportError:
        return Table(columns, index)
    from skneuron.inference._pandas import CoefficientFrame

    return CoefficientFrame(pandas.DataFrame(dict(columns), index=index))
