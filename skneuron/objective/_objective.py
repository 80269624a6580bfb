"""Value and derivatives, pass by pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, Curvatures, FloatArray
from skneuron.design import (
    DesignMatrix,
    Moments,
    ReadyDesign,
    StandardizedDesign,
    column_moments,
    forward,
)
from skneuron.losses import Loss
from skneuron.objective._coordinates import Coordinates, Regularization
from skneuron.objective._curved import Curved
from skneuron.objective._sampling import draw_rows, shares_of_columns, sums_by_class
from skneuron.objective._surrogate import Memory
from skneuron.objective._views import Views

__all__ = ["Objective"]

# Rows drawn evenly are drawn anew if they miss more than this share of a column's variance.
_RARE = 0.3

# Range of an offset above which most samples may be saturated at any start but the best.
_WIDE_OFFSET = 20.0

# Number of halvings of that range that find the best intercept to start with.
_HALVINGS = 30

# Rounding error of a pre-activation, relative to its size: that of a sum of some products.
_ROUNDING = 16 * float(np.finfo(np.float64).eps)


class Objective(Curved, Views, Coordinates):
    """Mean loss plus penalty as a function of the scaled weights and the bias.

    Parameters
    ----------
    design : DesignMatrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class indices.
    loss : Loss
    sample_weight : ndarray of shape (n_samples,)
        Positive, of sum 1.
    regularization : Regularization
    fit_intercept : bool
    moments : Moments, optional
        Those of the design, if they are known, or others to scale columns by.
    memory : Memory, optional
        What is left of rows that are gone; it is added to F. Weights of the rows then sum to
        what it leaves of 1.
    scale : ndarray of shape (n_features,), optional
        Of the columns, if they are to keep one.
    offset : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
        What each pre-activation has beside w·x + b.
    offset_center : float or ndarray of shape (n_outputs,), default=0
        Taken off the offset, and off the bias that users see, as the center of a column is.

    Attributes
    ----------
    is_unequal : bool
        Whether huge values of a column would hide its ordinary ones. Conjugate gradients do not
        see all of such a Hessian.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> from skneuron.losses import LogisticLoss
    >>> from skneuron.objective import Objective, Regularization
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> none = Regularization(0.0)
    >>> F = Objective(DesignMatrix(X), y, LogisticLoss(), np.full(2, 0.5), none, True)
    >>> round(F.zero_value, 4)
    0.6931
    """

    def __init__(
        self,
        design: DesignMatrix,
        y: AnyArray,
        loss: Loss,
        sample_weight: FloatArray,
        regularization: Regularization,
        fit_intercept: bool,
        moments: Moments | None = None,
        memory: Memory | None = None,
        scale: FloatArray | None = None,
        offset: FloatArray | None = None,
        offset_center: FloatArray | float = 0.0,
    ) -> None:
        moments = moments or column_moments(design, sample_weight, center=fit_intercept)
        if moments is None:
            raise ValueError("X has values that are not finite")
        super().__init__(moments, regularization, fit_intercept, loss.n_outputs, scale)
        self.loss = loss
        self._y = y
        self._labels = loss.encode(y)
        self.offset_center = offset_center
        self._offset = None if offset is None else offset - offset_center
        self._weights = sample_weight
        self._design = design
        self._X: StandardizedDesign | ReadyDesign = StandardizedDesign(
            design, self.center, self.scale, moments.spread
        )
        self._deviation = moments.spread
        self.is_unequal = bool(np.any(moments.spread != moments.deviation))
        self._reads_of_copy = 0.0
        self._class_weights = sums_by_class(y, sample_weight, max(2, loss.n_outputs))
        self.memory = memory
        self._own_zero_value = self._loss_at_zero()
        self.zero_value = self._own_zero_value + (0.0 if memory is None else memory.zero_value)

    def _loss_at_zero(self) -> float:
        """Return the loss of these rows at zero weights, without a pass where it is known."""
        if self._offset is not None:
            return min(map(self._loss_of_shift, self._shifts()))
        known = np.arange(len(self._class_weights))
        zero = np.zeros((len(known), self.n_outputs)[: 1 + (self.n_outputs > 1)])
        return float(self._class_weights @ self.loss.value(known, zero))

    # --- its rows ---------------------------------------------------------------------

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self._X.shape[0]

    @property
    def has_offset(self) -> bool:
        """Whether pre-activations have more than w·x + b."""
        return self._offset is not None

    @property
    def least_weight(self) -> float:
        """Smallest sample weight."""
        equal = self._weights.strides == (0,)
        return float(self._weights[0] if equal else self._weights.min())

    @property
    def row_elements(self) -> float:
        """Number of elements that a row of a subsample takes."""
        return 1 + self._X.n_stored / self.n_samples if self._X.is_thin else 1 + self.n_features

    @property
    def reads(self) -> float:
        """How often all rows have been read so far; of a small X a copy is."""
        return self._design.reads + self._reads_of_copy

    def count_rows(self, m: int) -> None:
        """Count rows of a copy that were read elsewhere."""
        self._reads_of_copy += m / self.n_samples

    def count_pass(self) -> None:
        """Count a pass over a copy of all rows; those over X itself are counted there."""
        self._reads_of_copy += isinstance(self._X, ReadyDesign)

    def subsample(self, m: int, rng: np.random.Generator) -> Objective:
        """Return the same objective on about ``m`` rows, in the same coordinates.

        Every class keeps its total weight. Rows are drawn evenly, unless that may leave out
        what a column is made of: a few rows of a sparse X, or outliers.
        """
        if not self._X.is_thin:
            out = self._drawn(m, rng, None)
            unseen = self.variance - out._X.second_moments(out._weights)
            if not np.any(unseen > _RARE * self.variance):
                return out
        return self._drawn(m, rng, shares_of_columns(self._X, self._weights, self.variance))

    def _drawn(self, m: int, rng: np.random.Generator, shares: FloatArray | None) -> Objective:
        rows, weights = draw_rows(self._y, self._weights, self._class_weights, m, rng, shares)
        out = copy.copy(self)
        out._reads_of_copy = 0.0
        out._take(rows, weights)
        return out

    def steady(self) -> Objective:
        """Return the same objective, whose sums have the same bits on any number of threads.

        Of an X below 4 MB it keeps a standardized copy.
        """
        out = copy.copy(self)
        out.keep_small_copy()
        out._X = out._X.steady()
        return out

    def keep_small_copy(self) -> None:
        """Standardize a small X for good, as passes over it are then quicker."""
        if isinstance(self._X, StandardizedDesign) and self._X.is_small():
            self._X = self._X.take(slice(None))

    def restrict(self, columns: AnyArray) -> Objective:
        """Return the same objective with the weights of all other columns at zero.

        The parameters are those of these columns, and the bias.
        """
        out = copy.copy(self)
        out.keep_columns(columns)
        out._flat = None
        out._X = self._X.columns(columns)
        if self.memory is not None:
            out.memory = self.memory.take(self._positions(columns))
        return out

    # --- between the solver's coordinates and the user's ------------------------------

    def start(self) -> FloatArray:
        """Return where learning starts: every pre-activation at ``loss.start``.

        Without a bias that can only be approached: then the weights are one step of
        steepest descent for least squares from zero, along X̃ᵀSt with targets t.
        """
        params = np.zeros((self.n_outputs, self.n_coordinates))
        if self.loss.start == 0:
            return self.at_zero()
        if self.fit_intercept:
            params[:, -1] = self.loss.start - self._mean_offset()
            return self.penalty.project(params).ravel()
        zero = np.zeros((1, self.n_features)), np.zeros(1)
        direction = self._X.sweep(
            *zero, lambda rows, z: (0.0, self._weights[rows] * self._y[rows], None)
        ).weights
        z = self._X.forward(direction, zero[1])
        match = float(self._weights @ (z * self._y))
        curvature = float(self._weights @ z**2)
        params[:] = direction * (match / curvature if curvature > 0 else 0.0)
        return self.penalty.project(params).ravel()

    def at_zero(self) -> FloatArray:
        """Return zero weights, with the intercept that ``zero_value`` belongs to."""
        params = np.zeros((self.n_outputs, self.n_coordinates))
        return self._lower_start(self.penalty.project(params).ravel())

    def _lower_start(self, params: FloatArray) -> FloatArray:
        """Return the start with the best intercept of a few, if there is an offset."""
        if self._offset is None or not self.fit_intercept:
            return params
        shifts = self._shifts()
        values = [self._loss_of_shift(shift) for shift in shifts]
        params.reshape(self.n_outputs, -1)[:, -1] += shifts[int(np.argmin(values))]
        return params

    def _shifts(self) -> list[Any]:
        """Return intercepts for zero weights, to be added to the centered offset."""
        assert self._offset is not None
        if not self.fit_intercept:
            return [0.0]
        shifts: list[Any] = [0.0, self.offset_center]
        if self.n_outputs == 1 and np.ptp(self._offset) > _WIDE_OFFSET:
            shifts.append(self._best_shift(self._offset))
        return shifts

    def _loss_of_shift(self, shift: Any) -> float:
        """Return the mean loss at zero weights, the centered offset moved by an intercept."""
        with np.errstate(all="ignore"):
            value = float(self._weights @ self.loss.value(self._y, self._offset + shift))
        return value if np.isfinite(value) else np.inf

    def _best_shift(self, offset: FloatArray) -> float:
        """Return the intercept of the lowest loss at zero weights, by bisection on the slope."""
        low, high = -float(offset.max()), -float(offset.min())
        for _ in range(_HALVINGS):
            middle = low / 2 + high / 2
            with np.errstate(all="ignore"):
                slopes = self.loss.slopes(self._labels, offset + middle)
                falls = float(self._weights @ slopes) < 0
            low, high = (middle, high) if falls else (low, middle)
        return low

    # --- value and derivatives --------------------------------------------------------

    def value_gradient(self, params: FloatArray) -> tuple[float, FloatArray]:
        """Return F and the gradient of its smooth part in one pass over the rows.

        Beyond the range of a double F is inf; solvers step back from there.
        """
        value, gradient, _ = self._pass(params)
        return value, gradient

    def value_gradient_slopes(
        self, params: FloatArray, slopes: FloatArray
    ) -> tuple[float, FloatArray]:
        """Return F and gradient; writes each row's weighted slope sᵢ ∂ℓ/∂z to ``slopes``."""
        value, gradient, _ = self._pass(params, slopes=slopes)
        return value, gradient

    def value_gradient_margins(
        self, params: FloatArray, margins: FloatArray
    ) -> tuple[float, FloatArray]:
        """Return F and gradient; writes z of each row with the sign of its class to ``margins``."""
        value, gradient, _ = self._pass(params, margins=margins)
        return value, gradient

    def value_gradient_hessian(self, params: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return F, gradient and Hessian of its smooth part in one pass over the rows."""
        value, gradient, hessian = self._pass(params, gram=True)
        assert hessian is not None
        return value, gradient, hessian

    def hessian(self, params: FloatArray, *, observed: bool = False) -> FloatArray:
        """Return the curvature matrix of shape (n_params, n_params).

        Positive semidefinite (Fisher or Gauss-Newton where the loss is not convex)
        unless ``observed``; a softmax layer's null directions are made regular.
        """
        hessian = self._pass(params, gram=True, observed=observed)[2]
        assert hessian is not None
        return hessian

    def _pass(
        self,
        params: FloatArray,
        *,
        gram: bool = False,
        observed: bool = False,
        slopes: FloatArray | None = None,
        margins: FloatArray | None = None,
    ) -> tuple[float, FloatArray, FloatArray | None]:
        def pointwise(rows: slice, z: FloatArray) -> tuple[float, FloatArray, Curvatures | None]:
            """Return the loss of these rows, their slopes and curvatures."""
            if margins is not None:
                margins[rows] = np.where(self._y[rows], z, -z)
            sums = self.loss.sums(
                self._labels[rows], z, self._weights[rows], curvature=gram, observed=observed
            )
            if slopes is not None:
                slopes[rows] = sums[1]
            return sums

        if gram:
            self.keep_small_copy()
        with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
            sums = self._sweep(params, pointwise, gram=gram)
            full = params.reshape(self.n_outputs, -1)
            value = sums.value + self.penalty.value(full)
            gradient = self.penalty.gradient(full)
            gradient[:, : self.n_features] += sums.weights
            if self.fit_intercept:
                gradient[:, -1] += sums.bias
            hessian = None if sums.gram is None else self._regular(sums.gram)
            flat = gradient.ravel()
            if self.memory is not None:
                value += self.memory.value(params)
                flat += self.memory.gradient(params)
                if hessian is not None:
                    hessian += self.memory.matrix
        return (value if np.isfinite(value) else np.inf), flat, hessian

    def _regular(self, gram: FloatArray) -> FloatArray:
        """Return the Hessian from the curvature of the losses, which may be overwritten."""
        n, m = self.n_outputs, self.n_coordinates
        out = gram if gram.shape[1] == m else np.array(gram[:, :m, :, :m])
        diagonal = np.arange(m)
        for i in range(n):
            out[i, diagonal, i, diagonal] += self.penalty.ridge
        if n > 1:
            out[:, diagonal, :, diagonal] += (self._gauge() / n)[:, None, None]
        return out.reshape(self.n_params, self.n_params)

    def value_at_weights(
        self, coef: FloatArray, intercept: FloatArray, *, centered: bool = False
    ) -> float:
        """Return F at raw weights, with w·x + b rounded as a prediction rounds it.

        Parameters
        ----------
        coef : ndarray of shape (n_outputs, n_features)
        intercept : ndarray of shape (n_outputs,)
            Without the offset's center, if ``centered``.
        centered : bool
            Whether the center of the offset, which all rows have in common, is left out.
        """
        self._design.rows_read += self.n_samples
        values = []
        away = 0.0 if centered else self.offset_center

        def add(rows: slice, z: AnyArray) -> None:
            """Add the loss of these rows."""
            if self._offset is not None:
                z += (self._offset[rows] + away).reshape(z.shape)
            exact = np.asarray(z if self.n_outputs > 1 else z[:, 0], dtype=np.float64)
            values.append(self.loss.sums(self._labels[rows], exact, self._weights[rows])[0])

        forward(self._design.source, coef, intercept, add)
        params = self.from_weights(coef, intercept + away - self.offset_center, project=False)
        with np.errstate(all="ignore"):
            value = float(np.sum(values))
            value += self.penalty.value(params.reshape(self.n_outputs, -1))
            if self.memory is not None:
                value += self.memory.value(params)
        return value if np.isfinite(value) else np.inf

    def reach_bound(self, step: FloatArray) -> float:
        """Return an upper bound of :meth:`reach` that needs no pass over the rows.

        A value of a column is at most the root of the mean square, divided by the root of the
        least sample weight.
        """
        weights, bias = self.split(step)
        with np.errstate(all="ignore"):
            largest = np.sqrt(self.variance / self.least_weight)
            return float((np.abs(weights) @ largest + np.abs(bias)).max())

    def reach(self, step: FloatArray, params: FloatArray | None = None) -> float:
        """Return the largest change of a pre-activation that a step makes on any row.

        Parameters
        ----------
        step : ndarray of shape (n_params,)
        params : ndarray of shape (n_params,), optional
            Where the step begins. The rounding error of the pre-activations there does not
            count as a change.
        """
        self.count_pass()
        with np.errstate(all="ignore"):
            change = np.abs(self._X.forward(*self.split(step)))
            if params is not None:
                change -= _ROUNDING * np.abs(self.pre_activations(params))
        return float(change.max(initial=0.0))
