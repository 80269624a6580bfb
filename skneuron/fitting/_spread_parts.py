"""Parts of the samples of Dask collections: folds, and a validation set that is split off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np

from skneuron._common import AnyArray, FloatArray, Matrix
from skneuron.fitting._spread_labels import ClassTotals, class_sums, with_factors
from skneuron.objective import BlockSamples, SpreadSamples
from skneuron.validation import TrainingData, ValidationSet

__all__ = ["SpreadParts", "split_off_blocks", "validation_set_of"]

# Number of the validation set among the parts of ``split_off_blocks``.
_OUT = 0


@dataclass(frozen=True)
class SpreadParts:
    """Samples, each with the number of its part.

    Attributes
    ----------
    samples : SpreadSamples
    numbers : object
        The number of the part of each row in use, block by block, as the executor has them.
    """

    samples: SpreadSamples
    numbers: Any

    def take(self, number: int, *, inside: bool) -> tuple[SpreadSamples, ClassTotals]:
        """Return the samples of one part, or of all other parts, with the factors of all samples.

        X stays as it is, and each block has a mask of the rows in use.
        """
        samples = self.samples
        pick = partial(_part, number, inside)
        blocks = samples.executor.make(pick, samples.blocks, self.numbers)
        found = samples.executor.map(partial(_sums, len(samples.counts)), blocks)
        counts, sums, least = (np.array([block[part] for block in found]) for part in range(3))
        totals = ClassTotals(counts.sum(axis=1), counts.sum(axis=0), sums.sum(axis=0), least.min(0))
        return replace(samples, blocks=blocks, offset_mean=None, even=None), totals


def _part(number: int, inside: bool, samples: BlockSamples, numbers: AnyArray) -> BlockSamples:
    """Return the rows of a block that are inside of a part, or outside of it."""
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
    parts = SpreadParts(samples, numbers)
    (rest, totals), (out, totals_out) = (
        parts.take(_OUT, inside=inside) for inside in (False, True)
    )
    share = float(totals.sums @ samples.factors)
    remaining = replace(
        data,
        X=cast(Matrix, with_factors(rest, totals, samples.factors)),
        total_weight=data.total_weight * share,
    )
    return remaining, validation_set_of(with_factors(out, totals_out, samples.factors))


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
