"""Separation of many rows, in memory or in blocks elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import StandardizedDesign
from skneuron.objective import BlockSamples, MemoryRows, SpreadRows, stacked
from skneuron.separation import Separation, rows_beyond, separation_in_parts

__all__ = ["SomeRows", "separation_in_memory", "separation_on_blocks", "some_rows"]

# Maximum number of elements of the first rows that come to the client: 4 MB. The time of a linear
# program grows faster than the number of rows.
_MAX_ELEMENTS = 2**19

# Number of elements of the first rows in memory, and smallest number of these rows: a Newton step
# on them takes less than a millisecond.
_FIRST_ELEMENTS = 2**14
_LEAST_ROWS = 800

# Maximum number of rows that each block adds in a round: many blocks send them to one client.
_ADDED = 100

#: Rows on the original scale, and their class indices.
SomeRows = tuple[Matrix, AnyArray]

#: Gets rows, and which of them are of the class.
Find = Callable[[Matrix, AnyArray], Separation]


def some_rows(rows: SpreadRows) -> SomeRows:
    """Return a sample of the rows, in which every class has some."""
    m = max(2, int(_MAX_ELEMENTS / rows.row_elements))
    return rows.on_original_scale(m, np.random.default_rng(0))


def separation_in_memory(
    X: Matrix, is_one: AnyArray, coef: FloatArray, fit_intercept: bool, find: Find
) -> Separation:
    """Return the separation of one class from the rest, quickly if many rows overlap.

    The first rows are those that a fit with the coefficients ``coef`` finds hard. Their residuals
    are of one size, and a few Newton steps prove an overlap.
    """
    data: Any = X
    n, stored = X.shape[0], data.nnz if sparse.issparse(X) else data.size
    m = max(_LEAST_ROWS, int(_FIRST_ELEMENTS * n / max(1, stored)))
    if n <= 2 * m:
        return find(X, is_one)
    z, hard = data @ coef, []
    for own, sign in ((is_one, 1), (~is_one, -1)):
        index = np.flatnonzero(own)
        most = min(m // 2, len(index) - 1)
        hard.append(index[np.argpartition(sign * z[index], most)[:most]])
    some = np.sort(np.concatenate(hard))

    def beyond(coef: FloatArray, intercept: float, both: bool) -> tuple[Matrix, AnyArray, bool]:
        """Return rows on a wrong side."""
        wrong, is_on_plane = rows_beyond(X, is_one, coef, intercept, both)
        return X[wrong], is_one[wrong], is_on_plane

    found = separation_in_parts(X[some], is_one[some], fit_intercept, find, beyond)
    # A hyperplane between the classes is looked at with all digits.
    return found if found.kind == "none" else find(X, is_one)


def separation_on_blocks(
    rows: SpreadRows,
    some: SomeRows,
    of_class: int,
    columns: AnyArray,
    fit_intercept: bool,
    find: Find,
) -> Separation:
    """Return the separation of one class from the rest, for rows in blocks elsewhere.

    Parameters
    ----------
    rows : SpreadRows
    some : SomeRows
        From ``some_rows``.
    of_class : int
    columns : ndarray of int
        Columns that can be part of a direction.
    fit_intercept : bool
    find : callable
        Gets these columns of some rows, and which rows are of the class.
    """

    def beyond(coef: FloatArray, intercept: float, both: bool) -> tuple[Matrix, AnyArray, bool]:
        """Return rows on a wrong side, from each block."""
        full = np.zeros(rows.n_features)
        full[columns] = coef
        found = rows.each(partial(_beyond, both=both), of_class, full, intercept)
        pieces = [piece for piece, _ in found if len(piece[1].y)]
        is_on_plane = any(on_plane for _, on_plane in found)
        if not pieces:
            return some[0][:0, columns], np.empty(0, dtype=bool), is_on_plane
        X, samples = stacked(pieces)
        return X[:, columns], samples.y == of_class, is_on_plane

    X, y = some
    return separation_in_parts(X[:, columns], y == of_class, fit_intercept, find, beyond)


def _beyond(
    rows: MemoryRows, of_class: int, coef: FloatArray, intercept: float, both: bool
) -> tuple[tuple[Matrix, BlockSamples], bool]:
    """Return rows of a block on a wrong side, and whether a row is on the hyperplane."""
    assert rows.source is not None
    columns = rows.columns
    scale = columns.standardization[1] if isinstance(columns, StandardizedDesign) else None
    wrong, is_on_plane = rows_beyond(
        rows.source.source, rows.y == of_class, coef, intercept, both, scale, _ADDED
    )
    return (rows.source.take(wrong), BlockSamples(rows.y[wrong])), is_on_plane
