"""The report: how the file was read, four models, and a conclusion in three lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skneuron import NeuronClassifier
from skneuron.cli._compare import Comparison
from skneuron.cli._conclusion import conclusion
from skneuron.cli._errors import quoted
from skneuron.cli._file_table import InputTable
from skneuron.cli._streams import printable

__all__ = ["describe", "report"]

# Columns and classes that are listed by name, and the largest length of a name, in characters.
_LISTED = 8
_LONGEST_NAME = 40

# How numbers that are stored as text are read.
_STYLES = {
    "thousands": "separators of thousands removed",
    "currency": "currency removed",
    "percent": "divided by 100",
    "limit": "read as the number itself",
    "missing": "read as missing",
    "parentheses": "read as negative",
}


def report(neuron: NeuronClassifier, table: InputTable, comparison: Comparison) -> str:
    """Return the report of a comparison.

    Parameters
    ----------
    neuron : NeuronClassifier
    table : InputTable
    comparison : Comparison

    Returns
    -------
    str
    """
    lines = [
        f"NeuronClassifier({neuron.activation}) and LogisticRegression at C={neuron.C:g}, "
        f"means of {comparison.n_folds} stratified folds:",
        "",
        *_four_rows(comparison),
        "",
        "Fit time: the median fold, with preprocessing. Off by: largest difference from exact",
        "coefficients (newton-cholesky, tol=1e-12), as a fraction of the largest coefficient.",
    ]
    if neuron.activation != "sigmoid":
        lines.append(f"With {neuron.activation} the neuron is another model.")
    return "\n".join([*lines, "", *conclusion(neuron, table, comparison)])


def describe(table: InputTable) -> str:
    """Return how a table was read: rows, classes, and each column with its kind.

    Parameters
    ----------
    table : InputTable

    Returns
    -------
    str
    """
    classes, counts = np.unique(table.y, return_counts=True)
    n, d = table.X.shape
    sizes = _listed(
        [f"{_name(label)} {count}" for label, count in zip(classes, counts, strict=True)]
    )
    lines = [f"{printable(table.name)}: {n} rows, {d} columns, {len(classes)} classes ({sizes})"]
    if table.parser is None:
        return lines[0]
    lines.append(f"Read as {table.described}.")
    if table.n_without_target:
        rows = "row was" if table.n_without_target == 1 else "rows were"
        lines.append(
            f"{table.n_without_target} {rows} dropped: without a value of {_name(table.target)}."
        )
    lines.append("")
    for kind, text in (
        ("number", "Numbers"),
        ("text", "Text, one-hot encoded"),
        ("date", "Dates, as days since 1970-01-01"),
    ):
        names = [name for name, each in table.parser.kinds_.items() if each == kind]
        if names:
            lines.append(f"{text} ({len(names)}): {_listed(map(_name, names))}")
    notes = [note for name in table.parser.kinds_ for note in _notes(table, name)]
    n_missing = int(table.X.isna().to_numpy().sum())
    if n_missing:
        values = "value is" if n_missing == 1 else "values are"
        notes.append(
            f"{n_missing} missing {values} filled: numbers by the median, with a 0/1 column"
        )
    notes += [f"{_name(name)}: left out, as --drop asks" for name in table.dropped]
    return "\n".join([*lines, *(f"- {note}" for note in notes)])


def _notes(table: InputTable, name: str) -> list[str]:
    """Return sentences on a column that is left out, or that stores numbers as text."""
    assert table.parser is not None
    column = table.parser.columns_[name]
    n_rows = len(table.y)
    reasons = {
        "identifier": f"an identifier ({column.n_unique} values in {n_rows} rows)",
        "index": f"an index (counts up from {_name(column.example)})",
        "constant": f"a constant ({_name(column.example)})",
        "empty": "empty",
    }
    kind = column.kind
    if kind in reasons:
        advice = "" if kind == "empty" else f"; to use it: --keep {quoted(name)}"
        return [printable(f"{_name(name)}: left out, {reasons[kind]}{advice}")]
    if kind == "date" and column.date_format != "ISO8601":
        return [f"{_name(name)}: dates such as {_name(column.example)} read as "
                f"{column.date_format}"]  # fmt: skip
    notes = [
        f"{_name(name)}: {column.n_unique} different whole numbers, used as a number; "
        f"if it is an identifier: --drop {quoted(name)}"
    ]
    return [printable(note) for note in notes if column.may_identify] + [
        f'{_name(name)}: {count} {"cell" if count == 1 else "cells"} such as "{_name(example)}", '
        f"{_STYLES[style]}"
        for style, (count, example) in column.styles.items()
    ]


def _four_rows(comparison: Comparison) -> list[str]:
    head = ["", "accuracy", "log loss", "ROC AUC", "fit time", "off by", "warned"]
    cells = [
        [
            row.name,
            _number(row.accuracy, ".4f"),
            _number(row.log_loss, ".4f"),
            _number(row.roc_auc, ".4f"),
            f"{1000 * row.seconds:.1f} ms",
            _number(row.difference, ".0e"),
            row.warned,
        ]
        for row in comparison.rows
    ]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if i in (0, len(line) - 1) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in [head, *cells]
    ]


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _name(value: Any) -> str:
    """Return a name or a cell in one short line."""
    text = printable(str(value))
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _listed(names: Any) -> str:
    names = list(names)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
