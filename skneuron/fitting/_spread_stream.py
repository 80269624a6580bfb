"""A stream from Dask collections: each block is a chunk, and the neuron goes to the blocks."""

from __future__ import annotations

import copy
import warnings
from typing import Any, NamedTuple

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skneuron._common import MatrixLike
from skneuron.fitting._dask_blocks import read_rows, rows_of_dask, split_like

__all__ = ["learn_blocks"]


class _Learned(NamedTuple):
    """A neuron after some blocks, and the warnings so far."""

    neuron: Any
    warnings: list[Warning]


def learn_blocks(
    neuron: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike,
    classes: ArrayLike | None,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
) -> tuple[dict[str, object], list[Warning]]:
    """Return the attributes of the neuron after ``partial_fit`` on all blocks, and the warnings.

    The blocks stay with the workers. Each of them is learned after the block before.

    Raises
    ------
    ValueError
        As ``partial_fit`` does for a chunk, with the number of the block.
    """
    import dask

    rows = rows_of_dask(copy.copy(neuron), X, reset=not hasattr(neuron, "coef_"))
    given = (("y", y), ("sample_weight", sample_weight), ("offset", offset))
    parts = [split_like(values, name, rows) for name, values in given]
    call, learned = dask.delayed(_learn, pure=False), _Learned(copy.copy(neuron), [])
    for number, block in enumerate(zip(rows.parts, *parts, strict=True)):
        learned = call(learned, number, rows.dtype, classes, list(block))
    after, found = dask.compute(learned)[0]
    return vars(after), found


def _learn(
    learned: _Learned, number: int, dtype: Any, classes: ArrayLike | None, block: list[Any]
) -> _Learned:
    """Return a copy of the neuron that has learned a block."""
    X, y, sample_weight, offset = block
    # A data frame keeps its column names.
    data = read_rows(dtype, X) if isinstance(X, list) else X
    if data.shape[0] == 0:
        return _Learned(*learned)
    neuron = copy.copy(learned[0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            neuron.partial_fit(data, y, classes, sample_weight, offset=offset)
        except ValueError as error:
            text = f"Block {number}, counted from 0: {error}"
            raise ValueError(text) from error
    messages = [one.message for one in caught if isinstance(one.message, Warning)]
    return _Learned(neuron, [*learned[1], *messages])
