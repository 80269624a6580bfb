"""Cross-validation on Dask collections: the folds are masks of the rows of each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold, check_cv

from skneuron._common import AnyArray
from skneuron.fitting._spread_labels import BlockLabels, SpreadLabels
from skneuron.fitting._spread_parts import ClassWeight, SpreadPart, whole_part
from skneuron.paths._scores import Scorer
from skneuron.validation import TrainingData

__all__ = ["SpreadFolds", "check_spread_search"]


def check_spread_search(cv: Any, scorer: Scorer | None, params: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for a search on Dask collections that needs the rows themselves."""
    given = []
    splitter: Any = cv if isinstance(cv, str) else check_cv(cv, np.arange(2), classifier=True)
    if type(splitter) is not StratifiedKFold or splitter.shuffle:
        given.append(f"cv={cv!r}")
    if scorer is not None:
        given.append("a scoring")
    given += sorted(params)
    if given:
        raise ValueError(
            f"The search got Dask collections with {given[0]}. Expected a number of folds as cv "
            "and scoring=None, which are sums over the blocks. Use for example cv=5, or "
            "GridSearchCV on X.to_dask_array(lengths=True)."
        )


@dataclass(frozen=True)
class SpreadFolds:
    """All rows of Dask collections, each with the number of the fold that holds it out.

    Attributes
    ----------
    whole : SpreadPart
    numbers : object
        See ``SpreadPart.take``.
    folds : list of ((int, bool), (int, bool))
        Training and held-out rows of each fold, for :meth:`take`.
    """

    whole: SpreadPart
    numbers: Any
    folds: list[tuple[tuple[int, bool], tuple[int, bool]]]

    @classmethod
    def of(cls, labels: SpreadLabels, cv: int | StratifiedKFold | None) -> SpreadFolds:
        """Return the folds of ``StratifiedKFold``, without the labels at the client."""
        splitter = check_cv(cv, np.arange(2), classifier=True)
        executor, n_folds = labels.rows.executor, splitter.get_n_splits()
        counts = np.array(executor.map(partial(_counts, labels.classes), labels.labels))
        total = counts[:, 0].sum(axis=0)
        # scikit-learn raises and warns for classes with few rows, whatever rows these are.
        few = np.repeat(np.arange(len(total)), np.minimum(total, n_folds))
        next(splitter.split(np.zeros(len(few)), few))
        edges = np.cumsum(_allocated(total, _order(counts[:, 1]), n_folds), axis=0)
        before = np.cumsum(counts[:, 0], axis=0) - counts[:, 0]
        assign = partial(_assign, labels.classes, edges)
        numbers = executor.make(assign, labels.labels, list(before))
        return cls(whole_part(labels), numbers, [((k, False), (k, True)) for k in range(n_folds)])

    def training_data(self, class_weight: ClassWeight) -> TrainingData:
        """Return all rows as training data, with class weights."""
        return self.whole.training_data(class_weight)

    def take(self, rows: tuple[int, bool]) -> SpreadPart:
        """Return the training rows or the held-out rows of a fold.

        Raises
        ------
        ValueError
            If there is no training row of a class, or no held-out row.
        """
        number, held_out = rows
        part = self.whole.take(self.numbers, number, inside=held_out)
        missing = part.classes[part.totals.counts == 0].tolist()
        if missing and (not held_out or len(missing) == len(part.classes)):
            kind = "held-out" if held_out else "training"
            raise ValueError(
                f"Fold {number} has no {kind} sample of the class {missing[0]!r} with a positive "
                "sample weight. Expected at least one. Use fewer folds, for example cv=3, or drop "
                "the samples of zero weight."
            )
        return part


def _counts(classes: AnyArray, labels: BlockLabels) -> tuple[AnyArray, AnyArray]:
    """Return for each class the number of its rows and its first row, -1 for none."""
    index = np.searchsorted(classes, labels.classes)
    counts, first = np.zeros(len(classes), np.int64), np.full(len(classes), -1, np.int64)
    counts[index] = np.bincount(labels.indices, minlength=len(index))
    own = np.zeros(len(index), np.int64)
    # Of several values for one index NumPy assigns the last.
    own[labels.indices[::-1]] = np.arange(len(labels.indices))[::-1]
    first[index] = own
    return counts, first


def _order(first: AnyArray) -> AnyArray:
    """Return the classes in the order of their first rows, block after block."""
    block = np.argmax(first >= 0, axis=0)
    return np.lexsort((first[block, np.arange(first.shape[1])], block))


def _allocated(counts: AnyArray, order: AnyArray, n_folds: int) -> AnyArray:
    """Return how many rows of each class a fold holds out, of shape (n_folds, n_classes).

    ``StratifiedKFold`` sorts the rows by class, in the order of first rows, and deals them out.
    """
    ends = np.cumsum(counts[order])
    fold = np.arange(n_folds)[:, None]
    upto, before = ((edge - fold + n_folds - 1) // n_folds for edge in (ends, ends - counts[order]))
    out = np.empty((n_folds, len(counts)), np.int64)
    out[:, order] = upto - before
    return out


def _assign(classes: AnyArray, edges: AnyArray, labels: BlockLabels, before: AnyArray) -> AnyArray:
    """Return the number of the fold that holds each row in use out."""
    y = np.searchsorted(classes, labels.classes)[labels.indices]
    numbers = np.empty(len(y), np.int16)
    for k in np.unique(y):
        rows = np.flatnonzero(y == k)
        position = before[k] + np.arange(len(rows))
        numbers[rows] = np.searchsorted(edges[:, k], position, side="right")
    return numbers if labels.used is None else numbers[labels.used]
