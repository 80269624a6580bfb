"""The objective F: rows, penalty, intercept and the summary of past chunks put together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneuron._common import AnyArray, DeviceMatrix, FloatArray, Matrix
from skneuron.design import (
    DesignMatrix,
    DeviceDesign,
    Moments,
    StandardizedDesign,
    Sums,
    column_moments,
    design_of,
)
from skneuron.losses import Loss
from skneuron.objective._base_rows import Rows, finite_or_inf
from skneuron.objective._coordinates import Regularization, SolverCoordinates
from skneuron.objective._device_rows import DeviceRows
from skneuron.objective._hessian import FlatDirections, Hessian, matrix_of
from skneuron.objective._rows import MemoryRows
from skneuron.objective._spread_rows import SpreadRows
from skneuron.objective._spread_samples import SpreadSamples
from skneuron.objective._surrogate import QuadraticSummary

__all__ = ["Objective"]

# Number of parameters up to which a summary keeps the whole matrix (32 MB), as solvers do.
_DENSE_SUMMARY = 2000


class Objective:
    """Mean loss plus penalty as a function of the scaled coefficients and the intercept.

    ``ObjectiveProtocol`` in ``skneuron.solvers`` describes the part that solvers use.

    Parameters
    ----------
    rows : Rows
    coordinates : SolverCoordinates
    summary : QuadraticSummary, optional
        Of past chunks, added to F. Sample weights of the rows then sum to the remainder
        of 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> from skneuron.losses import LogisticLoss
    >>> from skneuron.objective import Objective, Regularization
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> none = Regularization(0.0)
    >>> F = Objective.of_data(DesignMatrix(X), y, LogisticLoss(), np.full(2, 0.5), none, True)
    >>> round(F.zero_value, 4)
    0.6931
    """

    def __init__(
        self,
        rows: Rows,
        coordinates: SolverCoordinates,
        summary: QuadraticSummary | None = None,
    ) -> None:
        self.rows = rows
        self.coordinates = coordinates
        self.summary, self.has_summary = summary, summary is not None
        self.loss = rows.loss
        self.penalty = coordinates.penalty
        self.dims = coordinates.dims(rows.n_samples)
        self._flat = FlatDirections()
        self._zero_loss, self._zero_intercept = rows.lowest_at_zero(
            coordinates.offset_center, fit_intercept=coordinates.fit_intercept
        )
        self.zero_value = self._zero_loss + (0.0 if summary is None else summary.zero_value)

    @classmethod
    def of_data(
        cls,
        design: DesignMatrix,
        y: AnyArray,
        loss: Loss,
        sample_weight: FloatArray,
        regularization: Regularization,
        fit_intercept: bool,
        moments: Moments | None = None,
        summary: QuadraticSummary | None = None,
        scale: FloatArray | None = None,
        offset: FloatArray | None = None,
        offset_center: FloatArray | float = 0.0,
    ) -> Objective:
        """Return the objective of data in memory.

        Parameters
        ----------
        design : DesignMatrix of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,)
            Class indices.
        loss, regularization, fit_intercept, summary
            Parts of F.
        sample_weight : ndarray of shape (n_samples,)
            Positive, of sum 1.
        moments, scale : optional
            Of the columns, by default from the design and from the moments.
        offset : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
            Added to each w·x + b.
        offset_center : float or ndarray of shape (n_outputs,), default=0
            Subtracted from the offset, and from the intercept that users see.

        Raises
        ------
        ValueError
            If X is not finite, or if a column needs a scale beyond float64.
        """
        moments = moments or column_moments(design, sample_weight, center=fit_intercept)
        if moments is None:
            raise ValueError(
                "X has values that are not finite. Expected finite numbers. Check with "
                "np.isfinite(X).all()."
            )
        at = SolverCoordinates.of_columns(
            moments, regularization, fit_intercept, loss.n_outputs, scale, offset_center
        )
        return cls(_rows_of(at, design, y, loss, sample_weight, offset), at, summary)

    @classmethod
    def of_spread(
        cls,
        samples: SpreadSamples,
        loss: Loss,
        of_class: int | None,
        regularization: Regularization,
        fit_intercept: bool,
        moments: Moments,
        offset_center: FloatArray | float = 0.0,
    ) -> Objective:
        """Return the objective of samples in blocks elsewhere.

        ``of_class`` is the class of one neuron against the rest, None for a single subproblem.
        """
        at = SolverCoordinates.of_columns(
            moments, regularization, fit_intercept, loss.n_outputs, None, offset_center
        )
        return cls(SpreadRows.at(samples, at, loss, of_class), at)

    @property
    def n_passes(self) -> float:
        """Number of passes over the rows so far. A pass over some of them is a fraction."""
        return self.rows.counter.rows / self.dims.n_samples

    # --- the same model on other rows -------------------------------------------------

    def _on(self, rows: Rows) -> Objective:
        return Objective(rows, self.coordinates, self.summary)

    def sample(self, m: int, rng: np.random.Generator) -> Objective:
        """Return the same objective on about ``m`` random rows, in the same coordinates."""
        return self._on(self.rows.sample(m, rng, self.coordinates.variance))

    def reproducible(self) -> Objective:
        """Return the same objective, with sums of the same bits on any number of threads."""
        return self._on(self.rows.steady())

    def on_rows(
        self,
        X: Matrix,
        y: AnyArray,
        weights: FloatArray,
        offset: FloatArray | None = None,
    ) -> Objective:
        """Return the objective of the same parameters on rows of another X, of weights of sum 1."""
        at, design = self.coordinates, design_of(X)
        return self._on(_rows_of(at, design, y, self.loss, weights, offset))

    def on_blocks(self, samples: SpreadSamples, of_class: int | None) -> Objective:
        """Return the objective of the same parameters on other samples in blocks elsewhere."""
        return self._on(SpreadRows.at(samples, self.coordinates, self.loss, of_class))

    def restrict(self, columns: AnyArray) -> Objective:
        """Return the same objective as a function of some columns and the intercept."""
        kept = self.coordinates.positions(columns)
        summary = None if self.summary is None else self.summary.take(kept)
        return Objective(self.rows.restrict(columns), self.coordinates.restrict(columns), summary)

    def at_zero(self) -> FloatArray:
        """Return zero coefficients, with the intercept that ``zero_value`` belongs to."""
        at = self.coordinates
        params = self.penalty.project(np.zeros((at.n_outputs, at.n_coordinates)))
        if at.fit_intercept:
            params[:, -1] += self._zero_intercept
        return params.ravel()

    # --- value and derivatives --------------------------------------------------------

    def value_gradient(
        self,
        params: FloatArray,
        *,
        slopes: FloatArray | None = None,
        margins: FloatArray | None = None,
    ) -> tuple[float, FloatArray]:
        """Return F and the gradient of its smooth part in one pass over the rows.

        F is infinite beyond the range of float64. Solvers step back from there. Each row's weighted
        slope sᵢ ∂ℓ/∂z, and its z with the sign of its class, are written to ``slopes`` and
        ``margins``.
        """
        with np.errstate(all="ignore"):
            coef = self.coordinates.with_intercept(params)
            sums = self.rows.sums(coef, slopes=slopes, margins=margins)
            return self._completed(sums, params)

    def value_gradient_hessian(self, params: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return F, gradient and Hessian of its smooth part in one pass over the rows."""
        with np.errstate(all="ignore"):
            sums = self.rows.sums(self.coordinates.with_intercept(params), gram=True)
            assert sums.gram is not None
            hessian = matrix_of(sums.gram, self.coordinates, self.summary)
            return *self._completed(sums, params), hessian

    def _completed(self, sums: Sums, params: FloatArray) -> tuple[float, FloatArray]:
        """Return F and its gradient, the sums of the losses with penalty and summary."""
        at, summary = self.coordinates, self.summary
        full = params.reshape(at.n_outputs, at.n_coordinates)
        value = sums.value + self.penalty.value(full)
        gradient = self.penalty.gradient(full)
        gradient += sums.slopes[:, : at.n_coordinates]
        flat = gradient.ravel()
        if summary is not None:
            value += summary.value(params)
            flat += summary.gradient(params)
        return finite_or_inf(value), flat

    def curvature(self, params: FloatArray) -> Hessian:
        """Return the Hessian of the smooth part at ``params``."""
        return Hessian(self.rows, self.coordinates, self.summary, params, self._flat)

    def zero_diagonal(self) -> FloatArray:
        """Return the diagonal of the Hessian where every linear predictor is zero."""
        at, curvature = self.coordinates, self.rows.curvature_at_zero()
        out = np.ones((at.n_outputs, at.n_coordinates))
        out[:, : at.n_features] = at.variance
        out = curvature[:, None] * out + self.penalty.ridge
        if self.summary is not None:
            out = out + self.summary.diagonal.reshape(at.n_outputs, -1)
        # Where there is neither variance nor penalty there is no gradient either.
        return np.asarray(np.where(out > 0, out, 1.0)).ravel()

    def total_slope(self, params: FloatArray) -> float:
        """Return the sum over the rows of the magnitudes of their weighted slopes."""
        with np.errstate(all="ignore"):
            coef = self.coordinates.with_intercept(params)
            return float(self.rows.total(_total_slope, coef))

    def mean_loss(self, params: FloatArray) -> float:
        """Return F without its penalty, or inf beyond the range of float64."""
        return self.rows.mean_loss(self.coordinates.with_intercept(params))

    def linear_predictor(self, params: FloatArray) -> FloatArray:
        """Return z of all rows: shape (n_samples,) or (n_samples, n_outputs)."""
        coef = self.coordinates.with_intercept(params)
        return np.concatenate(self.rows.each(MemoryRows.linear_predictor, coef))

    def any_row(
        self, function: Callable[[Loss, AnyArray, FloatArray], bool], params: FloatArray
    ) -> bool:
        """Return whether a function of the loss, y and z holds for some rows."""
        coef = self.coordinates.with_intercept(params)
        return any(self.rows.each(_of_predictor, coef, function))

    def slope_along(self, params: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ dF(params + t·step)/dt of a smooth F, without a product with X for each t."""
        at = self.coordinates
        of_loss = self.rows.slope_along(at.with_intercept(params), at.with_intercept(step))
        ridge = self.penalty.gradient(step.reshape(at.n_outputs, -1)).ravel()
        at_start, per_length = float(ridge @ params), float(ridge @ step)
        if self.summary is not None:
            at_start += float(self.summary.gradient(params) @ step)
            per_length += float(self.summary.product(step) @ step)
        return lambda t: of_loss(t) + at_start + t * per_length

    def max_change_bound(self, step: FloatArray) -> float:
        """Return an upper bound of :meth:`max_change` that needs no pass over the rows.

        A value of a column is at most the root of the mean square, divided by the root of the
        smallest sample weight.
        """
        v, intercept = self.coordinates.split(step)
        with np.errstate(all="ignore"):
            largest = np.sqrt(self.coordinates.variance / self.rows.least_weight)
            change = (np.abs(v) @ largest + np.abs(intercept)).max()
            return float(self.loss.largest_steepness * change)

    def max_change(self, step: FloatArray, params: FloatArray | None = None) -> float:
        """Return the largest change of a linear predictor that a step makes on any row.

        With ``params``, where the step begins, the rounding error there counts as no change.
        """
        full = self.coordinates.with_intercept
        return self.rows.max_change(full(step), None if params is None else full(params))

    # --- for streams ------------------------------------------------------------------

    def summarize(self, params: FloatArray) -> QuadraticSummary:
        """Return the losses of these rows to second order about ``params``.

        The summary has neither the penalty nor the past chunks. The curvature is Fisher's or
        Gauss-Newton's if the loss is not convex, and a diagonal above 2,000 parameters.
        """
        at = self.coordinates
        m, coef = at.n_coordinates, at.with_intercept(params)
        dense = at.n_params <= _DENSE_SUMMARY
        sums = self.rows.sums(coef, gram=dense)
        gradient = sums.slopes[:, :m].ravel()
        if sums.gram is None:
            curvature: FloatArray = self.rows.curvature(coef).diagonal()[:, :m].ravel()
        else:
            curvature = np.array(sums.gram[:, :m, :, :m]).reshape(at.n_params, at.n_params)
        return QuadraticSummary.about(params, sums.value, gradient, curvature, self._zero_loss)


def _total_slope(rows: MemoryRows, coef: FloatArray) -> float:
    """Return the sum of the magnitudes of the weighted slopes of rows."""
    slopes = np.zeros((rows.n_samples, len(coef))[: 1 + (len(coef) > 1)])
    rows.sums(coef, slopes=slopes)
    return float(np.abs(slopes).sum())


def _of_predictor(
    rows: MemoryRows, coef: FloatArray, function: Callable[[Loss, AnyArray, FloatArray], bool]
) -> bool:
    """Return a function of the loss, y and z of rows."""
    return function(rows.loss, rows.y, rows.linear_predictor(coef))


def _rows_of(
    at: SolverCoordinates,
    design: DesignMatrix,
    y: AnyArray,
    loss: Loss,
    weights: FloatArray,
    offset: FloatArray | None,
) -> MemoryRows:
    """Return rows on the original scale in these coordinates."""
    standardization = at.center, at.scale, at.spread
    offset = None if offset is None else offset - at.offset_center
    if isinstance(design.source, DeviceMatrix):
        there = DeviceDesign(design, *standardization)
        return DeviceRows(there, y, weights, loss, offset, design)
    columns = StandardizedDesign(design, *standardization)
    return MemoryRows(columns, y, weights, loss, offset, design)
