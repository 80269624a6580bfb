"""Predictions as a CSV file: identifiers, class and probabilities, in safe cells."""

from __future__ import annotations

import csv
import re
from typing import Any

from skneuron._common import AnyArray
from skneuron.cli._errors import pandas

__all__ = ["prediction_columns", "write_columns"]

# A text that starts so is a formula for a spreadsheet. The characters are OWASP's ("CSV
# Injection"), with their full-width forms. Blanks and control characters may stand before them.
# Apostrophes count, so that a label "'=a" is not written as the label "=a" is.
_FORMULA = re.compile(r"'*[\s\x00-\x1f]*[=+\-@\t\r\n＝＋－＠]")

# A number with a sign is no formula.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def prediction_columns(
    identifiers: Any, classes: AnyArray, scores: AnyArray, *, likelihood: bool
) -> dict[str, Any]:
    """Return the columns of a file of predictions.

    Parameters
    ----------
    identifiers : DataFrame
        Columns that name a row, possibly none.
    classes : ndarray of shape (n_classes,)
    scores : ndarray of shape (n_samples, n_classes) or (n_samples,)
        Probabilities, or decisions.
    likelihood : bool
        Whether the scores are probabilities.

    Returns
    -------
    dict
        Identifiers, the class, its probability and the probability of each class. A model without
        probabilities has the decision instead.
    """
    cells = {label: _cell(label) for label in classes.tolist()}
    best = scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)
    columns: dict[str, Any] = {"class": [cells[label] for label in classes[best].tolist()]}
    if likelihood:
        columns["probability"] = scores.max(axis=1)
        for label, values in zip(classes, scores.T, strict=True):
            columns[f"probability of {label}"] = values
    else:
        columns["decision"] = scores if scores.ndim == 1 else scores.max(axis=1)
    names = {
        f"{name} in the file" if name in columns else str(name): [
            _cell(text) if isinstance(text, str) else "" for text in identifiers[name]
        ]
        for name in identifiers.columns
    }
    return {_cell(name): texts for name, texts in names.items()} | columns


def write_columns(columns: dict[str, Any], path: str, sep: str = ",", decimal: str = ".") -> None:
    """Write columns to a CSV file, with the separator and the decimal mark of the file read."""
    frame = pandas().DataFrame(columns)
    mark = "." if decimal == sep else decimal
    # Quotes around each text, also in the header: a separator within one begins no new cell.
    frame.to_csv(path, index=False, sep=sep, decimal=mark, quoting=csv.QUOTE_NONNUMERIC)


def _cell(label: Any) -> Any:
    """Return a label as a cell that no spreadsheet takes for a formula."""
    if isinstance(label, str) and _FORMULA.match(label) and not _NUMBER.fullmatch(label):
        return f"'{label}"
    return label
