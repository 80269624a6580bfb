"""Threads: rows are shared out among Python threads, and BLAS keeps to one thread in each.

BLAS splits a product among its threads. For a product with a thin block of rows, this costs
more time than it saves. NumPy and SciPy release the interpreter's lock inside a product, so
Python threads that each take their own rows use the cores well. Their number is the number
of threads that BLAS may use: limits by ``threadpoolctl`` and by the environment hold, and
processes of a grid search do not oversubscribe the machine.
"""

from skneuron._threads._blocks import blas_as_allowed, blas_on_one_thread
from skneuron._threads._parts import run_parts, share_out

__all__ = ["blas_as_allowed", "blas_on_one_thread", "run_parts", "share_out"]
