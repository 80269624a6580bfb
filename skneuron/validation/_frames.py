"""The columns of data frames of pandas, polars and PyArrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["columns_of", "is_frame"]


def is_frame(values: Any) -> bool:
    """Return whether the values are a data frame."""
    return hasattr(values, "column_names") or (
        hasattr(values, "columns") and hasattr(values, "dtypes")
    )


def columns_of(frame: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the label of each column, its type, and a function that returns its values."""
    if hasattr(frame, "column_names"):  # pyarrow
        labels, dtypes, at = frame.column_names, frame.schema.types, frame.column
    elif hasattr(frame, "iloc"):  # pandas
        labels, dtypes, at = frame.columns, frame.dtypes, lambda j: frame.iloc[:, j]
    else:  # polars
        labels, dtypes, at = frame.columns, frame.dtypes, frame.to_series
    for j, (label, dtype) in enumerate(zip(labels, dtypes, strict=True)):
        yield label, dtype, lambda j=j: at(j)
