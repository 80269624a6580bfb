"""A generated bag of words: 15,000 documents of 60,000 words."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchopt import BaseDataset
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer


class Dataset(BaseDataset):
    """Words by Zipf's law, each topic with words of its own, weighted by tf-idf.

    A document mixes one topic with the words of all; the class is whether the topic is
    in the first half, one label in twenty being wrong.
    """

    name = "bag-of-words"
    parameters = {"n_samples, n_features": [(15_000, 60_000)], "n_topics": [20], "seed": [0]}
    test_config = {"n_samples": 200, "n_features": 500}

    def get_data(self) -> dict[str, Any]:
        """Return X, CSR of shape (n_samples, n_features), and y (n_samples,) of 0 and 1."""
        random = np.random.default_rng(self.seed)
        n, d = self.n_samples, self.n_features
        zipf = 1.0 / np.arange(1, d + 1)
        zipf /= zipf.sum()
        topics = random.integers(self.n_topics, size=n)
        lengths = random.poisson(130, size=n) + 5
        rows = np.repeat(np.arange(n), lengths)
        words = random.choice(d, size=rows.size, p=zipf)
        # Three words of ten come from the topic, whose words are a shifted Zipf's law.
        own = random.random(rows.size) < 0.3
        words[own] = (words[own] * (2 * topics[rows[own]] + 3) + 17 * topics[rows[own]]) % d
        counts = csr_matrix((np.ones(rows.size), (rows, words)), shape=(n, d))
        wrong = random.random(n) < 0.05
        y = ((topics < self.n_topics // 2) ^ wrong).astype(np.int64)
        return {"X": TfidfTransformer().fit_transform(counts).tocsr(), "y": y}
