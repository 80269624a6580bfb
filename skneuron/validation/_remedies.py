"""Remedies for the errors that scikit-learn raises for data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.sparse import issparse

__all__ = ["with_remedies"]

# The begin of a message of scikit-learn, and the sentences that follow it.
_REMEDIES = {
    "Input X contains": (
        "Expected finite numbers. Fill missing values in a pipeline: "
        "make_pipeline(SimpleImputer(), NeuronClassifier())."
    ),
    "Input y contains": (
        "Expected a label in each row. Drop the rows without a label: "
        "keep = ~pandas.isna(y); fit(X[keep], y[keep])."
    ),
    "Found input variables with inconsistent numbers of samples": (
        "Expected one label per row of X. Filter X and y in the same way: X[keep], y[keep]."
    ),
    "Expected 2D array, got 1D array instead": (
        "Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample."
    ),
    "could not convert string to float": (
        "Expected numbers. Encode text in a pipeline: "
        "make_pipeline(OneHotEncoder(), NeuronClassifier())."
    ),
    "Unknown label type: continuous": (
        "Expected classes. Make classes of the numbers, for example y > np.median(y)."
    ),
}

# The features of X and of the fit, in scikit-learn's message.
_FEATURES = re.compile(r"X has \d+ features, but \w+ is expecting \d+ features as input")


@contextmanager
def with_remedies(X: Any) -> Iterator[None]:
    """Add the expected values and a remedy to an error of scikit-learn about X or y.

    Examples
    --------
    >>> from skneuron.validation._remedies import with_remedies
    >>> with with_remedies([1.0, 2.0]):
    ...     raise ValueError("Found input variables with inconsistent numbers of samples: [2, 3]")
    Traceback (most recent call last):
        ...
    ValueError: Found input variables with inconsistent numbers of samples: [2, 3]. Expected one \
label per row of X. Filter X and y in the same way: X[keep], y[keep].
    """
    try:
        yield
    except ValueError as error:
        text = _extended(str(error), X)
        if text is None:
            raise
        raise ValueError(text) from error


def _extended(text: str, X: Any) -> str | None:
    """Return a message with its remedy, None if none is known or the message has one."""
    if "skneuron.grouped" in text:
        return None
    if _FEATURES.match(text):
        return (
            f"{text} Pass the features of the fit, or put the preprocessing in a pipeline: "
            "make_pipeline(StandardScaler(), NeuronClassifier())."
        )
    for start, remedy in _REMEDIES.items():
        if not text.startswith(start):
            continue
        if "1D" in start:
            return f"{start}: X has shape {np.shape(X)}. {remedy}"
        first = text.partition(". ")[0].rstrip(".")
        return f"{first}{_place(X) if 'X contains' in start else ''}. {remedy}"
    return None


def _place(X: Any) -> str:
    """Return the words for the first row and column of a value that is not finite."""
    if issparse(X) or not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind != "f":
        return ""
    row = int(np.argmin(np.isfinite(X).all(axis=1)))
    return f" (row {row}, column {int(np.argmin(np.isfinite(X[row])))})"
