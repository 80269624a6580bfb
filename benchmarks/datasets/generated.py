"""Correlated columns of known conditioning, raw or standardised."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchopt import BaseDataset
from scipy.special import expit


class Dataset(BaseDataset):
    """Gaussian columns whose covariance has eigenvalues from 1 down to 1/condition.

    Raw columns get scales from 1e-3 to 1e4 and means of up to ten standard deviations;
    ``scaled=True`` gives the same rows standardised. Labels are drawn from a logistic
    model whose scores have a standard deviation of 2.
    """

    name = "generated"
    parameters = {
        "n_samples, n_features": [
            (1_000_000, 20),
            (200_000, 100),
            (20_000, 300),
            (20_000, 1_000),
        ],
        "scaled": [False, True],
        "condition": [1e3],
        "seed": [0],
    }
    test_config = {"n_samples": 500, "n_features": 10}

    def get_data(self) -> dict[str, Any]:
        """Return X (n_samples, n_features), C order, and y (n_samples,) of 0 and 1."""
        random = np.random.default_rng(self.seed)
        n, d = self.n_samples, self.n_features
        X = random.standard_normal((n, d))
        axes, _ = np.linalg.qr(random.standard_normal((d, d)))
        eigenvalues = np.logspace(0, -np.log10(self.condition), d)
        X = X @ (axes * np.sqrt(eigenvalues)) @ axes.T
        X -= X.mean(axis=0)
        X /= X.std(axis=0)
        scores = X @ random.standard_normal(d)
        scores *= 2.0 / scores.std()
        y = (random.random(n) < expit(scores - 1.0)).astype(np.int64)
        if not self.scaled:
            scales = 10.0 ** random.uniform(-3, 4, d)
            X *= scales
            X += scales * random.uniform(-10, 10, d)
        return {"X": X, "y": y}
