"""Wine, 178 x 13, three classes: scikit-learn ships it."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset
from sklearn.datasets import load_wine


class Dataset(BaseDataset):
    """Chemical analyses of wines of three growers (UCI, Forina et al.), raw columns."""

    name = "wine"
    requirements = ["scikit-learn"]

    def get_data(self) -> dict[str, Any]:
        """Return X (178, 13) and y (178,) of 0, 1, 2."""
        X, y = load_wine(return_X_y=True)
        return {"X": X, "y": y}
