"""On what the numbers were measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np  # noqa: F401  (its BLAS is looked for)
from threadpoolctl import threadpool_info

PACKAGES = (
    "skneuron",
    "scikit-learn",
    "glum",
    "skglm",
    "liblinear-official",
    "scikit-learn-intelex",
    "statsmodels",
    "numpy",
    "scipy",
)


def describe() -> str:
    """Return processor, cores, BLAS, Python and the versions of the packages in one line."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    return (
        f"{_processor()}, {os.cpu_count()} cores; NumPy's BLAS {_blas()}; "
        f"Python {platform.python_version()}; {', '.join(versions)}."
    )


def _blas() -> str:
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    if not pools:
        return "unknown"
    pool = pools[0]
    kernel = f" ({pool['architecture']} kernels)" if "architecture" in pool else ""
    forced = os.environ.get("OPENBLAS_CORETYPE")
    by_hand = ", set by OPENBLAS_CORETYPE" if forced else ""
    return f"{pool['internal_api']} {pool['version']}{kernel}{by_hand}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
