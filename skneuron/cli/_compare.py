"""The neuron and ``LogisticRegression``, each without and with a scaler, cross-validated."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline

from skneuron import NeuronClassifier
from skneuron._common import AnyArray
from skneuron.cli._file_table import InputTable
from skneuron.cli._pipelines import make_model, predict
from skneuron.cli._progress import ProgressLine

__all__ = ["Comparison", "Row", "compare"]

_FOLDS = 5

# Coefficients up to which a fully converged LogisticRegression is fitted: its Hessian has this
# number of rows and columns.
_MAX_COEFFICIENTS = 2000


@dataclass(frozen=True)
class Row:
    """Results of one model.

    Attributes
    ----------
    name : str
    accuracy, log_loss, roc_auc : float
        Means over the folds, or NaN if the model has none.
    seconds : float
        Fit time of the median fold.
    difference : float
        Largest difference of a coefficient from the exact one, as a fraction of the largest.
    warned : str
    """

    name: str
    accuracy: float
    log_loss: float
    roc_auc: float
    seconds: float
    difference: float
    warned: str


@dataclass(frozen=True)
class Comparison:
    """Results of the four models.

    Attributes
    ----------
    rows : list of Row
        Neuron and LogisticRegression on raw columns, then the same on scaled columns.
    n_folds : int
    fitted : Pipeline
        The scaled neuron, fitted on all rows.
    out_of_fold : ndarray of shape (n_samples, n_classes) or (n_samples,)
        Scores of each row by the scaled neuron that was fitted on the other folds.
    """

    rows: list[Row]
    n_folds: int
    fitted: Pipeline
    out_of_fold: AnyArray


def compare(neuron: NeuronClassifier, table: InputTable) -> Comparison:
    """Cross-validate both models on a table, raw and scaled.

    Parameters
    ----------
    neuron : NeuronClassifier
    table : InputTable

    Returns
    -------
    Comparison
    """
    smallest = int(np.unique(table.y, return_counts=True)[1].min())
    n_folds = min(_FOLDS, smallest)
    folds = list(StratifiedKFold(n_folds, shuffle=True, random_state=0).split(table.X, table.y))
    progress = ProgressLine(table.X.size, 4 * (n_folds + 1) + 2)
    rows = []
    for scaled in (False, True):
        suffix = "scaled" if scaled else "raw"
        logistic = LogisticRegression(C=neuron.C)
        results = [
            _measure(make_model(model, table, scaled=scaled), table, folds, progress, name)
            for model, name in (
                (neuron, f"neuron, {suffix}"),
                (logistic, f"LogisticRegression, {suffix}"),
            )
        ]
        progress.begin(f"exact coefficients, {suffix}")
        exact = _exact_coefficients(results[1].fitted, table)
        # Other activations are other models.
        same = [neuron.activation == "sigmoid", True]
        rows += [
            result.row(exact if is_same else None)
            for result, is_same in zip(results, same, strict=True)
        ]
        best = results[0]
    return Comparison(rows, n_folds, best.fitted, best.out_of_fold)


@dataclass(frozen=True)
class _Result:
    """A model fitted on each fold and on all rows."""

    name: str
    scores: dict[str, list[float]]
    fitted: Pipeline
    out_of_fold: AnyArray
    warned: list[str]

    def row(self, exact: AnyArray | None) -> Row:
        """Return means over the folds, and the difference from exact coefficients."""
        mean = {
            key: float(np.mean(values)) if values else math.nan
            for key, values in self.scores.items()
        }
        difference = math.nan
        # Of a largest coefficient of zero no difference is a fraction.
        if exact is not None and np.abs(exact).max() > 0:
            difference = float(np.abs(self.fitted[-1].coef_ - exact).max() / np.abs(exact).max())
        kinds = ", ".join(sorted(set(self.warned)))
        return Row(
            name=self.name,
            accuracy=mean["test_accuracy"],
            log_loss=-mean["test_log_loss"],
            roc_auc=mean["test_roc_auc"],
            seconds=float(np.median(self.scores["fit_time"])),
            difference=difference,
            warned=f"{len(self.warned)} × {kinds}" if self.warned else "no",
        )


def _measure(
    model: Pipeline, table: InputTable, folds: list[Any], progress: ProgressLine, name: str
) -> _Result:
    scoring = _scoring(model, table.y)
    keys = ["fit_time", "test_accuracy", "test_log_loss", "test_roc_auc"]
    scores: dict[str, list[float]] = {key: [] for key in keys}
    out_of_fold: Any = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i, (train, test) in enumerate(folds):
            progress.begin(f"{name}: fold {i + 1} of {len(folds)}")
            found = cross_validate(
                model,
                table.X,
                table.y,
                scoring=scoring,
                cv=[(train, test)],
                return_estimator=True,
                error_score="raise",
            )
            for key in scores:
                scores[key] += [float(value) for value in found.get(key, [])]
            part, _ = predict(found["estimator"][0], _rows(table.X, test))
            if out_of_fold is None:
                out_of_fold = np.zeros((len(table.y), *part.shape[1:]))
            out_of_fold[test] = part
    progress.begin(f"{name}: all rows")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(model).fit(table.X, table.y)
    warned = [warning.category.__name__ for warning in caught]
    return _Result(name, scores, fitted, out_of_fold, warned)


def _scoring(model: Pipeline, y: AnyArray) -> dict[str, str]:
    """Return the scorers that a model has."""
    binary = len(np.unique(y)) == 2
    scoring = {"accuracy": "accuracy"}
    if hasattr(model[-1], "predict_proba"):
        scoring["log_loss"] = "neg_log_loss"
        scoring["roc_auc"] = "roc_auc" if binary else "roc_auc_ovr"
    elif binary:
        scoring["roc_auc"] = "roc_auc"
    return scoring


def _rows(X: Any, rows: AnyArray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _exact_coefficients(logistic: Pipeline, table: InputTable) -> AnyArray | None:
    """Return the coefficients of a fully converged LogisticRegression, if it can be had."""
    if logistic[-1].coef_.size > _MAX_COEFFICIENTS:
        return None
    exact = clone(logistic[-1]).set_params(solver="newton-cholesky", tol=1e-12, max_iter=10_000)
    X = logistic[:-1].transform(table.X) if len(logistic) > 1 else table.X
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exact.fit(X, table.y)
    # On columns of widely different scales newton-cholesky warns and continues with lbfgs.
    return None if caught else np.asarray(exact.coef_)
