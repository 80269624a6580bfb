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


#: The files that ``pytest -n 2 -m quick`` runs, in under a minute. After you add an activation or a
#: solver, they find each table, formula and page that it still lacks.
QUICK = (
    "test_activations",
    "test_docs",
    "test_ending",
    "test_estimator",
    "test_families",
    "test_far_fits",
    "test_levels",
    "test_inference",
    "test_links",
    "test_losses",
    "test_objective",
    "test_project",
    "test_public",
    "test_warm_start",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in the quick files."""
    for item in items:
        if item.path.stem in QUICK:
            item.add_marker(pytest.mark.quick)


@pytest.fixture
def two_threads():
    """BLAS is allowed two threads in every library, on any machine."""
    before = blas.counts()
    blas.set_counts([2] * len(before))
    yield blas.counts()
    blas.set_counts(before)
