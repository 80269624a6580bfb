"""A conclusion from the four rows, in three lines."""

from __future__ import annotations

import math

import numpy as np

from skneuron import NeuronClassifier
from skneuron.cli._compare import Comparison, Row
from skneuron.cli._file_table import InputTable

__all__ = ["conclusion"]

# Differences up to these are called equal: log loss, and accuracy.
_EQUAL_LOSS = 0.005
_EQUAL_ACCURACY = 0.01


def conclusion(neuron: NeuronClassifier, table: InputTable, comparison: Comparison) -> list[str]:
    """Return three lines: on scaling, on the two models, and on which to use.

    Parameters
    ----------
    neuron : NeuronClassifier
    table : InputTable
    comparison : Comparison

    Returns
    -------
    list of str
    """
    raw, _, scaled, logistic = comparison.rows
    return [
        f"1. {_on_scaling(neuron, table, raw, scaled)}",
        f"2. {_on_models(scaled, logistic)}",
        f"3. {_on_use(scaled, logistic)}",
    ]


def _on_scaling(neuron: NeuronClassifier, table: InputTable, raw: Row, scaled: Row) -> str:
    if table.parser is not None and set(table.X.columns) <= {
        name for name, kind in table.parser.kinds_.items() if kind == "text"
    }:
        return "Text columns need no scaler: raw and scaled are the same models here."
    if np.isinf(neuron.C):
        return "C=inf has no penalty: StandardScaler changes the time of a fit, not its optimum."
    gain = _gain(scaled, raw)
    rule = "The penalty needs StandardScaler"
    effect = f"the neuron's {_metric(raw, scaled)}"
    if gain == 0:
        return f"{rule}, although it hardly matters here ({_metric(raw, scaled)})."
    if gain > 0:
        return f"{rule}: it improves {effect}."
    return f"{rule}. Here it worsens {effect}: try --C 0.1 or --C 10."


def _on_models(scaled: Row, logistic: Row) -> str:
    if _is_separated(scaled):
        return "The neuron found separated classes. Without a penalty no coefficient is finite."
    gain = _gain(scaled, logistic)
    if math.isnan(scaled.log_loss):
        values = f"accuracy {scaled.accuracy:.3f} and {logistic.accuracy:.3f}"
    else:
        values = f"log loss {scaled.log_loss:.3f} and {logistic.log_loss:.3f}"
    verdict = "both models predict equally well"
    if gain != 0:
        verdict = f"{'the neuron' if gain > 0 else 'LogisticRegression'} predicts better"
    return f"Scaled, {verdict}: {values} (neuron and LogisticRegression)."


def _on_use(scaled: Row, logistic: Row) -> str:
    if _is_separated(scaled):
        return "For finite coefficients and good probabilities use a penalty, for example: --C 1"
    best = "the scaled neuron" if _gain(scaled, logistic) > 0 else "scaled LogisticRegression"
    if best.endswith("LogisticRegression") and not math.isnan(logistic.difference):
        best += f" (coefficients {100 * logistic.difference:.2g} % off)"
    return (
        f"For predictions use {best}. "
        "For exact coefficients, statistics, links, bounds or separation, use the neuron."
    )


def _is_separated(row: Row) -> bool:
    """Return whether a fit warned that a hyperplane separates the classes."""
    return "SeparationWarning" in row.warned


def _metric(before: Row, after: Row) -> str:
    """Return the metric that both models have, before and after."""
    if math.isnan(before.log_loss):
        return f"accuracy from {before.accuracy:.3f} to {after.accuracy:.3f}"
    return f"log loss from {before.log_loss:.3f} to {after.log_loss:.3f}"


def _gain(first: Row, second: Row) -> float:
    """Return how much better the first model predicts, or 0 if both predict equally well."""
    if math.isnan(first.log_loss) or math.isnan(second.log_loss):
        gain, equal = first.accuracy - second.accuracy, _EQUAL_ACCURACY
    else:
        gain, equal = second.log_loss - first.log_loss, _EQUAL_LOSS
    return 0.0 if abs(gain) <= equal else gain
