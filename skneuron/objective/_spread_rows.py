"""Samples in blocks that live elsewhere, such as the chunks of a Dask array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NoReturn, cast

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.design import DesignMatrix, RowCounter, Sums
from skneuron.losses import Loss
from skneuron.objective._base_rows import Rows, finite_or_inf
from skneuron.objective._block_rows import (
    BlockRecipe,
    Call,
    Root,
    of_curvature,
    on_block,
    own_blocks,
    root_of,
    slope_along,
    take,
    take_by_chance,
)
from skneuron.objective._coordinates import SolverCoordinates
from skneuron.objective._gathered import GatheredRows
from skneuron.objective._rows import MAX_MISSED, MemoryRows
from skneuron.objective._sampling import BY_COLUMNS, RARE, oversampling, scale_to_classes
from skneuron.objective._spread_samples import SpreadSamples, stacked

__all__ = ["SpreadRows"]

# Maximum number of elements of a subsample, which comes to the client: 16 MB. A larger subsample
# is all rows.
_MAX_ELEMENTS = 2**21


class SpreadRows(Rows):
    """Rows in blocks elsewhere. Each sum is one round: parameters go out, sums come back.

    Parameters
    ----------
    samples : SpreadSamples
    recipe : BlockRecipe
    """

    def __init__(self, samples: SpreadSamples, recipe: BlockRecipe) -> None:
        self.samples, self.recipe, self.loss = samples, recipe, recipe.loss

    @classmethod
    def at(
        cls, samples: SpreadSamples, at: SolverCoordinates, loss: Loss, of_class: int | None
    ) -> SpreadRows:
        """Return the rows of a subproblem in these coordinates."""
        columns = at.center, at.scale, at.spread
        given = at.offset_center, samples.factors, of_class
        return cls(samples, BlockRecipe(samples.read, loss, *columns, *given))

    # --- what the samples are ---------------------------------------------------------

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.samples.shape[0]

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.recipe.center)

    @property
    def class_weights(self) -> FloatArray:
        """Sum of the sample weights of each class."""
        return self._by_class(self.samples.class_weights)

    def _by_class(self, sums: AnyArray) -> AnyArray:
        """Return sums over the classes of the subproblem, from the sums over all classes."""
        own = self.recipe.of_class
        return sums if own is None else np.array([sums.sum() - sums[own], sums[own]])

    @property
    def least_weight(self) -> float:
        """Smallest sample weight."""
        return self.samples.least_weight

    @property
    def has_offset(self) -> bool:
        """Whether the samples have an offset."""
        return self.samples.has_offset

    @property
    def row_elements(self) -> float:
        """Number of elements of one row of a subsample."""
        samples, d = self.samples, len(self.recipe.center)
        if not samples.is_thin:
            return 1.0 + d
        return 1.0 + samples.n_stored / samples.shape[0] * d / max(1, samples.shape[1])

    @property
    def in_cache(self) -> bool:
        """Whether a product with the rows costs little: never, because it is a round."""
        return False

    @property
    def counter(self) -> RowCounter:
        """Number of rows that passes have read."""
        return self.samples.counter

    # --- other rows -------------------------------------------------------------------

    def keep_small_copy(self) -> None:
        """Do nothing, because the rows are not here."""

    def steady(self) -> SpreadRows:
        """Return itself. Its sums have the same bits on any number of workers."""
        return self

    def restrict(self, columns: AnyArray) -> SpreadRows:
        """Return the same rows with these columns only."""
        return SpreadRows(self.samples, self.recipe.restrict(columns))

    def evenly(self, m: int) -> MemoryRows:
        """Return the evenly spaced rows that the first pass has brought, at most ``m``."""
        assert self.samples.even is not None
        rows = self.recipe.rows(*self.samples.even)
        return rows.take(slice(None), rows.weights).evenly(m)

    def sample(self, m: int, rng: np.random.Generator, variance: FloatArray) -> Rows:
        """Return about ``m`` rows in memory, or itself if they are too large for the client.

        The rows are sampled as :meth:`MemoryRows.sample` samples them, block by block.
        """
        n = self.n_samples
        if m >= n or m * self.row_elements > _MAX_ELEMENTS:
            return self
        counts = self._by_class(self.samples.counts)
        evenly, by_columns = m / n, None
        if not self.samples.is_thin:
            numbers = np.asarray((np.arange(m) + rng.random(m)) * (n / m), dtype=np.intp)
            out = self._gathered(take, self.samples.split(numbers))
            assert out is not None
            found = np.bincount(out.y, minlength=len(counts))
            known = not np.any((found < RARE * m / len(counts)) & (counts > 0))
            missed = np.any(variance - out.second_moments() > MAX_MISSED * variance)
            if known and not missed:
                return out
            if not missed:
                more = oversampling(counts * evenly, m)
                return self._by_chance(rng, evenly, more, None)
        # The squares of standardised columns, each divided by its variance, sum to their number.
        known_columns = variance > 0
        by_columns = np.divide(1.0, variance, out=np.zeros(len(variance)), where=known_columns)
        by_columns *= BY_COLUMNS * m / max(1, int(known_columns.sum()))
        evenly *= 1 - BY_COLUMNS
        return self._by_chance(rng, evenly, oversampling(counts * evenly, m), by_columns)

    def on_original_scale(self, m: int, rng: np.random.Generator) -> tuple[Any, AnyArray]:
        """Return about ``m`` rows of X as they are, every class among them, and their classes."""
        counts, evenly = self._by_class(self.samples.counts), min(1.0, m / self.n_samples)
        pick = partial(take_by_chance, evenly, oversampling(counts * evenly, m), None, self._most)
        data, some = stacked(self._round(pick, self._seeds(rng)))
        return data, some.y

    @property
    def _most(self) -> float:
        """Maximum number of elements of a subsample, for each row of all rows."""
        return _MAX_ELEMENTS / self.n_samples

    def _seeds(self, rng: np.random.Generator) -> list[int]:
        """Return a seed for each block."""
        return [int(seed) for seed in rng.integers(2**63, size=len(self.samples.sizes))]

    def _by_chance(
        self,
        rng: np.random.Generator,
        evenly: float,
        more: FloatArray,
        by_columns: FloatArray | None,
    ) -> Rows:
        """Return a sample in which each row is with a probability of its own."""
        pick = partial(take_by_chance, evenly, more, by_columns, self._most)
        return self._gathered(pick, self._seeds(rng)) or self

    def _gathered(self, pick: Callable[..., Any], given: Sequence[Any]) -> MemoryRows | None:
        """Return the rows that each block picks, with sample weights as in all rows.

        Return None if a block returns None.
        """
        pieces = self._round(pick, given)
        if any(piece is None for piece in pieces):
            return None
        data, some = stacked(pieces)
        assert some.weights is not None
        weights = scale_to_classes(some.y, some.weights, self.class_weights)
        rows = self.recipe.assembled(DesignMatrix(data), some.y, weights, some.offset)
        return rows.take(slice(None), weights)

    # --- sums -------------------------------------------------------------------------

    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        """Return the result for each block, in one round."""
        return self._round(Call(function, args, options))

    def _round(self, function: Callable[..., Any], *given: Sequence[Any]) -> list[Any]:
        """Return the results for each block with rows, and count the rows that were read."""
        samples, call = self.samples, partial(on_block, self.recipe, function)
        found = samples.executor.map(call, samples.X, samples.blocks, *given)
        found = [block for block in found if block is not None]
        samples.counter.rows += sum(block.n_read for block in found)
        return [block.result for block in found]

    def matrix_total(
        self, count: int, function: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        """Return the sum over the blocks, which has a matrix with this number of rows."""
        samples = self.samples
        call = partial(on_block, self.recipe, Call(function, args, options))
        n_bytes = 8 * count**2
        total = samples.executor.sum(call, samples.X, samples.blocks, n_bytes=n_bytes)
        samples.counter.rows += total.n_read
        return total.result

    def sums(
        self,
        coef: FloatArray,
        *,
        gram: bool = False,
        observed: bool = False,
        slopes: FloatArray | None = None,
        margins: FloatArray | None = None,
    ) -> Sums:
        """Return the sums of weighted losses, of their slopes times rows and of curvatures.

        Raises
        ------
        ValueError
            If the slope of each row is asked for, which would bring all rows to the client.
        """
        if slopes is not None or margins is not None:
            _refuse_rows()
        if not gram:
            out: Sums = self.total(MemoryRows.sums, coef, observed=observed)
            return out
        summed = self.matrix_total(coef.size, MemoryRows.sums, coef, gram=True, observed=observed)
        return cast(Sums, summed)

    def mean_loss(self, coef: FloatArray) -> float:
        """Return the sum of weighted losses, or inf beyond the range of float64."""
        return finite_or_inf(self.total(MemoryRows.mean_loss, coef))

    def max_change(self, step: FloatArray, coef: FloatArray | None = None) -> float:
        """Return the largest change of a linear predictor that a step makes on any row."""
        return float(max(self.each(MemoryRows.max_change, step, coef)))

    def slope_along(self, coef: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ d(loss at coef + t·step)/dt, a round for each t."""
        return lambda t: float(self.total(slope_along, coef, step, t))

    def curvature(self, coef: FloatArray) -> SpreadCurvature:
        """Return the Hessian of the weighted losses."""
        return SpreadCurvature(self, coef)

    # --- one by one -------------------------------------------------------------------

    def by_rows(self) -> SpreadRows:
        """Return itself."""
        return self

    def gather(self, rows: AnyArray) -> GatheredRows:
        """Raise ``ValueError``."""
        _refuse_rows()

    def in_order(
        self, order: AnyArray
    ) -> Iterator[tuple[AnyArray, AnyArray, FloatArray, FloatArray | None]]:
        """Raise ``ValueError``."""
        _refuse_rows()


class SpreadCurvature:
    """The Hessian of the weighted losses of spread rows."""

    def __init__(self, rows: SpreadRows, coef: FloatArray) -> None:
        self._rows, self._coef = rows, coef

    def _total(self, name: str, *args: Any) -> Any:
        return self._rows.total(of_curvature, self._coef, name, *args)

    def product(self, step: FloatArray) -> FloatArray:
        """Return the Hessian times a step of shape (n_outputs, n_features + 1)."""
        return np.asarray(self._total("product", step))

    def bound_product(self, step: FloatArray) -> FloatArray | None:
        """Return a bound of every Hessian times a step, None if the loss has no bound."""
        if self._rows.loss.curvature_bound is None:
            return None
        return np.asarray(self._total("bound_product", step))

    def diagonal(self) -> FloatArray:
        """Return the diagonal, of shape (n_outputs, n_features + 1)."""
        return np.asarray(self._total("diagonal"))

    def own_blocks(self) -> Iterator[FloatArray]:
        """Yield each output's own block."""
        count = self._coef.shape[1] * len(self._coef)
        yield from self._rows.matrix_total(count, own_blocks, self._coef)

    def mean_block(self) -> FloatArray:
        """Return the mean of the outputs' own blocks."""
        count = self._coef.shape[1]
        args = self._coef, "mean_block"
        return np.asarray(self._rows.matrix_total(count, of_curvature, *args))

    def root(self, start: FloatArray) -> FloatArray:
        """Return R with RᵀR the Hessian plus startᵀ start, from one R of each block."""
        total = self._rows.matrix_total(start.shape[1], root_of, self._coef, start[:0])
        return np.asarray((Root(start) + total).matrix)


def _refuse_rows() -> NoReturn:
    raise ValueError(
        "This solver reads samples one by one, and the samples of a Dask collection are on "
        "workers. Expected a solver that needs sums over all samples. Use solver='auto'."
    )
