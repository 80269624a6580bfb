"""Breast cancer, 569 x 30: scikit-learn ships it."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale


class Dataset(BaseDataset):
    """Measurements of cell nuclei (UCI, Wolberg et al. 1995): benign or malignant."""

    name = "breast-cancer"
    parameters = {"scaled": [False, True]}
    requirements = ["scikit-learn"]

    def get_data(self) -> dict[str, Any]:
        """Return X (569, 30) and y (569,) of 0 and 1."""
        X, y = load_breast_cancer(return_X_y=True)
        return {"X": scale(X) if self.scaled else X, "y": y}
