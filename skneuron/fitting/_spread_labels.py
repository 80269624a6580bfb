"""Labels, sample weights and offset of Dask collections, which are read in one round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import assert_all_finite, column_or_1d

from skneuron._common import AnyArray, FloatArray, is_dask
from skneuron.fitting._dask_blocks import DaskRows, split_like
from skneuron.objective import BlockSamples, SpreadSamples
from skneuron.validation import check_labels, check_offset, check_weights, encode
from skneuron.validation._offset import MOST_TO_LEARN

__all__ = ["ClassTotals", "SpreadLabels", "read_labels", "with_factors"]


class ClassTotals(NamedTuple):
    """What the client has to know of the samples in use.

    Attributes
    ----------
    sizes : ndarray of int of shape (n_blocks,)
        Number of rows in use of each block.
    counts : ndarray of int of shape (n_classes,)
        Number of rows in use of each class.
    sums, least : ndarray of shape (n_classes,)
        Sum of the sample weights of each class, and the smallest one.
    """

    sizes: AnyArray
    counts: AnyArray
    sums: FloatArray
    least: FloatArray


class BlockCounts(NamedTuple):
    """The same of one block, by class of the block."""

    classes: AnyArray
    n_rows: int
    counts: AnyArray
    sums: FloatArray
    least: FloatArray


@dataclass(frozen=True)
class BlockLabels:
    """Labels, sample weights and offset of a block, before all classes are known."""

    classes: AnyArray
    indices: AnyArray
    weights: FloatArray | None
    offset: AnyArray | None

    def __sizeof__(self) -> int:
        """Return the number of bytes, by which Dask decides where a task runs."""
        return int(self.indices.nbytes) + (0 if self.weights is None else self.weights.nbytes)

    @property
    def used(self) -> AnyArray | None:
        """Rows of positive weight, None for all."""
        if self.weights is None or self.weights.all():
            return None
        return self.weights > 0


@dataclass(frozen=True)
class SpreadLabels:
    """The labels of all blocks.

    Attributes
    ----------
    rows : DaskRows
    labels : object
        The :class:`BlockLabels` of each block, as the executor has them.
    classes : ndarray of shape (n_classes,)
    totals : ClassTotals
    has_offset : bool
    """

    rows: DaskRows
    labels: Any
    classes: AnyArray
    totals: ClassTotals
    has_offset: bool

    def samples(self) -> SpreadSamples:
        """Return the samples in use, with sample weights that sum to 1."""
        rows, totals, n_classes = self.rows, self.totals, len(self.classes)
        unit = SpreadSamples(
            executor=rows.executor,
            X=rows.parts,
            blocks=rows.executor.make(partial(_with_classes, self.classes), self.labels),
            read=rows.read(),
            shape=(0, rows.n_features),
            dtype=rows.dtype,
            sizes=totals.sizes,
            counts=totals.counts,
            class_weights=np.ones(n_classes),
            factors=np.ones(n_classes),
            least_weight=1.0,
            has_offset=self.has_offset,
        )
        return with_factors(unit, totals, np.ones(n_classes))


def with_factors(samples: SpreadSamples, totals: ClassTotals, factors: FloatArray) -> SpreadSamples:
    """Return samples whose weights are the given ones times a factor per class, of sum 1."""
    weights = totals.sums * factors
    factors = factors / weights.sum()
    present = totals.counts > 0
    return replace(
        samples,
        shape=(int(totals.sizes.sum()), samples.shape[1]),
        sizes=totals.sizes,
        counts=totals.counts,
        class_weights=weights / weights.sum(),
        factors=factors,
        least_weight=float(np.min((totals.least * factors)[present], initial=np.inf)),
    )


def read_labels(
    rows: DaskRows,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
    *,
    classes: AnyArray | None = None,
    suffix: str = "",
) -> SpreadLabels:
    """Check the labels in one round.

    Parameters
    ----------
    rows : DaskRows
    y, sample_weight, offset
        Arguments of ``fit``.
    classes : ndarray of shape (n_classes,) or None
        The only labels that are allowed, None for any.
    suffix : str
        End of the names of the arguments, for messages.

    Raises
    ------
    ValueError
        If labels or sample weights are not valid, with the number of the block, or if blocks do
        not match.
    """
    of_labels = "y" + suffix
    if is_dask(y) and getattr(y, "ndim", 1) != 1:
        given: Any = y
        raise ValueError(
            f"{of_labels} is a Dask {type(y).__name__} with {given.ndim} dimensions. Expected one "
            "label per row. Select a column: y['label'] of a data frame, y[:, 0] of an array."
        )
    named = (("y", y), ("sample_weight", sample_weight), ("offset", offset))
    parts = [split_like(values, name + suffix, rows) for name, values in named]
    labels = rows.executor.make(partial(_read_block, of_labels), *parts)
    found: list[BlockCounts] = rows.executor.map(_count, labels)
    if classes is None:
        classes = _all_classes(found)
    else:
        _check_known(found, classes, of_labels)
    totals = _totals(found, classes)
    if not np.any(totals.sums > 0) or not np.all(np.isfinite(totals.sums)):
        raise ValueError(
            f"The sums of sample_weight{suffix} by class are {totals.sums.tolist()}. Expected "
            "finite numbers, and one above zero. Use None for equal weights."
        )
    return SpreadLabels(rows, labels, classes, totals, offset is not None)


def _read_block(name: str, y: Any, sample_weight: Any, offset: Any) -> BlockLabels:
    """Check the labels and the sample weights of a block."""
    check_labels(y, name)
    labels = column_or_1d(np.asarray(y))
    weights = None
    if sample_weight is not None:
        weights = check_weights(sample_weight, len(labels), all_zero=True)
    if not len(labels):
        return BlockLabels(labels, np.empty(0, np.intp), weights, offset)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name=name)
    classes, indices = encode(labels)
    return BlockLabels(classes, indices, weights, offset)


def _count(labels: BlockLabels) -> BlockCounts:
    """Return the sums over a block of labels."""
    used, k = labels.used, len(labels.classes)
    y = labels.indices if used is None else labels.indices[used]
    weights = labels.weights if used is None or labels.weights is None else labels.weights[used]
    return BlockCounts(labels.classes, len(labels.indices), *class_sums(y, weights, k))


def class_sums(
    y: AnyArray, weights: FloatArray | None, n_classes: int
) -> tuple[AnyArray, FloatArray, FloatArray]:
    """Return number, sum of the weights and smallest weight of the rows of each class."""
    counts = np.bincount(y, minlength=n_classes)
    if weights is None:
        return counts, np.asarray(counts, np.float64), np.ones(n_classes)
    sums, least = np.bincount(y, weights, n_classes), np.full(n_classes, np.inf)
    np.minimum.at(least, y, weights)
    return counts, np.asarray(sums, np.float64), least


def _totals(found: Sequence[BlockCounts], classes: AnyArray) -> ClassTotals:
    """Return the sums over all blocks."""
    k = len(classes)
    counts, sums, least = np.zeros(k, np.int64), np.zeros(k), np.full(k, np.inf)
    for block in found:
        index = np.searchsorted(classes, block.classes)
        counts[index] += block.counts
        sums[index] += block.sums
        least[index] = np.minimum(least[index], block.least)
    sizes = np.array([block.counts.sum() for block in found])
    return ClassTotals(sizes, counts, sums, least)


def _all_classes(found: Sequence[BlockCounts]) -> AnyArray:
    """Return the sorted classes of all blocks."""
    parts = [block.classes for block in found if len(block.classes)]
    labels = [label for part in parts for label in part.tolist()]
    check_labels(labels)
    if len(set(labels)) < 2:
        n_rows = sum(block.n_rows for block in found)
        raise ValueError(
            f"y has {n_rows} rows and the classes {sorted(set(labels))!r}. Expected samples of at "
            "least two classes. Check with y.unique().compute()."
        )
    return np.unique(np.concatenate(parts))


def _check_known(found: Sequence[BlockCounts], classes: AnyArray, name: str) -> None:
    """Raise ``ValueError`` for a label that is not among the classes."""
    for number, block in enumerate(found):
        unknown = block.classes[~np.isin(block.classes, classes)].tolist()
        if unknown:
            raise ValueError(
                f"Block {number}, counted from 0: {name} has the label {unknown[0]!r}. Expected "
                f"the classes of the fit, {classes.tolist()}. Drop these rows: "
                f"keep = {name} != {unknown[0]!r}."
            )


def _with_classes(classes: AnyArray, labels: BlockLabels) -> BlockSamples:
    """Return the samples of a block, with indices into all classes, and check the offset."""
    y = np.searchsorted(classes, labels.classes).astype(np.intp)[labels.indices]
    offset = check_offset(labels.offset, len(y), len(classes), most=MOST_TO_LEARN)
    used = labels.used
    out = BlockSamples(y, labels.weights, offset)
    if used is None:
        return out
    rows = out.take(np.flatnonzero(used))
    return BlockSamples(rows.y, rows.weights, rows.offset, used)
