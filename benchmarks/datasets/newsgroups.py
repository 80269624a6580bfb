"""Two of the twenty newsgroups as tf-idf; scikit-learn downloads them on first use."""

from __future__ import annotations

from typing import Any

from benchopt import BaseDataset
from sklearn.datasets import fetch_20newsgroups
from sklearn.feature_extraction.text import TfidfVectorizer


class Dataset(BaseDataset):
    """``sci.space`` or ``sci.med``, headers and quotes left out (Lang 1995).

    Without the network, and not downloaded before, it is skipped.
    """

    name = "newsgroups"
    requirements = ["scikit-learn"]

    def get_data(self) -> dict[str, Any]:
        """Return X, CSR of shape (n_samples, n_features), and y of 0 and 1."""
        texts = fetch_20newsgroups(
            subset="all",
            categories=["sci.space", "sci.med"],
            remove=("headers", "footers", "quotes"),
            n_retries=1,
        )
        X = TfidfVectorizer(sublinear_tf=True).fit_transform(texts.data)
        return {"X": X.tocsr(), "y": texts.target}
