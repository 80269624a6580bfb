"""Bounds of the coefficients: a pair for all, an array, or a dict by feature name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skneuron._common import AnyArray, Bounds, one_of, wrong_value
from skneuron.validation._data import TrainingData
from skneuron.validation._masked import check_unmasked

__all__ = ["column_of", "with_bounds"]


def with_bounds(data: TrainingData, bounds: Bounds, names: AnyArray | None) -> TrainingData:
    """Return the data with lower and upper bounds of each coefficient.

    Parameters
    ----------
    data : TrainingData
    bounds : None, (low, high), array-like of shape (n_features, 2) or dict
        A dict maps names of features to pairs, or column numbers if X has no names. Features
        without an entry have no bounds. None in a pair is no bound.
    names : ndarray of str of shape (n_features,) or None

    Raises
    ------
    ValueError
        If a pair has no two numbers, is empty, or belongs to no feature.
    """
    if bounds is None:
        return data
    check_unmasked(bounds, "bounds")
    d = data.X.shape[1]
    low, high = np.full(d, -np.inf), np.full(d, np.inf)
    if isinstance(bounds, Mapping):
        for key, pair in bounds.items():
            column = column_of(key, names, d, "bounds", "(0, None)")
            low[column], high[column] = _pair(pair, f"bounds[{key!r}]")
    elif _is_pair(bounds):
        low[:], high[:] = _pair(bounds, "bounds")
    else:
        rows = _rows(bounds, d)
        for column, pair in enumerate(rows):
            low[column], high[column] = _pair(pair, f"bounds[{column}]")
    return replace(data, low=low, high=high)


def _is_pair(bounds: Any) -> bool:
    return len(np.shape(_without_none(bounds))) == 1 and len(bounds) == 2


def _without_none(bounds: Any) -> Any:
    """Return the bounds with 0 for None, so that NumPy finds their shape."""
    if isinstance(bounds, tuple | list):
        return [0.0 if entry is None else _without_none(entry) for entry in bounds]
    return bounds


def _rows(bounds: Any, d: int) -> list[Any]:
    try:
        shape = np.shape(_without_none(bounds))
    except ValueError:
        shape = ()
    if shape != (d, 2):
        raise ValueError(
            wrong_value(
                "bounds",
                bounds,
                f"a pair (low, high), an array of shape ({d}, 2), one pair per feature, or a dict "
                "from feature name to pair",
                "bounds=(0, None)",
            )
        )
    return list(bounds)


def _pair(pair: Any, name: str) -> tuple[float, float]:
    try:
        low, high = pair
        low = -np.inf if low is None else float(low)
        high = np.inf if high is None else float(high)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            wrong_value(name, pair, "a pair (low, high) of numbers or None", "(0, None)")
        ) from None
    if not low <= high or low == np.inf or high == -np.inf:
        raise ValueError(wrong_value(name, pair, "low <= high", "(0, None)"))
    return low, high


def column_of(
    key: Hashable, names: AnyArray | None, d: int, parameter: str, example_value: str
) -> int:
    """Return the column of a key of a parameter, and raise ``ValueError`` if there is none."""
    if names is not None and key in names:
        return int(np.flatnonzero(names == key)[0])
    if names is None and isinstance(key, int | np.integer) and 0 <= key < d:
        return int(key)
    known = one_of(names) if names is not None else f"a column number below {d}"
    example = names[0] if names is not None else 0
    raise ValueError(
        f"The key {key!r} of {parameter} is no feature of X. Expected {known}. Use for example "
        f"{parameter}={{{example!r}: {example_value}}}."
    )
