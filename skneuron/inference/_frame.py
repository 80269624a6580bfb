"""Named columns of named rows: a pandas frame where there is pandas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import AnyArray

__all__ = ["Table", "as_frame"]


@dataclass(frozen=True)
class Table:
    """What stands in for a pandas frame where pandas is not installed.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        Also as ``table[name]``; ``np.asarray(table)`` has them side by side.
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

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> AnyArray:
        return np.stack(list(self.columns.values()), axis=1).astype(dtype or None, copy=False)

    def __str__(self) -> str:
        text = [["", *self.index]]
        for name, values in self.columns.items():
            cells = [v if isinstance(v, str) else f"{v:.6g}" for v in values.tolist()]
            text.append([name, *cells])
        widths = [max(map(len, column)) for column in text]
        lines = zip(*text, strict=True)
        return "\n".join(
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            ).rstrip()
            for line in lines
        )


def as_frame(columns: Mapping[str, AnyArray], index: list[str]) -> Any:
    """Return a ``pandas.DataFrame``, or a :class:`Table` without pandas."""
    try:
        import pandas
    except ImportError:
        return Table(columns, index)
    return pandas.DataFrame(dict(columns), index=index)
