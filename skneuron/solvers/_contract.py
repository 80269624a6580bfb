"""The contract between solvers and objectives: all that a solver may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.losses import Loss
from skneuron.objective import Dimensions, Hessian, Penalty, SolverCoordinates

__all__ = ["BatchProtocol", "ObjectiveProtocol", "RowsProtocol"]


class ObjectiveProtocol(Protocol):
    """F = mean loss + penalty, as a function of one vector of parameters.

    Solvers use these names and no other.
    """

    # --- what F is --------------------------------------------------------------------

    @property
    def dims(self) -> Dimensions:
        """Numbers of samples, features, outputs, coordinates and parameters."""

    @property
    def loss(self) -> Loss:
        """Its flags say whether F is convex, smooth and differentiable."""

    @property
    def penalty(self) -> Penalty:
        """Ridge, L1 penalty and bounds of the parameters."""

    @property
    def coordinates(self) -> SolverCoordinates:
        """The map between parameters and coefficients on the original scale."""

    @property
    def has_summary(self) -> bool:
        """Whether F contains a quadratic summary of past chunks, which may be negative."""

    @property
    def zero_value(self) -> float:
        """F at zero coefficients: the unit of every gap."""

    def at_zero(self) -> FloatArray:
        """Return the parameters that ``zero_value`` belongs to."""

    # --- derivatives ------------------------------------------------------------------

    def value_gradient(
        self,
        params: FloatArray,
        *,
        slopes: FloatArray | None = None,
        margins: FloatArray | None = None,
    ) -> tuple[float, FloatArray]:
        """Return F and the gradient of its smooth part, in one pass over the samples.

        Each sample's weighted slope, and its z with the sign of its class, are written to
        ``slopes`` and ``margins``.
        """

    def value_gradient_hessian(self, params: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return F, gradient and Hessian of its smooth part, in one pass over the samples."""

    def total_slope(self, params: FloatArray) -> float:
        """Return the sum over the samples of the magnitudes of their weighted slopes."""

    def curvature(self, params: FloatArray) -> Hessian:
        """Return the Hessian of the smooth part as products, a diagonal, a matrix or a root."""

    def zero_diagonal(self) -> FloatArray:
        """Return the diagonal of the Hessian where all z are zero, without a pass."""

    # --- steps ------------------------------------------------------------------------

    def slope_along(self, params: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ dF(params + t·step)/dt of a smooth F, from two passes for all t."""

    def max_change(self, step: FloatArray, params: FloatArray | None = None) -> float:
        """Return the largest change of z that a step (from ``params``) makes on any sample."""

    def max_change_bound(self, step: FloatArray) -> float:
        """Return an upper bound of ``max_change``, without a pass."""

    # --- other samples and columns ----------------------------------------------------

    def sample(self, m: int, rng: np.random.Generator) -> ObjectiveProtocol:
        """Return the same objective on about ``m`` random samples."""

    def restrict(self, columns: AnyArray) -> ObjectiveProtocol:
        """Return the same objective as a function of some columns and the intercept."""

    def reproducible(self) -> ObjectiveProtocol:
        """Return the same objective, with the same bits on any number of threads."""

    @property
    def rows(self) -> RowsProtocol:
        """The samples, for solvers that step after each sample or batch."""

    @property
    def n_passes(self) -> float:
        """Number of passes over all samples so far."""


class RowsProtocol(Protocol):
    """Samples, for solvers that take them one by one or in batches."""

    @property
    def row_elements(self) -> float:
        """Number of elements of one row of a subsample."""

    @property
    def in_cache(self) -> bool:
        """Whether a pass over the samples costs little because they stay in a cache."""

    def keep_small_copy(self) -> None:
        """Standardise a small X for good, as passes over the copy are quicker."""

    def by_rows(self) -> RowsProtocol:
        """Return the same rows, quick to gather in any order."""

    def gather(self, rows: AnyArray) -> BatchProtocol:
        """Return these rows, gathered for the gradients of batches."""

    def in_order(
        self, order: AnyArray
    ) -> Iterator[tuple[AnyArray, AnyArray, FloatArray, FloatArray | None]]:
        """Yield X, class indices, relative sample weights and offset of rows in this order."""


class BatchProtocol(Protocol):
    """Gathered rows."""

    def add_up(
        self, coef: FloatArray, batch: slice, out: FloatArray, less: FloatArray | None
    ) -> None:
        """Write the sum of weighted slope, minus ``less``, times row over a batch to ``out``."""
