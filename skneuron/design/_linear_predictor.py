"""The forward pass: w·x + b of every row, block by block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from skneuron._common import AnyArray, DeviceMatrix
from skneuron._threads import blas_on_one_thread, run_parts
from skneuron.design._matrix import rows_of, thread_parts
from skneuron.design._sums import times_rows

__all__ = ["forward"]

# Maximum number of elements of a dense block: 4 MB. X is read once only, and smaller blocks would
# cost more time in Python.
_BLOCK_ELEMENTS = 2**19

# Maximum number of rows of a dense block: z and the arrays made of z stay in a cache.
_BLOCK_ROWS = 2**14


def forward(
    X: Any,
    coef: AnyArray,
    intercept: AnyArray,
    use: Callable[[slice, AnyArray], None],
) -> bool:
    """Pass X Wᵀ + b to ``use``, in the dtype of X, and return whether all of it is finite.

    Parameters
    ----------
    X : ndarray, CSR/CSC array or DeviceMatrix of shape (n_samples, n_features)
    coef : ndarray of shape (n_neurons, n_features)
    intercept : ndarray of shape (n_neurons,)
    use : callable
        Gets a slice of rows and their z, of shape (n_rows, n_neurons), finite or not. It
        may overwrite z. Several threads call it.

    Returns
    -------
    bool
    """
    n, d = X.shape
    if isinstance(X, DeviceMatrix):
        # One product on the device, and z crosses to the host.
        with np.errstate(all="ignore"):
            z = X @ coef.T + intercept
        use(slice(0, n), z)
        return bool(np.isfinite(z).all())
    stored = X.nnz if sparse.issparse(X) else n * d
    by_rows = not sparse.issparse(X) or X.format == "csr"
    size = n if sparse.issparse(X) else max(1, min(_BLOCK_ROWS, _BLOCK_ELEMENTS // max(1, d)))

    def over(part: range) -> bool:
        """Use z of the rows of a part, and return whether all z are finite."""
        finite = True
        for start in range(part.start, part.stop, size):
            rows = slice(start, min(part.stop, start + size))
            data = X if rows == slice(0, n) else rows_of(X, rows)
            z = times_rows(coef, data).reshape(-1, len(coef))
            z += intercept
            finite = finite and bool(np.isfinite(z).all())
            use(rows, z)
        return finite

    with blas_on_one_thread(), np.errstate(all="ignore"):
        pieces = thread_parts(n, stored, is_sparse=sparse.issparse(X))
        parts = pieces if by_rows else [range(n)]
        return all(run_parts(over, parts))
