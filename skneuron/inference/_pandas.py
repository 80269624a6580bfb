"""Pandas objects that print p-values below 1e-300 as ``< 1e-300`` and keep them as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas

from skneuron.inference._p_value import TOO_SMALL, is_too_small
from skneuron.inference._text import NOTE, narrow_text, notes_text, remedy_text

__all__ = ["CoefficientFrame", "CoefficientSeries"]

_NAME = "p_value"

# Maximum number of columns to print if pandas would fit the columns to the terminal. pandas takes
# this number elsewhere.
_MAX_COLUMNS = 20

# Characters in a line if pandas has no width.
_WIDTH = 80


def _text(value: Any, name: Any) -> Any:
    """Return a number as text, and other cells as they are."""
    if name == _NAME and is_too_small(value):
        return TOO_SMALL
    if isinstance(value, float):
        return "NaN" if np.isnan(value) else f"{value:.6g}"
    return value


class CoefficientSeries(pandas.Series):
    """A row or a column of a coefficient table.

    Examples
    --------
    >>> from skneuron.inference._pandas import CoefficientSeries
    >>> p = CoefficientSeries([0.5, 5e-324], ["age", "dose"], name="p_value")
    >>> p
    age          0.5
    dose    < 1e-300
    Name: p_value, dtype: float64
    >>> float(p["dose"])
    5e-324
    """

    @property
    def _constructor(self) -> type[CoefficientSeries]:
        return CoefficientSeries

    @property
    def _constructor_expanddim(self) -> type[CoefficientFrame]:
        return CoefficientFrame

    def _printed(self) -> Any:
        """Return a plain series with text in place of p-values that are too small."""
        plain = pandas.Series(self)
        names = [self.name] * len(plain) if self.name == _NAME else list(plain.index)
        texts = [_text(value, name) for value, name in zip(plain, names, strict=True)]
        if TOO_SMALL not in texts:
            return plain
        return pandas.Series(texts, plain.index, name=self.name, dtype=object)

    def to_string(self, *args: Any, **kwargs: Any) -> Any:
        """Return the text of ``pandas.Series.to_string``."""
        return self._printed().to_string(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self._printed()).replace("dtype: object", f"dtype: {self.dtype}")


class CoefficientFrame(pandas.DataFrame):
    """A coefficient table.

    Examples
    --------
    >>> from skneuron.inference._pandas import CoefficientFrame
    >>> table = CoefficientFrame({"z": [1.0, 40.0], "p_value": [0.3, 5e-324]}, ["age", "dose"])
    >>> table
             z   p_value
    age    1.0       0.3
    dose  40.0  < 1e-300
    >>> table["p_value"].dtype
    dtype('float64')
    """

    @property
    def _constructor(self) -> type[CoefficientFrame]:
        return CoefficientFrame

    @property
    def _constructor_sliced(self) -> type[CoefficientSeries]:
        return CoefficientSeries

    def _printed(self) -> Any:
        """Return a plain frame with text in place of p-values that are too small."""
        plain = pandas.DataFrame(self)
        for k, name in enumerate(plain.columns):
            printed = CoefficientSeries(plain.iloc[:, k], name=name)._printed()
            if TOO_SMALL in printed.tolist():
                plain.isetitem(k, printed)
        return plain

    def _to_print(self, arguments: dict[str, Any]) -> Any:
        """Return the frame to print, or the frame itself if the user formats its p-values."""
        own = arguments.get("formatters") or {}
        if isinstance(own, dict) and _NAME not in own:
            return self._printed()
        return pandas.DataFrame(self)

    def to_string(self, *args: Any, **kwargs: Any) -> Any:
        """Return the text of ``pandas.DataFrame.to_string``."""
        return self._to_print(kwargs).to_string(*args, **kwargs)

    def to_html(self, *args: Any, **kwargs: Any) -> Any:
        """Return the text of ``pandas.DataFrame.to_html``."""
        return self._to_print(kwargs).to_html(*args, **kwargs)

    def to_latex(self, *args: Any, **kwargs: Any) -> Any:
        """Return the text of ``pandas.DataFrame.to_latex``."""
        return self._to_print(kwargs).to_latex(*args, **kwargs)

    def to_markdown(self, *args: Any, **kwargs: Any) -> Any:
        """Return the text of ``pandas.DataFrame.to_markdown``."""
        return self._printed().to_markdown(*args, **kwargs)

    def __repr__(self) -> str:
        # In a terminal, pandas leaves out columns, often the p-values. It breaks lines instead.
        columns = pandas.get_option("display.max_columns")
        columns = _MAX_COLUMNS if columns == 0 else columns
        with pandas.option_context("display.max_columns", columns):
            text = repr(self._printed())
        plain = self.columns.nlevels == 1 and self.columns.is_unique
        # pandas breaks the lines of a wide table with a backslash.
        is_whole = plain and len(self) <= (pandas.get_option("display.max_rows") or len(self))
        text = self._narrow() if plain and "\\\n" in text else text
        return text + (remedy_text(self[NOTE]) if is_whole and NOTE in self else "")

    def _narrow(self) -> str:
        """Return the text of a table that is wider than the terminal."""
        plain = pandas.DataFrame(self)
        most, ends = pandas.get_option("display.max_rows"), pandas.get_option("display.min_rows")
        left_out = len(plain) - ends if most and ends and len(plain) > most else 0
        if left_out:
            plain = pandas.concat([plain.head(ends - ends // 2), plain.tail(ends // 2)])
        columns = {str(name): plain[name].tolist() for name in plain.columns}
        index = [
            " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
            for label in plain.index
        ]
        width = pandas.get_option("display.width") or _WIDTH
        text = CoefficientFrame(plain.drop(columns=NOTE, errors="ignore")).to_string()
        if max(map(len, text.splitlines())) <= width:
            text += notes_text(columns, index, width)
        else:
            text = narrow_text(columns, index, width, self.columns.name or "")
        return f"{text}\n({left_out} rows in the middle not shown)" if left_out else text

    def _repr_html_(self) -> Any:
        return self._printed()._repr_html_()
