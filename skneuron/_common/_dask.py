"""Recognize Dask collections, and never import Dask for anything else."""

from __future__ import annotations

import sys

__all__ = ["is_dask", "refuse_dask"]


def is_dask(values: object) -> bool:
    """Return whether the values are a Dask array, data frame or series.

    If nobody has imported Dask, no value comes from Dask.

    Examples
    --------
    >>> from skneuron._common import is_dask
    >>> is_dask([[1.0, 2.0]])
    False
    """
    if "dask" not in sys.modules:
        return False
    from dask.base import is_dask_collection

    return bool(is_dask_collection(values))


def refuse_dask(values: object, name: str) -> None:
    """Raise ``ValueError`` for a Dask collection where only data in memory can be used."""
    if is_dask(values):
        raise ValueError(
            f"{name} is a Dask collection. Expected data in memory, because only NeuronClassifier, "
            f"NeuronClassifierCV and neuron_path take Dask collections, and all of their "
            f"arguments then come from Dask. Use {name}.compute() if the data fit into memory."
        )
