"""Predictions for Dask collections: lazy arrays, with a block for each block of X."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import AnyArray, Matrix, MatrixLike
from skneuron.fitting._dask_blocks import rows_of_dask, split_like
from skneuron.validation import FittedNeuron, check_labels, check_weights, dense_coef

__all__ = ["accuracy_on_blocks", "lazily"]

#: From a neuron, the rows of a block and their offset to an output per row.
Predict = Callable[[FittedNeuron, Matrix, Any], AnyArray]


def lazily(neuron: FittedNeuron, X: MatrixLike, predict: Predict, offset: ArrayLike | None) -> Any:
    """Return a Dask array of the outputs for the rows of X, which nothing has computed yet.

    Raises
    ------
    ValueError
        If X has other columns than in ``fit``, or the offset other blocks than X.
    """
    import dask
    import dask.array as da

    rows = rows_of_dask(neuron, X, reset=False)
    offsets = split_like(offset, "offset", rows)
    kind = np.result_type(rows.dtype, dense_coef(neuron).dtype)
    on_block = partial(_predict_block, rows.read(), predict, _small(neuron))
    like = _empty(neuron, predict, rows.n_features, kind)
    call = dask.delayed(on_block, pure=False)
    sizes = [np.nan] * len(rows.parts) if rows.sizes is None else rows.sizes
    blocks = [
        da.from_delayed(call(part, own), shape=(size, *like.shape[1:]), dtype=like.dtype)
        for part, own, size in zip(rows.parts, offsets, sizes, strict=True)
    ]
    return da.concatenate(blocks, allow_unknown_chunksizes=True)


def accuracy_on_blocks(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    predict: Predict,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
) -> float:
    """Return the weighted fraction of the rows that the neuron classifies correctly."""
    rows = rows_of_dask(neuron, X, reset=False)
    on_block = partial(_count_correct, rows.read(), predict, _small(neuron))
    given = (("y", y), ("sample_weight", sample_weight), ("offset", offset))
    parts = [split_like(values, name, rows) for name, values in given]
    correct, total = rows.executor.sum(on_block, rows.parts, *parts)
    return float(correct / total)


def _small(neuron: FittedNeuron) -> Any:
    """Return a copy with the attributes that a prediction needs, for the workers."""
    small = copy.copy(neuron)
    needed = ("coef_", "intercept_", "classes_", "activation_", "loss_", "n_features_in_")
    fitted = [name for name in vars(small) if name.endswith("_") or name.startswith("_")]
    for name in set(fitted).difference(needed):
        del small.__dict__[name]
    return small


def _empty(neuron: FittedNeuron, predict: Predict, n_features: int, kind: Any) -> AnyArray:
    """Return the outputs for no rows, of the shape and the type of a block."""
    return predict(_small(neuron), np.zeros((1, n_features), kind), None)[:0]


def _predict_block(read: Any, predict: Predict, neuron: Any, X: Any, offset: Any) -> AnyArray:
    data = read(X)
    if data.shape[0] == 0:
        return _empty(neuron, predict, data.shape[1], data.dtype)
    return predict(neuron, data, offset)


def _count_correct(
    read: Any, predict: Predict, neuron: Any, X: Any, y: Any, sample_weight: Any, offset: Any
) -> AnyArray:
    """Return the weight of the rows of a block with the right class, and of all its rows."""
    found = _predict_block(read, predict, neuron, X, offset)
    labels = np.asarray(y)
    if len(labels) != len(found):
        raise ValueError(
            f"X has {len(found)} rows and y has {len(labels)} labels. Expected the same number."
        )
    if len(labels):
        check_labels(labels)
    weights = check_weights(sample_weight, len(labels), all_zero=True)
    return np.array([weights[found == labels].sum(), weights.sum()])
