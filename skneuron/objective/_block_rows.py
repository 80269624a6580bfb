"""The rows of one block in memory, and functions of them that workers call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.design import DesignMatrix, StandardizedDesign
from skneuron.losses import Loss
from skneuron.objective._rows import MemoryRows
from skneuron.objective._spread_samples import BlockSamples

__all__ = [
    "BlockRecipe",
    "Call",
    "of_curvature",
    "on_block",
    "own_blocks",
    "slope_along",
    "take",
    "take_by_chance",
]


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
        return MemoryRows(columns, y, weights, self.loss, offset, design)


@dataclass(frozen=True)
class Call:
    """A function with all arguments but the rows."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any]

    def __call__(self, rows: MemoryRows) -> Any:
        return self.function(rows, *self.args, **self.options)


def on_block(
    recipe: BlockRecipe, function: Callable[..., Any], X: Any, samples: BlockSamples, *given: Any
) -> tuple[Any, int] | None:
    """Return the result for the rows of a block and the number of rows read, None without rows."""
    if len(samples.y) == 0:
        return None
    rows = recipe.rows(X, samples)
    return function(rows, *given), rows.counter.rows


def take(rows: MemoryRows, numbers: AnyArray) -> tuple[Any, BlockSamples]:
    """Return these rows on the original scale, with the sample weights of the subproblem."""
    assert rows.source is not None
    some = BlockSamples(rows.y, np.asarray(rows.weights), rows.offset).take(numbers)
    return rows.source.take(numbers), some


def take_by_chance(
    evenly: float, more: FloatArray, by_columns: FloatArray | None, rows: MemoryRows, seed: int
) -> tuple[Any, BlockSamples]:
    """Return rows that are sampled with their own probabilities, and larger weights."""
    expected: FloatArray = np.full(rows.n_samples, evenly)
    if by_columns is not None:
        parts = rows.weights * rows.columns.squares(by_columns)
        expected += np.where(np.isfinite(parts), np.maximum(parts, 0.0), 0.0)
    expected *= more[rows.y]
    numbers = np.flatnonzero(np.random.default_rng(seed).random(rows.n_samples) < expected)
    data, some = take(rows, numbers)
    assert some.weights is not None
    return data, replace(some, weights=some.weights / np.minimum(expected[numbers], 1.0))


def slope_along(rows: MemoryRows, coef: FloatArray, step: FloatArray, t: float) -> float:
    return rows.slope_along(coef, step)(t)


def of_curvature(rows: MemoryRows, coef: FloatArray, name: str, *args: Any) -> Any:
    return getattr(rows.curvature(coef), name)(*args)


def own_blocks(rows: MemoryRows, coef: FloatArray) -> FloatArray:
    return np.array(list(rows.curvature(coef).own_blocks()))
