"""X in its own memory order, in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, DeviceMatrix, FloatArray
from skneuron._threads import run_parts, share_out

__all__ = ["DesignMatrix", "assemble", "pieces_of", "rows_of", "thread_parts", "transposed"]

# Number of elements of a block: 1 MB, which stays in a cache between the product with the
# coefficients and the product with the slopes. Smaller blocks cost more time in Python.
BLOCK_ELEMENTS = 2**17

# Number of dense elements from which on a second thread gains more than its start costs.
THREAD_ELEMENTS = 2**19

# The same for stored elements of a sparse matrix, which cost more.
THREAD_STORED = 2**17

# Fraction of stored elements above which a dense product of a sparse block is faster.
DENSE_FRACTION = 0.1


@dataclass
class RowCounter:
    """Number of rows that passes have read. Only the thread that starts a pass adds to it."""

    rows: int = 0


class DesignMatrix:
    """Read-only view of X for passes in row blocks.

    Blocks are views: C order, Fortran order and memory-mapped arrays are read without a
    copy, CSR in blocks of its own arrays. CSC has no rows and is one block.

    Parameters
    ----------
    X : ndarray or CSR/CSC array of shape (n_samples, n_features)
        float32 or float64. Sums are always taken in float64.
    counter : RowCounter, optional
        Counts the rows that passes read, by default a new one.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> X = DesignMatrix(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> [rows for rows, _ in X.blocks(range(2))], X.n_stored
    ([slice(0, 2, None)], 4)
    """

    def __init__(self, X: Any, counter: RowCounter | None = None) -> None:
        self.counter = counter or RowCounter()
        self.is_sparse = bool(sparse.issparse(X))
        #: X itself.
        self.source: Any = X
        if not self.is_sparse and not isinstance(X, DeviceMatrix):
            self.source = np.asarray(X)
        self.shape: tuple[int, int] = X.shape
        n, d = self.shape
        self.n_stored = int(X.nnz) if self.is_sparse else n * d
        #: Whether sparse products are faster, because X has few stored elements.
        self.is_thin = self.is_sparse and self.n_stored < DENSE_FRACTION * n * d
        #: Whether blocks of rows need no conversion.
        self.in_rows = not self.is_sparse or X.format == "csr"
        self._by_columns: Any = None
        self._csr_blocks: dict[range, Any] = {}
        self._transposes: dict[tuple[int, int], Any] = {}

    @property
    def n_passes(self) -> float:
        """Number of passes over the rows. A pass over some of them counts as that fraction."""
        return self.counter.rows / self.shape[0]

    # --- passes -----------------------------------------------------------------------

    def parts(self) -> list[range]:
        """Return ranges of rows for the threads of one pass."""
        n = self.shape[0]
        if not self.in_rows:
            return [range(n)]
        return thread_parts(n, self.n_stored, is_sparse=self.is_sparse)

    def fixed_parts(self) -> list[range]:
        """Return ranges of rows with sums that do not depend on the number of threads."""
        n, d = self.shape
        if not self.in_rows:
            return [range(n)]
        block = max(1, BLOCK_ELEMENTS // max(1, d))
        per_row = max(1, self.n_stored // n)
        size = max(1, THREAD_ELEMENTS // (block * per_row)) * block
        return [range(a, min(n, a + size)) for a in range(0, n, size)]

    def blocks(self, part: range) -> Iterator[tuple[slice, Any]]:
        """Yield (rows, data) of a range of rows. Dense data is float64."""
        rows = slice(part.start, part.stop)
        if not self.is_sparse:
            yield from self.dense_blocks(part)
        elif not self.in_rows or len(part) == self.shape[0]:
            yield rows, self.source
        else:
            if part not in self._csr_blocks:
                self._csr_blocks[part] = rows_of(self.source, rows)
            yield rows, self._csr_blocks[part]

    def dense_blocks(self, part: range, n_rows: int | None = None) -> Iterator[tuple[slice, Any]]:
        """Yield (rows, float64 array) of ``n_rows`` rows, by default of 1 MB.

        The next block may have the memory of the last one.
        """
        size = n_rows or max(1, BLOCK_ELEMENTS // max(1, self.shape[1]))
        source = self.source.tocsr() if self.is_sparse else self.source
        space = None
        if not self.is_sparse and not source.flags.aligned:
            # BLAS would copy such arrays from another process as a whole, number by number.
            space = np.empty(min(size, len(part)) * source.shape[1], source.dtype)
        for start in range(part.start, part.stop, size):
            rows = slice(start, min(part.stop, start + size))
            data = source[rows].toarray() if self.is_sparse else source[rows]
            yield rows, (data if space is None else _copied(data, space)).astype(float, copy=False)

    def transposed(self, rows: slice, data: Any) -> Any:
        """Return the transpose of a sparse block, made once: it costs as much as a product."""
        key = rows.start, rows.stop
        if key not in self._transposes:
            self._transposes[key] = transposed(data)
        return self._transposes[key]

    def power_sums(self, weights: FloatArray) -> FloatArray:
        """Return the weighted sums of x and x² of each column in one pass."""

        def sums(part: range) -> FloatArray:
            """Return the sums over the rows of a part."""
            out = np.zeros((2, self.shape[1]))
            for rows, data in self.blocks(part):
                # BLAS needs a vector with memory of its own.
                some = np.ascontiguousarray(weights[rows])
                if self.is_sparse:
                    values = data.data.astype(np.float64, copy=False)
                    squares = assemble(data, values * values, data.indices, data.indptr)
                    out += transposed(data) @ some, transposed(squares) @ some
                else:
                    out += some @ data, some @ (data * data)
            return out

        # Fixed parts: coordinates have the same bits on any number of threads.
        parts = run_parts(sums, self.fixed_parts())
        self.counter.rows += self.shape[0]
        return np.asarray(np.sum(parts, axis=0))

    # --- some rows or columns ---------------------------------------------------------

    def by_rows(self) -> DesignMatrix:
        """Return a matrix with quick access to its rows: a CSC matrix becomes CSR."""
        return self if self.in_rows else DesignMatrix(self.source.tocsr(), self.counter)

    def take(self, rows: AnyArray | slice) -> Any:
        """Return these rows: a float64 array, or CSR where few elements are stored."""
        data = self.source[rows]
        self.counter.rows += data.shape[0]
        if not self.is_sparse:
            return data.astype(np.float64, copy=False)
        return data.tocsr() if self.is_thin else data.toarray().astype(np.float64, copy=False)

    def columns(self, columns: AnyArray) -> DesignMatrix:
        """Return a matrix of these columns, copied, with duplicate entries added up."""
        if not self.is_sparse:
            return DesignMatrix(self.source[:, columns])
        data = self._csc()[:, columns].tocsr()
        data.sum_duplicates()
        return DesignMatrix(data)

    def _csc(self) -> Any:
        if self._by_columns is None:
            self._by_columns = self.source.tocsc()
        return self._by_columns

    def subtracted(self, center: FloatArray) -> tuple[DesignMatrix, FloatArray]:
        """Return a sparse matrix less a value in each column that stores all its elements.

        The array has the values that are still to be subtracted, in the other columns.
        """
        copy = self.source.astype(np.float64, copy=True)
        copy.sum_duplicates()
        columns = copy.tocoo().col
        full = np.bincount(columns, minlength=self.shape[1]) == self.shape[0]
        copy.data -= np.where(full, center, 0.0)[columns]
        return DesignMatrix(copy, self.counter), np.where(full, 0.0, center)

    # --- values -----------------------------------------------------------------------

    def different_values(self, column: int, most: int | None = None) -> FloatArray:
        """Return the sorted different values of a column, zeros that are not stored included.

        Parameters
        ----------
        column : int
        most : int, optional
            Number of rows, evenly spaced, that are enough if they contain several values.
        """
        if self.is_sparse:
            return np.unique(self._csc()[:, [column]].toarray().astype(np.float64))
        values = self.source[:, column].astype(np.float64)
        if most is not None and len(values) > most:
            some = np.unique(values[:: len(values) // most])
            if len(some) > most // 2:
                return some
        return np.unique(values)

    def empty_columns(self) -> AnyArray:
        """Return whether each column stores no value other than zero, False if X is dense."""
        if not self.is_sparse:
            return np.zeros(self.shape[1], dtype=bool)
        stored = self.source.tocoo()
        return np.asarray(np.bincount(stored.col[stored.data != 0], minlength=self.shape[1]) == 0)


def _copied(data: AnyArray, space: AnyArray) -> AnyArray:
    """Return an unaligned array in another memory. NumPy copies bytes ten times as fast."""
    out = space[: data.size].reshape(data.shape)
    if data.flags.c_contiguous:
        out.reshape(-1).view(np.uint8)[:] = data.reshape(-1).view(np.uint8)
    else:
        out[:] = data
    return out


def thread_parts(n: int, stored: int, *, is_sparse: bool) -> list[range]:
    """Return ranges of n rows with ``stored`` elements in all, one for each thread that pays."""
    enough = THREAD_STORED if is_sparse else THREAD_ELEMENTS
    return share_out(n, at_least=n * enough // max(1, stored))


def rows_of(X: Any, rows: slice) -> Any:
    """Return rows of an array, or of a CSR matrix on its own arrays."""
    if not sparse.issparse(X):
        return X[rows]
    first, last = X.indptr[rows.start], X.indptr[rows.stop]
    pointers = X.indptr[rows.start : rows.stop + 1] - first
    return assemble(X, X.data[first:last], X.indices[first:last], pointers)


def pieces_of(X: Any, stored: int) -> Iterator[slice]:
    """Yield slices of the rows of a CSR matrix with about as many elements each."""
    edges = np.arange(stored, X.indptr[-1], stored)
    inner = np.unique(np.searchsorted(X.indptr, edges)).tolist()
    yield from map(slice, [0, *inner], [*inner, X.shape[0]])


def assemble(like: Any, data: AnyArray, indices: AnyArray, pointers: AnyArray) -> Any:
    """Return a sparse matrix of these arrays, which the constructor might copy."""
    rows = len(pointers) - 1
    shape = (rows, like.shape[1]) if like.format == "csr" else (like.shape[0], rows)
    out = type(like)(shape, dtype=data.dtype)
    out.data, out.indices, out.indptr = data, indices, pointers
    return out


def transposed(X: Any) -> Any:
    """Return the transpose of a CSR or CSC matrix on its arrays. ``X.T`` copies parts of others."""
    kind = sparse.csc_array if X.format == "csr" else sparse.csr_array
    out = kind(X.shape[::-1], dtype=X.dtype)
    out.data, out.indices, out.indptr = X.data, X.indices, X.indptr
    return out
