"""The rows of one block in memory, and functions of them that workers call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg

from skneuron._common import AnyArray, FloatArray
from skneuron.design import DesignMatrix, StandardizedDesign
from skneuron.losses import Loss
from skneuron.objective._rows import MemoryRows
from skneuron.objective._spread_samples import BlockSamples

__all__ = [
    "BlockRecipe",
    "Call",
    "Root",
    "of_curvature",
    "on_block",
    "own_blocks",
    "root_of",
    "slope_along",
    "take",
    "take_by_chance",
]


class BlockRows(MemoryRows):
    """Rows that are there for one round, in which a standardised copy would be read once."""

    def keep_small_copy(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class BlockRecipe:
    """What turns a block into :class:`MemoryRows`. Each round sends it to the workers."""

    read: Callable[[Any], Any]
    loss: Loss
    center: FloatArray
    scale: FloatArray
    spread: FloatArray
    offset_center: FloatArray | float
    factors: FloatArray
    #: The class of one neuron against the rest, None for a single subproblem.
    of_class: int | None
    #: The columns in use, None for all.
    columns: AnyArray | None = None

    def restrict(self, columns: AnyArray) -> BlockRecipe:
        """Return the recipe of these columns only."""
        parts = (self.center[columns], self.scale[columns], self.spread[columns])
        own = columns if self.columns is None else self.columns[columns]
        return replace(self, center=parts[0], scale=parts[1], spread=parts[2], columns=own)

    def rows(self, X: Any, samples: BlockSamples) -> MemoryRows:
        """Return the rows in use of a block."""
        data = self.read(X)
        design = DesignMatrix(data if samples.used is None else data[samples.used])
        if self.columns is not None:
            design = design.columns(self.columns)
        y, offset = samples.y, samples.offset
        if self.of_class is not None:
            y = (y == self.of_class).astype(np.intp)
            offset = None if offset is None else np.ascontiguousarray(offset[:, self.of_class])
        offset = None if offset is None else offset - self.offset_center
        return self.assembled(design, y, samples.times(self.factors), offset)

    def assembled(
        self, design: DesignMatrix, y: AnyArray, weights: FloatArray, offset: FloatArray | None
    ) -> MemoryRows:
        """Return rows with labels, weights and offset of this subproblem."""
        at = self.center, self.scale, self.spread
        columns = StandardizedDesign(design, *at, is_steady=True)
        return BlockRows(columns, y, weights, self.loss, offset, design)


@dataclass(frozen=True)
class Call:
    """A function with all arguments but the rows."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any]

    def __call__(self, rows: MemoryRows) -> Any:
        return self.function(rows, *self.args, **self.options)


@dataclass(frozen=True)
class OfRows:
    """A result for some rows, and the number of rows that were read for it."""

    result: Any
    n_read: int

    def __add__(self, other: OfRows) -> OfRows:
        return OfRows(self.result + other.result, self.n_read + other.n_read)


def on_block(
    recipe: BlockRecipe, function: Callable[..., Any], X: Any, samples: BlockSamples, *given: Any
) -> OfRows | None:
    """Return the result for the rows of a block, None without rows."""
    if len(samples.y) == 0:
        return None
    rows = recipe.rows(X, samples)
    return OfRows(function(rows, *given), rows.counter.rows)


def take(rows: MemoryRows, numbers: AnyArray) -> tuple[Any, BlockSamples]:
    """Return these rows on the original scale, with the sample weights of the subproblem."""
    assert rows.source is not None
    some = BlockSamples(rows.y, np.asarray(rows.weights), rows.offset).take(numbers)
    return rows.source.take(numbers), some


def take_by_chance(
    evenly: float,
    more: FloatArray,
    by_columns: FloatArray | None,
    most: float,
    rows: MemoryRows,
    seed: int,
) -> tuple[Any, BlockSamples] | None:
    """Return rows that are sampled with their own probabilities, and larger weights.

    All probabilities are smaller if the rows would have more than ``most`` elements per row of
    the block. Return None if rows sampled by columns would have more than twice as many.
    """
    expected: FloatArray = np.full(rows.n_samples, evenly)
    if by_columns is not None:
        parts = rows.weights * rows.columns.squares(by_columns)
        expected += np.where(np.isfinite(parts), np.maximum(parts, 0.0), 0.0)
    expected = np.minimum(expected * more[rows.y], 1.0)
    assert rows.source is not None
    if rows.source.is_thin:
        # An element has a column index of half its size.
        elements = 1.5 * float(expected @ np.diff(rows.source.by_rows().source.indptr))
        fits = most * rows.n_samples / max(1.0, elements)
        if fits < 0.5 and by_columns is not None:
            return None
        expected *= min(1.0, fits)
    numbers = np.flatnonzero(np.random.default_rng(seed).random(rows.n_samples) < expected)
    data, some = take(rows, numbers)
    assert some.weights is not None
    return data, replace(some, weights=some.weights / expected[numbers])


def slope_along(rows: MemoryRows, coef: FloatArray, step: FloatArray, t: float) -> float:
    return rows.slope_along(coef, step)(t)


def of_curvature(rows: MemoryRows, coef: FloatArray, name: str, *args: Any) -> Any:
    return getattr(rows.curvature(coef), name)(*args)


@dataclass(frozen=True)
class Root:
    """R with RᵀR a Hessian. The sum of two is the R of the sum of their Hessians."""

    matrix: FloatArray

    def __add__(self, other: Root) -> Root:
        both = np.vstack([self.matrix, other.matrix])
        return Root(linalg.qr(both, mode="r")[0][: both.shape[1]])


def root_of(rows: MemoryRows, coef: FloatArray, start: FloatArray) -> Root:
    return Root(rows.curvature(coef).root(start))


def own_blocks(rows: MemoryRows, coef: FloatArray) -> FloatArray:
    return np.array(list(rows.curvature(coef).own_blocks()))
