"""Generated pictures, 60,000 x 784, ten classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchopt import BaseDataset
from scipy.ndimage import gaussian_filter

SIDE = 28


class Dataset(BaseDataset):
    """Blurred noise on a blurred pattern of the class, most of it cut off at zero.

    Like scanned digits: 28 x 28 pixels from 0 to 1, neighbours alike, many of them zero,
    and a border that is always zero.
    """

    name = "images"
    parameters = {"n_samples": [60_000], "n_classes": [10], "seed": [0]}
    test_config = {"n_samples": 200}

    def get_data(self) -> dict[str, Any]:
        """Return X (n_samples, 784) and y (n_samples,) of 0 … n_classes-1."""
        random = np.random.default_rng(self.seed)
        y = random.integers(self.n_classes, size=self.n_samples)
        patterns = self._blur(random.standard_normal((self.n_classes, SIDE, SIDE)), 3.0)
        X = np.empty((self.n_samples, SIDE, SIDE))
        for start in range(0, self.n_samples, 5_000):
            part = slice(start, start + 5_000)
            noise = self._blur(random.standard_normal((len(y[part]), SIDE, SIDE)), 1.5)
            X[part] = 0.5 * patterns[y[part]] + noise - 0.5
        X[:, :2] = X[:, -2:] = 0.0
        X[:, :, :2] = X[:, :, -2:] = 0.0
        np.clip(X / 2.0, 0.0, 1.0, out=X)
        return {"X": X.reshape(self.n_samples, SIDE * SIDE), "y": y}

    @staticmethod
    def _blur(pictures: np.ndarray, width: float) -> np.ndarray:
        """Return pictures (n, 28, 28) blurred, with standard deviation 1."""
        pictures = gaussian_filter(pictures, (0, width, width))
        return pictures / pictures.std()
