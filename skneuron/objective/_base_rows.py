"""What rows in memory and spread rows share: sums over blocks, the loss at zero coefficients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import reduce
from operator import add
from typing import Any, Protocol

import numpy as np

from skneuron._common import AnyArray, FloatArray, LayerCurvature
from skneuron.design import RowCounter, Sums
from skneuron.losses import Loss
from skneuron.objective._gathered import GatheredRows

__all__ = ["Block", "CurvatureOfRows", "Rows", "finite_or_inf"]

# Range of an offset above which most samples may be saturated at any intercept but the best.
_WIDE_OFFSET = 20.0

# Number of halvings of that range that find the best intercept.
_HALVINGS = 30


class Block(Protocol):
    """Rows in memory, as functions of a block get them."""

    y: AnyArray
    labels: AnyArray
    weights: FloatArray
    loss: Loss
    offset: FloatArray | None

    def linear_predictor(self, coef: FloatArray) -> FloatArray:
        """Return z of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        ...


class CurvatureOfRows(Protocol):
    """The Hessian of the weighted losses of rows."""

    def product(self, step: FloatArray) -> FloatArray:
        """Return the Hessian times a step of shape (n_outputs, n_features + 1)."""
        ...

    def bound_product(self, step: FloatArray) -> FloatArray | None:
        """Return a bound of every Hessian times a step, None if the loss has no bound."""
        ...

    def diagonal(self) -> FloatArray:
        """Return the diagonal, of shape (n_outputs, n_features + 1)."""
        ...

    def own_blocks(self) -> Iterator[FloatArray]:
        """Yield each output's own block."""
        ...

    def mean_block(self) -> FloatArray:
        """Return the mean of the outputs' own blocks."""
        ...

    def root(self, start: FloatArray) -> FloatArray:
        """Return R with RᵀR the Hessian plus startᵀ start."""
        ...


class Rows(ABC):
    """Samples, in memory or in blocks elsewhere.

    Every sum over the samples is the sum of a function of each block, see :meth:`total`.

    Attributes
    ----------
    loss : Loss
    """

    loss: Loss

    # --- what the samples are ---------------------------------------------------------

    @property
    @abstractmethod
    def n_samples(self) -> int:
        """Number of rows."""

    @property
    @abstractmethod
    def class_weights(self) -> FloatArray:
        """Sum of the sample weights of each class."""

    @property
    @abstractmethod
    def least_weight(self) -> float:
        """Smallest sample weight."""

    @property
    @abstractmethod
    def has_offset(self) -> bool:
        """Whether the samples have an offset."""

    @property
    @abstractmethod
    def row_elements(self) -> float:
        """Number of elements of one row of a subsample."""

    @property
    @abstractmethod
    def in_cache(self) -> bool:
        """Whether its rows stay in a cache, so that a product with them costs little."""

    @property
    @abstractmethod
    def counter(self) -> RowCounter:
        """Number of rows that passes have read."""

    # --- other rows -------------------------------------------------------------------

    @abstractmethod
    def keep_small_copy(self) -> None:
        """Standardise a small X for good, as passes over the copy are quicker."""

    @abstractmethod
    def steady(self) -> Rows:
        """Return the same rows, with sums of the same bits on any number of threads."""

    @abstractmethod
    def restrict(self, columns: AnyArray) -> Rows:
        """Return the same rows with these columns only."""

    @abstractmethod
    def evenly(self, m: int) -> Block:
        """Return at most ``m`` rows, evenly spaced, with their sample weights."""

    @abstractmethod
    def sample(self, m: int, rng: np.random.Generator, variance: FloatArray) -> Rows:
        """Return about ``m`` rows. Every class keeps its total weight."""

    # --- sums -------------------------------------------------------------------------

    @abstractmethod
    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        """Return ``function(block, *args, **options)`` for each block, which is rows in memory."""

    def total(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return the sum of ``function(block, *args, **options)`` over the blocks."""
        return reduce(add, self.each(function, *args, **options))

    @abstractmethod
    def sums(
        self,
        coef: FloatArray,
        *,
        gram: bool = False,
        observed: bool = False,
        slopes: FloatArray | None = None,
        margins: FloatArray | None = None,
    ) -> Sums:
        """Return the sums of weighted losses, of their slopes times rows and of curvatures."""

    @abstractmethod
    def mean_loss(self, coef: FloatArray) -> float:
        """Return the sum of weighted losses, or inf beyond the range of float64."""

    @abstractmethod
    def max_change(self, step: FloatArray, coef: FloatArray | None = None) -> float:
        """Return the largest change of a linear predictor that a step makes on any row."""

    @abstractmethod
    def slope_along(self, coef: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ d(loss at coef + t·step)/dt."""

    @abstractmethod
    def curvature(self, coef: FloatArray) -> CurvatureOfRows:
        """Return the Hessian of the weighted losses."""

    # --- one by one -------------------------------------------------------------------

    @abstractmethod
    def by_rows(self) -> Rows:
        """Return the same rows, quick to gather in any order."""

    @abstractmethod
    def gather(self, rows: AnyArray) -> GatheredRows:
        """Return these rows, gathered for the gradients of batches."""

    @abstractmethod
    def in_order(
        self, order: AnyArray
    ) -> Iterator[tuple[AnyArray, AnyArray, FloatArray, FloatArray | None]]:
        """Yield rows on the original scale in this order, some at a time."""

    # --- at zero coefficients ---------------------------------------------------------

    def lowest_at_zero(
        self, center: FloatArray | float, *, fit_intercept: bool
    ) -> tuple[float, FloatArray | float]:
        """Return the lowest loss at zero coefficients, and its intercept.

        ``center`` is the center that was subtracted from the offset.
        """
        shifts: list[FloatArray | float] = [0.0]
        if self.has_offset and fit_intercept:
            shifts.append(center)
            if self.loss.n_outputs == 1:
                ends = np.array(self.each(_ends_of_offset))
                low, high = -float(ends[:, 1].max()), -float(ends[:, 0].min())
                if high - low > _WIDE_OFFSET:
                    for _ in range(_HALVINGS):
                        middle = low / 2 + high / 2
                        falls = self.total(_slope_at_zero, middle) < 0
                        low, high = (middle, high) if falls else (low, middle)
                    shifts.append(low)
        values = [self._loss_at_zero(shift) for shift in shifts]
        lowest = int(np.argmin(values))
        return values[lowest], shifts[lowest]

    def _loss_at_zero(self, shift: FloatArray | float) -> float:
        """Return the loss at zero coefficients and one intercept."""
        if self.has_offset:
            return finite_or_inf(self.total(_loss_with_offset, shift))
        y, z = self._one_of_each_class()
        with np.errstate(all="ignore"):
            return finite_or_inf(float(self.class_weights @ self.loss.value(y, z + shift)))

    def curvature_at_zero(self) -> FloatArray:
        """Return the curvature along each output where every linear predictor is zero."""
        y, z = self._one_of_each_class()
        h = self.loss.sums(self.loss.encode(y), z, self.class_weights, curvature=True)[2]
        # Without the curvatures of pairs of outputs, which take gigabytes for 1,000 classes.
        own = h.diagonal if isinstance(h, LayerCurvature) else np.asarray(h)[:, None]
        return np.asarray(own.sum(axis=0))

    def _one_of_each_class(self) -> tuple[AnyArray, FloatArray]:
        """Return the label and linear predictors of zero for one sample of each class."""
        k, n_classes = self.loss.n_outputs, len(self.class_weights)
        return np.arange(n_classes), np.zeros((n_classes, k)[: 1 + (k > 1)])


def _ends_of_offset(rows: Block) -> tuple[float, float]:
    """Return the lowest and the highest offset."""
    assert rows.offset is not None
    return float(rows.offset.min()), float(rows.offset.max())


def _slope_at_zero(rows: Block, intercept: float) -> float:
    """Return the derivative of the loss by the intercept, at zero coefficients."""
    assert rows.offset is not None
    with np.errstate(all="ignore"):
        return float(rows.weights @ rows.loss.slopes(rows.labels, rows.offset + intercept))


def _loss_with_offset(rows: Block, shift: FloatArray | float) -> float:
    """Return the loss at zero coefficients and one intercept."""
    assert rows.offset is not None
    with np.errstate(all="ignore"):
        return float(rows.weights @ rows.loss.value(rows.y, rows.offset + shift))


def finite_or_inf(value: float) -> float:
    """Return the value, or infinity if it is beyond float64."""
    return value if np.isfinite(value) else np.inf
