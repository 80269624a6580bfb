"""Set up before NumPy and SciPy are imported: small fits are fastest on one BLAS thread each."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# scikit-learn skips its check of array API input without it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import blas
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Estimators without a ``random_state`` draw from NumPy's global generator: the same each run."""
    np.random.seed(0)  # noqa: NPY002


@pytest.fixture
def two_threads():
    """BLAS is allowed two threads in every library, on any machine."""
    before = blas.counts()
    blas.set_counts([2] * len(before))
    yield blas.counts()
    blas.set_counts(before)
