"""Parts of the samples of Dask collections: folds, and a validation set that is split off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import numpy as np

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.design import RowCounter
from skneuron.fitting._spread_labels import ClassTotals, SpreadLabels, class_sums, with_factors
from skneuron.objective import BlockSamples, SpreadSamples
from skneuron.validation import TrainingData, ValidationSet, times_class_weight

__all__ = ["ClassWeight", "SpreadPart", "split_off_blocks", "validation_set_of", "whole_part"]

#: Class weights, as the parameter of the neuron.
ClassWeight = Mapping[Any, float] | Literal["balanced"] | None

# Number of the validation set among the parts of ``split_off_blocks``.
_OUT = 0


@dataclass(frozen=True)
class SpreadPart:
    """Some of the rows of Dask collections, before class weights.

    Attributes
    ----------
    samples : SpreadSamples
    classes : ndarray of shape (n_classes,)
    totals : ClassTotals
    """

    samples: SpreadSamples
    classes: AnyArray
    totals: ClassTotals

    def training_data(self, class_weight: ClassWeight) -> TrainingData:
        """Return the rows as training data, with class weights.

        Raises
        ------
        ValueError
            If class weights are not valid, or a class has no sample of positive weight.
        """
        classes, sums = self.classes, self.totals.sums
        _check_present(sums, classes)
        weights = times_class_weight(sums, class_weight, classes, np.arange(len(classes)))
        _check_present(weights, classes)
        samples = with_factors(self.samples, self.totals, weights / sums)
        none, total = np.empty(0), float(weights.sum())
        return TrainingData(cast(Matrix, samples), none.astype(np.intp), classes, none, total)

    def take(self, numbers: Any, number: int, *, inside: bool) -> SpreadPart:
        """Return the rows with this number, or with ``inside=False`` the rows with another one.

        X stays as it is, and each block has a mask of the rows in use.

        Parameters
        ----------
        numbers : object
            A number for each row in use, block by block, as the executor has them.
        number : int
        inside : bool
        """
        samples, totals = _taken(self.samples, numbers, number, inside)
        unit = with_factors(samples, totals, np.ones(len(self.classes)))
        return SpreadPart(unit, self.classes, totals)


def whole_part(labels: SpreadLabels) -> SpreadPart:
    """Return all rows in use."""
    return SpreadPart(labels.samples(), labels.classes, labels.totals)


def _taken(
    samples: SpreadSamples, numbers: Any, number: int, inside: bool
) -> tuple[SpreadSamples, ClassTotals]:
    """Return these rows, with sample weights that are yet to be scaled."""
    pick = partial(_part, number, inside)
    blocks = samples.executor.make(pick, samples.blocks, numbers)
    found = samples.executor.map(partial(_sums, len(samples.counts)), blocks)
    counts, sums, least = (np.array([block[k] for block in found]) for k in range(3))
    totals = ClassTotals(counts.sum(1), counts.sum(0), sums.sum(0), least.min(0))
    out = replace(samples, blocks=blocks, offset_mean=None, even=None, counter=RowCounter())
    return out, totals


def _check_present(weights: FloatArray, classes: AnyArray) -> None:
    """Raise ``ValueError`` for a class without sample weight, which only a fit in memory takes."""
    absent = classes[weights == 0].tolist()
    if absent:
        raise ValueError(
            f"All samples of the class {absent[0]!r} have zero weight. Expected a positive weight "
            f"in each class of a Dask collection. Drop these rows: keep = y != {absent[0]!r}."
        )


def _part(number: int, inside: bool, samples: BlockSamples, numbers: AnyArray) -> BlockSamples:
    """Return the rows of a block with this number, or the other ones."""
    kept = (numbers == number) == inside
    if kept.all():
        return samples
    out = samples.take(np.flatnonzero(kept))
    used = np.ones(samples.n_rows, dtype=bool) if samples.used is None else samples.used.copy()
    used[used] = kept
    return replace(out, used=used)


def _sums(n_classes: int, samples: BlockSamples) -> tuple[AnyArray, FloatArray, FloatArray]:
    """Return number, sum of the weights and smallest weight of the rows of each class."""
    counts, sums, least = class_sums(samples.y, samples.weights, n_classes)
    return counts, sums, np.where(counts > 0, least, np.inf)


def split_off_blocks(
    data: TrainingData, fraction: float, seed: int
) -> tuple[TrainingData, ValidationSet] | None:
    """Split a random fraction of each class off as ``split_off`` does, block by block.

    Each block gives the same fraction of its rows of a class, up to one row.

    Returns
    -------
    (TrainingData, ValidationSet) or None
        None if a class has one row only.
    """
    samples = cast(SpreadSamples, data.X)
    if np.any(samples.counts == 1):
        return None
    n_out = np.clip(np.round(fraction * samples.counts), 1, samples.counts - 1)
    found = samples.executor.map(partial(_sums, len(samples.counts)), samples.blocks)
    ends = np.cumsum([counts for counts, _, _ in found], axis=0)
    edges = np.floor(ends * (n_out / samples.counts) + 0.5).astype(np.int64)
    n_of_blocks = np.diff(edges, axis=0, prepend=np.zeros((1, len(n_out)), np.int64))
    seeds = np.random.default_rng(seed).integers(2**63, size=len(found)).tolist()
    numbers = samples.executor.make(_random_part, samples.blocks, list(n_of_blocks), seeds)
    rest, out = (_taken(samples, numbers, _OUT, inside) for inside in (False, True))
    share = float(rest[1].sums @ samples.factors)
    X_rest, X_out = (with_factors(*part, samples.factors) for part in (rest, out))
    remaining = replace(data, X=cast(Matrix, X_rest), total_weight=data.total_weight * share)
    return remaining, validation_set_of(X_out)


def _random_part(samples: BlockSamples, n_out: AnyArray, seed: int) -> AnyArray:
    """Return for each row in use of a block whether it is in the remaining training data."""
    rng = np.random.default_rng(seed)
    numbers = np.full(len(samples.y), _OUT + 1, np.int8)
    for k in np.flatnonzero(n_out):
        rows = np.flatnonzero(samples.y == k)
        numbers[rng.choice(rows, n_out[k], replace=False)] = _OUT
    return numbers


def validation_set_of(samples: SpreadSamples) -> ValidationSet:
    """Return samples as a validation set."""
    none = np.empty(0)
    return ValidationSet(cast(Matrix, samples), none.astype(np.intp), none)
