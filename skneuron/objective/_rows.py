"""Samples in memory: labels, sample weights, offset and design, and the sums over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skneuron._common import AnyArray, Curvatures, FloatArray
from skneuron.design import (
    DesignMatrix,
    ReadyDesign,
    RowCounter,
    StandardizedDesign,
    Sums,
)
from skneuron.losses import Loss
from skneuron.objective._base_rows import Rows, finite_or_inf
from skneuron.objective._gathered import GatheredRows
from skneuron.objective._loss_curvature import LossCurvature
from skneuron.objective._sampling import column_probabilities, sample_rows, sums_by_class

__all__ = ["MAX_MISSED", "ROUNDING", "MemoryRows", "finite_or_inf"]

#: Fraction of a column's variance that an even sample may miss. Otherwise rows are sampled again.
MAX_MISSED = 0.3

#: Rounding error of a linear predictor, relative to its size, as for a sum of some products.
ROUNDING = 16 * float(np.finfo(np.float64).eps)

# Elements of the rows that are gathered at a time on the original scale: 1 MB.
_PIECE_ELEMENTS = 2**17


@dataclass(eq=False)
class MemoryRows(Rows):
    """Rows that lie in memory. Their methods return sums over samples and know no penalty.

    ``coef`` has the shape (n_outputs, n_features + 1): coefficients of standardised columns,
    and the intercept last.

    Parameters
    ----------
    columns : StandardizedDesign or ReadyDesign
    y : ndarray of shape (n_samples,)
        Class indices.
    weights : ndarray of shape (n_samples,)
        Sample weights.
    loss : Loss
    offset : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
        Added to w·x + b, less its center.
    source : DesignMatrix, optional
        The same rows on the original scale, if they are at hand.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix, StandardizedDesign
    >>> from skneuron.losses import LogisticLoss
    >>> from skneuron.objective import MemoryRows
    >>> X, y, one = DesignMatrix(np.array([[0.0], [1.0]])), np.array([0, 1]), np.ones(1)
    >>> columns = StandardizedDesign(X, 0.5 * one, 0.5 * one, 0.5 * one)
    >>> rows = MemoryRows(columns, y, np.full(2, 0.5), LogisticLoss(), source=X)
    >>> rows.sums(np.zeros((1, 2))).slopes.tolist()
    [[-0.5, 0.0]]
    """

    columns: StandardizedDesign | ReadyDesign
    y: AnyArray
    weights: FloatArray
    loss: Loss
    offset: FloatArray | None = None
    source: DesignMatrix | None = None
    #: Labels as the loss takes them.
    labels: AnyArray = field(init=False)
    _class_weights: FloatArray | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.labels = self.loss.encode(self.y)

    # --- size -------------------------------------------------------------------------

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.columns.shape[0]

    @property
    def class_weights(self) -> FloatArray:
        """Sum of the sample weights of each class."""
        if self._class_weights is None:
            n_classes = max(2, self.loss.n_outputs)
            self._class_weights = sums_by_class(self.y, self.weights, n_classes)
        return self._class_weights

    @property
    def has_offset(self) -> bool:
        """Whether the samples have an offset."""
        return self.offset is not None

    @property
    def counter(self) -> RowCounter:
        """Number of rows that passes have read."""
        return self.columns.counter

    @property
    def least_weight(self) -> float:
        """Smallest sample weight."""
        return float(self.weights[0] if self._has_equal_weights else self.weights.min())

    @property
    def _has_equal_weights(self) -> bool:
        return self.weights.strides == (0,)

    @property
    def row_elements(self) -> float:
        """Number of elements of one row of a subsample."""
        columns = self.columns
        return 1 + (columns.n_stored / self.n_samples if columns.is_thin else columns.shape[1])

    @property
    def in_cache(self) -> bool:
        """Whether its rows stay in a cache, so that a product with them costs little."""
        return self.columns.in_cache

    # --- other rows -------------------------------------------------------------------

    def keep_small_copy(self) -> None:
        """Standardise a small X for good, as passes over the copy are quicker."""
        if not isinstance(self.columns, ReadyDesign):
            self.columns = self.columns.kept()

    def steady(self) -> MemoryRows:
        """Return the same rows, with sums of the same bits on any number of threads."""
        self.keep_small_copy()
        return replace(self, columns=self.columns.steady())

    def restrict(self, columns: AnyArray) -> MemoryRows:
        """Return the same rows with these columns only."""
        return replace(self, columns=self.columns.columns(columns), source=None)

    def take(self, rows: AnyArray | slice, weights: FloatArray) -> MemoryRows:
        """Return these rows with other sample weights."""
        offset = None if self.offset is None else self.offset[rows]
        return MemoryRows(self.columns.take(rows), self.y[rows], weights, self.loss, offset)

    def evenly(self, m: int) -> MemoryRows:
        """Return at most ``m`` rows, evenly spaced, with their sample weights."""
        if self.n_samples <= m:
            # The copy serves the passes over all rows as well.
            self.keep_small_copy()
            return self.take(slice(None), self.weights)
        rows = np.linspace(0, self.n_samples - 1, m).astype(np.intp)
        return self.take(rows, self.weights[rows])

    def sample(self, m: int, rng: np.random.Generator, variance: FloatArray) -> MemoryRows:
        """Return about ``m`` rows. Every class keeps its total weight.

        Rows are sampled evenly. Where that may leave a column out, because X is sparse or a few
        rows are outliers, half of them are sampled by their part of the columns' variances.
        """
        given = self.y, self.weights, self.class_weights, m, rng
        if not self.columns.is_thin:
            out = self.take(*sample_rows(*given))
            if not np.any(variance - out.second_moments() > MAX_MISSED * variance):
                return out
        with np.errstate(all="ignore"):
            known = variance > 0
            inverse = np.divide(1.0, variance, out=np.zeros(len(known)), where=known)
            squares = self.weights * self.columns.squares(inverse)
        return self.take(*sample_rows(*given, column_probabilities(squares)))

    def gather(self, rows: AnyArray) -> GatheredRows:
        """Return these rows, gathered for the gradients of batches."""
        if isinstance(self.columns, ReadyDesign):
            self.columns.counter.rows += len(rows)
        weights = self.weights[:1] if self._has_equal_weights else self.weights[rows]
        offset = None if self.offset is None else self.offset[rows]
        return GatheredRows(self.columns.take(rows), self.labels[rows], weights, self.loss, offset)

    def by_rows(self) -> MemoryRows:
        """Return the same rows, quick to gather in any order."""
        return replace(self, columns=self.columns.by_rows())

    def in_order(
        self, order: AnyArray
    ) -> Iterator[tuple[AnyArray, AnyArray, FloatArray, FloatArray | None]]:
        """Yield rows on the original scale in this order, some at a time.

        Each piece is X (an array or a CSR matrix), class indices, sample weights divided by the
        largest, and the offset less its center.
        """
        assert self.source is not None
        source = self.source.by_rows()
        weights = self.weights / self.weights.max()
        size = max(1, _PIECE_ELEMENTS * self.n_samples // max(1, source.n_stored))
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            offset = None if self.offset is None else self.offset[rows]
            yield source.take(rows), self.y[rows], weights[rows], offset

    # --- sums -------------------------------------------------------------------------

    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        """Return the result for these rows, which are a single block."""
        return [function(self, *args, **options)]

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

        Curvatures are added up for a ``gram`` only. They may be negative if ``observed``. Each
        row's weighted slope sᵢ ∂ℓ/∂z, and z with the sign of its class, are written to ``slopes``
        and ``margins``.
        """

        def function(rows: slice, z: FloatArray) -> tuple[float, FloatArray, Curvatures | None]:
            """Return the sum of the losses of the rows, their slopes and their curvatures."""
            z = self._shifted(rows, z)
            if margins is not None:
                margins[rows] = np.where(self.y[rows], z, -z)
            sums = self.loss.sums(
                self.labels[rows], z, self.weights[rows], curvature=gram, observed=observed
            )
            if slopes is not None:
                slopes[rows] = sums[1]
            return sums

        if gram:
            self.keep_small_copy()
        return self.columns.sums(coef, function, gram=gram)

    def _shifted(self, rows: slice, z: FloatArray) -> FloatArray:
        """Return z of these rows with their offset. The sum may overwrite z."""
        if self.offset is not None:
            z += self.offset[rows].reshape(z.shape)
        return z

    def mean_loss(self, coef: FloatArray) -> float:
        """Return the sum of weighted losses, or inf beyond the range of float64."""
        with np.errstate(all="ignore"):
            z = self.linear_predictor(coef)
            return finite_or_inf(self.loss.sums(self.labels, z, self.weights)[0])

    def linear_predictor(self, coef: FloatArray) -> FloatArray:
        """Return z of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        return self._shifted(slice(None), self.columns.forward(coef))

    def max_change(self, step: FloatArray, coef: FloatArray | None = None) -> float:
        """Return the largest change of a linear predictor that a step makes on any row.

        With ``coef``, from where the step begins, the rounding error there counts as no change.
        If the curvature of a row changes by a larger factor, the logarithm of this factor counts.
        """
        with np.errstate(all="ignore"):
            change = self.columns.forward(step)
            largest = np.abs(change)
            if coef is not None:
                z = self.linear_predictor(coef)
                largest -= ROUNDING * np.abs(z)
                if self.loss.largest_steepness > 1:
                    before, after = (
                        self.loss.gradient_hessian(self.y, at)[1] for at in (z, z + change)
                    )
                    seen = (before > 0) & (largest > 0)
                    largest[seen] = np.maximum(
                        largest[seen], np.abs(np.log(after[seen] / before[seen]))
                    )
        return float(largest.max(initial=0.0))

    def slope_along(self, coef: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ d(loss at coef + t·step)/dt, without a product with X for each t."""
        start, change = self.linear_predictor(coef), self.columns.forward(step)
        weighted = change * (self.weights if change.ndim == 1 else self.weights[:, None])

        def slope(t: float) -> float:
            """Return the derivative at this step length."""
            z = t * change
            z += start
            return float(np.vdot(self.loss.slopes(self.labels, z), weighted))

        return slope

    def curvature(self, coef: FloatArray) -> LossCurvature:
        """Return the Hessian of the weighted losses."""
        return LossCurvature(
            self.columns,
            self.loss,
            self.y,
            self.labels,
            self.weights,
            lambda: self.linear_predictor(coef),
        )

    def second_moments(self) -> FloatArray:
        """Return the weighted mean of x̃² of each column."""
        return self.columns.second_moments(self.weights)
