"""The first pass over rows in blocks elsewhere: column moments, and some evenly spaced rows."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import (
    DesignMatrix,
    Moments,
    column_moments,
    merged_moments,
    resolve_ordinary_values,
)
from skneuron.objective import BlockSamples, SpreadSamples, stacked
from skneuron.validation import check_finite, refuse_not_finite

__all__ = ["check_shape", "spread_moments"]

# Maximum number of evenly spaced rows that come to the client, as for the saturation.
_ROWS = 1000

# Maximum number of their elements: 16 MB.
_ELEMENTS = 2**21


class _Found(NamedTuple):
    """What the first pass finds in a block."""

    weight: float
    moments: Moments
    n_stored: int
    is_thin: bool
    offset_sum: Any
    even: tuple[Any, BlockSamples]


def spread_moments(samples: SpreadSamples, *, center: bool) -> Moments:
    """Return the moments of all columns. The pass sets the other attributes of ``samples``, too.

    Raises
    ------
    ValueError
        If X is not finite, or if a block of X has another number of rows than its labels.
    """
    n, d = samples.shape
    rows = np.linspace(0, n - 1, min(n, _ROWS, max(2, _ELEMENTS // max(1, d)))).astype(np.intp)
    find = partial(_find, samples.read, samples.factors, center)
    parts = samples.X, samples.blocks, samples.split(rows)
    found: list[_Found] = [block for block in samples.executor.map(find, *parts) if block]
    samples.counter.rows += n
    samples.n_stored = sum(block.n_stored for block in found)
    samples.is_thin = all(block.is_thin for block in found)
    samples.even = stacked([block.even for block in found])
    if samples.has_offset:
        samples.offset_mean = sum(block.offset_sum for block in found)
    moments = merged_moments([(block.weight, block.moments) for block in found])
    if not center:
        return moments
    return resolve_ordinary_values(DesignMatrix(samples.even[0]), moments)


def check_shape(data: Matrix, samples: BlockSamples, suffix: str = "") -> None:
    """Raise ``ValueError`` if a block of X has not as many rows as there are labels."""
    if data.shape[0] != samples.n_rows:
        raise ValueError(
            f"X{suffix} has {data.shape[0]} rows and y{suffix} has {samples.n_rows} labels. "
            "Expected blocks of X, y, sample_weight and offset with the same numbers of rows. Take "
            "them from one collection, for example after df = df.persist()."
        )


def _find(
    read: Any, factors: FloatArray, center: bool, X: Any, samples: BlockSamples, rows: AnyArray
) -> _Found | None:
    """Return the moments of a block, None if it has no rows in use."""
    data = read(X)
    check_shape(data, samples)
    if samples.used is not None:
        check_finite(data)
        data = data[samples.used]
    if data.shape[0] == 0:
        return None
    design, weights = DesignMatrix(data), samples.times(factors)
    total = float(weights.sum())
    moments = column_moments(design, weights / total, center=center)
    if moments is None:
        refuse_not_finite(data)
    offset_sum = None if samples.offset is None else weights @ samples.offset
    even = design.take(rows), samples.take(rows)
    return _Found(total, moments, design.n_stored, design.is_thin, offset_sum, even)
