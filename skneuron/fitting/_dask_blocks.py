"""Dask collections as blocks of rows: chunks of arrays, partitions of data frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

from skneuron._common import AnyArray, Matrix, MatrixLike, is_dask
from skneuron.design import DaskExecutor
from skneuron.validation import check_numbers

__all__ = ["DaskRows", "read_rows", "rows_of_dask", "split_like"]

# Kinds of NumPy types that are numbers.
_NUMBERS = "biuf"


@dataclass(frozen=True)
class DaskRows:
    """The rows of a Dask array or data frame X.

    Attributes
    ----------
    parts : list
        For each block of rows its Dask object, or a list of them, one per chunk of columns.
    sizes : list of int or None
        Numbers of rows of the blocks, None if they are not known.
    n_features : int
    dtype : dtype
        float32 if all columns are, otherwise float64.
    executor : DaskExecutor
    name : str
        Name of the argument, for messages.
    """

    parts: list[Any]
    sizes: list[int] | None
    n_features: int
    dtype: np.dtype[Any]
    executor: DaskExecutor
    name: str

    def read(self) -> partial[Matrix]:
        """Return the function from a part to its rows."""
        return partial(read_rows, self.dtype)


def rows_of_dask(
    estimator: BaseEstimator, X: MatrixLike, *, reset: bool, name: str = "X"
) -> DaskRows:
    """Return the rows of X, and set or check the column attributes of ``estimator``.

    Raises
    ------
    ValueError
        If X is no array or data frame of numbers with two dimensions, or has other columns than
        in ``fit``.
    """
    if not is_dask(X):
        of_rows = f"y{name[1:]}"
        raise ValueError(
            f"{of_rows} is a Dask collection, and {name} is a {type(X).__name__}. Expected both "
            f"from Dask or none of them. Use dask.array.from_array({name}, chunks=...), or "
            f"{of_rows}.compute()."
        )
    collection: Any = X
    dtypes = _dtypes(collection, name)
    labels = getattr(X, "columns", None)
    d = len(dtypes) if labels is not None else int(collection.shape[1])
    empty: Any = np.empty((0, d))
    if labels is not None:
        import pandas as pd

        empty = pd.DataFrame(empty, columns=labels)
    validate_data(estimator, empty, reset=reset, skip_check_array=True)
    kind = np.result_type(*(_numpy_type(dtype) for dtype in dtypes))
    delayed = _delayed(collection)
    if labels is None:
        parts: list[Any] = [list(row) for row in delayed]
        known = not np.isnan(collection.shape[0])
        sizes = list(map(int, collection.chunks[0])) if known else None
    else:
        parts, sizes = list(delayed), None
    dtype = np.dtype(np.float32 if kind == np.float32 else np.float64)
    return DaskRows(parts, sizes, d, dtype, DaskExecutor(_groups(X, len(parts))), name)


def _delayed(collection: Any) -> Any:
    """Return a Delayed object per block.

    Dask's optimization of a graph drops the futures of a persisted array, and Dask 2025.1 does not
    find their results afterwards.
    """
    return collection.to_delayed(optimize_graph=not _has_futures(collection))


def _has_futures(collection: Any) -> bool:
    """Return whether workers of a cluster have some of the blocks."""
    nodes = dict(collection.__dask_graph__()).values()
    return any(type(node).__module__.startswith("distributed.") for node in nodes)


def _dtypes(X: Any, name: str) -> list[Any]:
    """Return the types of the columns, of an array as one."""
    # A Delayed object has every attribute.
    is_delayed = type(X).__name__.startswith("Delayed")
    if is_delayed or not hasattr(X, "to_delayed") or getattr(X, "ndim", 0) != 2:
        raise ValueError(
            f"{name} is a Dask {type(X).__name__}, and has not two dimensions. Expected a Dask "
            f"array or data frame of rows. Use for example {name}.to_dask_array(), or "
            f"{name}.reshape(-1, 1) for a single feature."
        )
    if not hasattr(X, "columns"):
        check_numbers(np.empty((0, 1), X.dtype), name)
        if X.dtype.kind not in _NUMBERS:
            raise ValueError(
                f"{name} has the type {X.dtype}. Expected numbers. Use {name}.astype('float64')."
            )
        return [X.dtype]
    import pandas as pd

    for label, dtype in zip(X.columns, X.dtypes, strict=True):
        check_numbers(pd.DataFrame({label: pd.Series(dtype=dtype)}), name)
        if getattr(dtype, "kind", "O") not in _NUMBERS:
            raise ValueError(
                f"Column {label!r} of {name} has the type {dtype}. Expected numbers. Drop the "
                f"column, or encode it first, for example with dask.dataframe.get_dummies."
            )
    return list(X.dtypes)


def _numpy_type(dtype: Any) -> Any:
    return dtype if isinstance(dtype, np.dtype) else np.float64


def read_rows(dtype: np.dtype[Any], part: MatrixLike | list[MatrixLike]) -> Matrix:
    """Return the rows of a block as an array or a CSR/CSC matrix, without a copy if possible."""
    given: list[Any] = part if isinstance(part, list) else [part]
    pieces = [_without_coordinates(piece) for piece in given]
    rows = pieces[0]
    if len(pieces) > 1:
        is_sparse = any(map(sparse.issparse, pieces))
        rows = sparse.hstack(pieces, format="csr") if is_sparse else np.hstack(pieces)
    if isinstance(rows, np.ndarray) and rows.dtype == dtype:
        return rows
    checked: Matrix = check_array(
        rows,
        accept_sparse=["csr", "csc"],
        dtype=dtype,
        ensure_all_finite=False,
        ensure_min_samples=0,
    )
    return checked


def _without_coordinates(piece: Any) -> Any:
    """Return a sparse array of another package as a CSR matrix."""
    is_other = hasattr(piece, "tocsr") and not sparse.issparse(piece)
    return piece.tocsr() if is_other else piece


def split_like(values: ArrayLike | None, name: str, rows: DaskRows) -> Sequence[Any]:
    """Return values in the blocks of X: y, sample weights or an offset.

    Raises
    ------
    ValueError
        If the values have other blocks than X.
    """
    n_blocks = len(rows.parts)
    if values is None:
        return [None] * n_blocks
    if not is_dask(values):
        return _split_in_memory(values, name, rows)
    collection: Any = values
    if not hasattr(collection, "to_delayed"):
        raise ValueError(
            f"{name} is a Dask {type(values).__name__}. Expected a Dask array or series. "
            f"Use for example {name}.to_dask_array()."
        )
    if hasattr(collection, "chunks"):
        if collection.ndim == 2:
            collection = collection.rechunk({1: -1})
        known = rows.sizes is not None and not np.isnan(collection.shape[0])
        if known and collection.shape[0] == sum(rows.sizes or []):
            collection = collection.rechunk({0: tuple(rows.sizes or [])})
        elif known:
            raise ValueError(
                f"{name} has {collection.shape[0]} rows and {rows.name} has "
                f"{sum(rows.sizes or [])}. Expected the same number of rows. Check "
                f"{rows.name}.shape and {name}.shape."
            )
    delayed = np.asarray(_delayed(collection), dtype=object).ravel().tolist()
    if len(delayed) != n_blocks:
        raise ValueError(
            f"{name} has {len(delayed)} blocks and {rows.name} has {n_blocks}. Expected the same "
            "blocks, but Dask merges partitions of a file by the size of the columns that are "
            "read. Load the columns together, df = df.persist(), before you select "
            f"{rows.name} and {name} from df; or call compute_chunk_sizes() on both arrays."
        )
    return delayed


def _split_in_memory(values: ArrayLike, name: str, rows: DaskRows) -> list[AnyArray]:
    """Return the parts of an array in memory."""
    array = np.asarray(values)
    if rows.sizes is None:
        raise ValueError(
            f"{name} is in memory, and the sizes of the blocks of {rows.name} are not known. "
            f"Expected both from Dask. Take {name} from the data frame of {rows.name}, or pass "
            f"{rows.name}.to_dask_array(lengths=True)."
        )
    if array.ndim == 0 or len(array) != sum(rows.sizes):
        raise ValueError(
            f"{name} has the shape {array.shape}, and {rows.name} has {sum(rows.sizes)} rows. "
            f"Expected one number per row. Check {rows.name}.shape and {name}.shape."
        )
    edges = np.append(0, np.cumsum(rows.sizes))
    return [array[a:b] for a, b in pairwise(edges)]


# --- which blocks one task has ---------------------------------------------------------------


def _groups(X: Any, n_blocks: int) -> list[list[int]]:
    """Return the numbers of the blocks of each task.

    Blocks that lie on a worker are shared out among its threads. A block that has to be computed
    is a task of its own, so that a worker has few of them in memory at a time.
    """
    from dask.base import get_scheduler

    get = get_scheduler(collections=[X])
    client = getattr(get, "__self__", None)
    if client is not None and hasattr(client, "who_has"):
        return _groups_on_workers(X, n_blocks, client)
    if any(map(_is_task, dict(X.__dask_graph__()).values())):
        return [[k] for k in range(n_blocks)]
    n_tasks = 1 if getattr(get, "__name__", "") == "get_sync" else _n_threads()
    return _shared_out(list(range(n_blocks)), n_tasks)


def _is_task(node: Any) -> bool:
    """Return whether a node of a graph is a task, and not its result or another name of it."""
    return hasattr(node, "func") or (isinstance(node, tuple) and bool(node) and callable(node[0]))


def _n_threads() -> int:
    import dask
    from dask.system import CPU_COUNT

    return int(dask.config.get("num_workers", None) or CPU_COUNT)


def _groups_on_workers(X: Any, n_blocks: int, client: Any) -> list[list[int]]:
    from distributed import futures_of, wait

    futures = futures_of(X)
    if not futures or any(map(_is_task, dict(X.__dask_graph__()).values())):
        return [[k] for k in range(n_blocks)]
    wait(futures)
    where, n_threads = client.who_has(futures), client.nthreads()
    on_worker: dict[str, set[int]] = {}
    for future in futures:
        addresses = where.get(future.key) or where.get(str(future.key)) or ("",)
        on_worker.setdefault(min(addresses), set()).add(int(future.key[1]))
    groups: list[list[int]] = []
    placed: set[int] = set()
    for address, blocks in sorted(on_worker.items()):
        groups += _shared_out(sorted(blocks - placed), n_threads.get(address, 1))
        placed |= blocks
    return groups


def _shared_out(blocks: list[int], n_tasks: int) -> list[list[int]]:
    """Return the blocks in at most ``n_tasks`` runs of equal length."""
    n_tasks = max(1, min(n_tasks, len(blocks)))
    edges = [len(blocks) * k // n_tasks for k in range(n_tasks + 1)]
    return [blocks[a:b] for a, b in pairwise(edges) if b > a]
