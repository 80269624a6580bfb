"""Digits, 1,797 x 64, ten classes: scikit-learn ships it."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset
from sklearn.datasets import load_digits


class Dataset(BaseDataset):
    """Handwritten digits of 8 x 8 pixels (UCI, Alpaydin and Kaynak)."""

    name = "digits"
    requirements = ["scikit-learn"]

    def get_data(self) -> dict[str, Any]:
        """Return X (1797, 64), values 0 to 16, and y (1797,) of 0 to 9."""
        X, y = load_digits(return_X_y=True)
        return {"X": X, "y": y}
