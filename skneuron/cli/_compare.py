"""The neuron and ``LogisticRegression``, cross-validated side by side."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate

from skneuron import NeuronClassifier
from skneuron.cli._streams import printable
from skneuron.cli._table import Table, TableError, as_model_input

__all__ = ["compare"]

_FOLDS = 5


@dataclass(frozen=True)
class _Row:
    """What one model reached."""

    name: str
    accuracy: float
    log_loss: float
    roc_auc: float
    seconds: float
    difference: float
    warned: str


def compare(neuron: NeuronClassifier, table: Table) -> str:
    """Return a report of both models on the table.

    Parameters
    ----------
    neuron : NeuronClassifier
    table : Table

    Returns
    -------
    str
        Accuracy, log loss, ROC AUC and fit time by stratified 5-fold cross-validation,
        the largest difference of the coefficients on all rows from those of a fully
        converged ``LogisticRegression`` of the same C, and who warned.
    """
    smallest = int(np.unique(table.y, return_counts=True)[1].min())
    if smallest < 2:
        raise TableError("a class of the target has one row only: expected at least two")
    reference = _fit_quietly(
        as_model_input(
            LogisticRegression(C=neuron.C, solver="newton-cholesky", tol=1e-12, max_iter=10_000),
            table,
        ),
        table,
    )[0]
    title = f"NeuronClassifier({neuron.activation})"
    models = {title: neuron, "LogisticRegression": LogisticRegression(C=neuron.C)}
    comparable = neuron.activation == "sigmoid"
    rows = [
        _measure(
            name,
            as_model_input(model, table),
            table,
            reference if comparable or model is not neuron else None,
            min(_FOLDS, smallest),
        )
        for name, model in models.items()
    ]
    n, d = table.X.shape
    head = f"{printable(table.name)}: {n} rows, {d} columns, {len(np.unique(table.y))} classes"
    if table.text_columns:
        head += f"; {len(table.text_columns)} text columns one-hot encoded"
    if table.n_missing:
        head += f"; {table.n_missing} missing values filled"
    notes = [
        f"Means of {min(_FOLDS, smallest)} stratified folds; fit time is the median fold's, "
        "preprocessing included.",
        "Coefficients: largest difference from a LogisticRegression(tol=1e-12) fitted on all",
        "rows with newton-cholesky, as a share of its largest coefficient.",
    ]
    if not comparable:
        notes.append(f"With {neuron.activation} the neuron is another model: nothing to compare.")
    return "\n".join([head, "", _render(rows), "", *notes])


def _fit_quietly(model: Any, table: Table) -> tuple[Any, int]:
    """Return the model fitted on all rows, and how often it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = clone(model).fit(table.X, table.y)
    return fitted, len(caught)


def _measure(name: str, model: Any, table: Table, reference: Any, folds: int) -> _Row:
    likelihood = hasattr(model[-1], "predict_proba")
    scoring = {"accuracy": "accuracy"}
    scoring["roc_auc"] = "roc_auc" if len(np.unique(table.y)) == 2 else "roc_auc_ovr"
    if likelihood:
        scoring["log_loss"] = "neg_log_loss"
    elif len(np.unique(table.y)) > 2:
        del scoring["roc_auc"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scores = cross_validate(
            model,
            table.X,
            table.y,
            scoring=scoring,
            cv=StratifiedKFold(folds, shuffle=True, random_state=0),
            error_score="raise",
        )
    fitted, _ = _fit_quietly(model, table)
    difference = math.nan
    if reference is not None:
        exact = reference[-1].coef_
        largest = float(np.abs(exact).max())
        # Of a largest coefficient of zero no difference is a fraction.
        if largest > 0:
            difference = float(np.abs(fitted[-1].coef_ - exact).max()) / largest

    def mean(metric: str) -> float:
        """Return the mean over the folds."""
        return float(np.mean(scores[metric])) if metric in scores else math.nan

    kinds = sorted({warning.category.__name__ for warning in caught})
    return _Row(
        name=name,
        accuracy=mean("test_accuracy"),
        log_loss=-mean("test_log_loss"),
        roc_auc=mean("test_roc_auc"),
        seconds=float(np.median(scores["fit_time"])),
        difference=difference,
        warned=f"{len(caught)} × {', '.join(kinds)}" if caught else "no",
    )


def _render(rows: list[_Row]) -> str:
    table = [
        ["", *(row.name for row in rows)],
        ["accuracy", *(_number(row.accuracy, ".4f") for row in rows)],
        ["log loss", *(_number(row.log_loss, ".4f") for row in rows)],
        ["ROC AUC", *(_number(row.roc_auc, ".4f") for row in rows)],
        ["fit time, ms", *(_number(1000 * row.seconds, ".1f") for row in rows)],
        ["coefficients", *(_number(row.difference, ".1e") for row in rows)],
        ["warned", *(row.warned for row in rows)],
    ]
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)
