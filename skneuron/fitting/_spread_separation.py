"""Separation of rows in blocks elsewhere: a proof on some rows, which all rows have to confirm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import StandardizedDesign
from skneuron.objective import BlockSamples, MemoryRows, SpreadRows, stacked
from skneuron.separation import Separation

__all__ = ["SomeRows", "separation_on_blocks", "some_rows"]

# Maximum number of elements of the first rows that come to the client: 4 MB. The time of a linear
# program grows faster than the number of rows.
_MAX_ELEMENTS = 2**19

# Maximum number of rows on the wrong side of a hyperplane that each block adds in a round.
_ADDED = 100

# Maximum number of rounds. In 200 random problems the largest number was 3.
_MAX_ROUNDS = 30

# Largest distance of a row from the hyperplane that counts as zero, relative to its terms.
_ON_PLANE = 1e-8

#: Rows on the original scale, and their class indices.
SomeRows = tuple[Matrix, AnyArray]


def some_rows(rows: SpreadRows) -> SomeRows:
    """Return a sample of the rows, in which every class has some."""
    m = max(2, int(_MAX_ELEMENTS / rows.row_elements))
    return rows.on_original_scale(m, np.random.default_rng(0))


def separation_on_blocks(
    rows: SpreadRows,
    some: SomeRows,
    of_class: int,
    columns: AnyArray,
    find: Callable[[Matrix, AnyArray], Separation],
) -> Separation:
    """Return the separation of one class from the rest.

    Classes that overlap in some rows overlap. A hyperplane that separates some rows gets the rows
    on its wrong side in addition, until there are none, or the rows overlap.

    Parameters
    ----------
    rows : SpreadRows
    some : SomeRows
        From ``some_rows``.
    of_class : int
    columns : ndarray of int
        Columns that can be part of a direction.
    find : callable
        Gets these columns of some rows, and which rows are of the class.
    """
    X, y = some
    for _ in range(_MAX_ROUNDS):
        found = find(X[:, columns], y == of_class)
        if not found.is_separated or found.direction is None:
            return found
        coef, intercept = np.zeros(rows.n_features), found.direction[1]
        coef[columns] = found.direction[0]
        beyond = rows.each(_beyond, of_class, coef, intercept)
        wrong = [piece for piece, _ in beyond if len(piece[1].y)]
        if not wrong:
            is_complete = found.kind == "complete" and not any(on_plane for _, on_plane in beyond)
            return replace(found, kind="complete" if is_complete else "quasi-complete")
        X, samples = stacked([(X, BlockSamples(y)), *wrong])
        y = samples.y
    return Separation("undecided", None, (), (), 0.0)


def _beyond(
    rows: MemoryRows, of_class: int, coef: FloatArray, intercept: float
) -> tuple[tuple[Matrix, BlockSamples], bool]:
    """Return the rows farthest on the wrong side, and whether a row is on the hyperplane."""
    assert rows.source is not None
    data, center = rows.source.source, np.zeros(len(coef))
    if not sparse.issparse(data):
        center = data[0].astype(np.float64)
        data = data - center
    z = np.asarray(data @ coef) + (intercept + center @ coef)
    margin = np.where(rows.y == of_class, z, -z)
    scale = rows.columns.standardization[1] if isinstance(rows.columns, StandardizedDesign) else 0
    largest = np.abs(coef * np.where(np.isfinite(scale), scale, 0.0)).max(initial=0.0)
    on_plane = _ON_PLANE * (np.asarray(abs(data) @ np.abs(coef)) + largest)
    order = np.argsort(margin + on_plane)[:_ADDED]
    worst = np.sort(order[(margin + on_plane)[order] < 0])
    piece = rows.source.take(worst), BlockSamples(rows.y[worst])
    return piece, bool(np.any(margin <= on_plane))
