"""Samples with X on a device: the sums of a pass are taken there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from skneuron._common import DeviceArray, FloatArray, to_numpy
from skneuron.design import DeviceDesign, Sums
from skneuron.losses import DeviceLoss, loss_on_device
from skneuron.objective._base_rows import finite_or_inf
from skneuron.objective._loss_curvature import LossCurvature
from skneuron.objective._rows import ROUNDING, MemoryRows

__all__ = ["DeviceRows"]


@dataclass(frozen=True)
class _SamplesThere:
    """The loss, and labels, sample weights and offset on the device."""

    loss: DeviceLoss
    labels: DeviceArray
    weights: DeviceArray
    offset: Any

    def of(self, rows: slice) -> tuple[Any, Any]:
        """Return labels and weights of some rows."""
        weights = self.weights
        return self.labels[rows, ...], weights if isinstance(weights, float) else weights[rows]


@dataclass(eq=False)
class DeviceRows(MemoryRows):
    """Rows with X on a device, and labels, sample weights and offset on the host.

    The losses of sigmoid and softmax are computed on the device, which gets a copy of labels,
    weights and offset once. The passes of the other losses cross z and the slopes, and so do the
    methods that :class:`MemoryRows` has and this class has not.
    """

    columns: DeviceDesign
    _there: _SamplesThere | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        loss = loss_on_device(self.loss, self._xp)
        if loss is not None:
            put = self.columns.home.put
            equal = self.weights.strides == (0,)
            self._there = _SamplesThere(
                loss,
                put(loss.encode(self.y)),
                float(self.weights[0]) if equal else put(self.weights),
                None if self.offset is None else put(self.offset),
            )

    def keep_small_copy(self) -> None:
        """Do nothing, because X stays on the device."""

    def steady(self) -> DeviceRows:
        """Return itself: the device decides the order of its sums."""
        return self

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

        z and the slopes cross to the host for ``slopes`` and ``margins``, too.
        """
        there = self._there
        if there is None or slopes is not None or margins is not None:
            given: dict[str, Any] = {"gram": gram, "slopes": slopes, "margins": margins}
            return super().sums(coef, observed=observed, **given)

        def function(rows: slice, z: DeviceArray) -> tuple[DeviceArray, DeviceArray, Any]:
            """Return the sum of the losses of the rows, their slopes and their curvatures."""
            return there.loss.sums(*self._inputs(there, rows, z), curvature=gram)

        return self.columns.device_sums(coef, function, gram=gram)

    @staticmethod
    def _inputs(
        there: _SamplesThere, rows: slice, z: DeviceArray
    ) -> tuple[DeviceArray, DeviceArray, Any]:
        """Return labels, z with the offset, and weights of some rows."""
        labels, weights = there.of(rows)
        return labels, z if there.offset is None else z + there.offset[rows, ...], weights

    def mean_loss(self, coef: FloatArray) -> float:
        """Return the sum of weighted losses, or inf beyond the range of float64."""
        there = self._there
        if there is None:
            return super().mean_loss(coef)

        def function(rows: slice, z: DeviceArray) -> tuple[Any, None, None]:
            """Return the sum of the losses of the rows."""
            return there.loss.sums(*self._inputs(there, rows, z), curvature=False)[0], None, None

        return finite_or_inf(self.columns.device_sums(coef, function).value)

    def max_change(self, step: FloatArray, coef: FloatArray | None = None) -> float:
        """Return the largest change of a linear predictor that a step makes on any row."""
        there, xp = self._there, self._xp
        if there is None:
            return super().max_change(step, coef)
        largest = xp.abs(self.columns.device_forward(step))
        if coef is not None:
            largest = largest - ROUNDING * xp.abs(self._z_there(there, coef))
        return max(0.0, float(to_numpy(xp.max(largest))))

    def slope_along(self, coef: FloatArray, step: FloatArray) -> Callable[[float], float]:
        """Return t ↦ d(loss at coef + t·step)/dt, without a product with X for each t."""
        there, xp = self._there, self._xp
        if there is None:
            return super().slope_along(coef, step)
        start, change = self._z_there(there, coef), self.columns.device_forward(step)
        labels, weights = there.of(slice(None))
        weighted = change * _by_row(weights, change)

        def slope(t: float) -> float:
            """Return the derivative at this step length."""
            return float(to_numpy(xp.sum(there.loss.slopes(labels, start + t * change) * weighted)))

        return slope

    def curvature(self, coef: FloatArray) -> LossCurvature:
        """Return the Hessian of the weighted losses."""
        own = super().curvature(coef)
        there = self._there
        if there is None:
            return own
        parts = own.columns, own.loss, own.y, own.labels, own.weights, own.linear_predictor
        return _DeviceCurvature(*parts, there=there, z_there=lambda: self._z_there(there, coef))

    @property
    def _xp(self) -> DeviceArray:
        return self.columns.home.xp

    def _z_there(self, there: _SamplesThere, coef: FloatArray) -> DeviceArray:
        """Return z of all rows on the device."""
        z = self.columns.device_forward(coef)
        return z if there.offset is None else z + there.offset


@dataclass
class _DeviceCurvature(LossCurvature):
    """The Hessian of the weighted losses. Products and the diagonal are taken on the device."""

    there: _SamplesThere = field(kw_only=True)
    z_there: Callable[[], Any] = field(kw_only=True)
    _state_there: Any = field(init=False, default=None)

    def _evaluate_there(self) -> DeviceArray:
        """Return the state of the loss at each row. Only the first call takes a pass."""
        if self._state_there is None:
            self._state_there = self.there.loss.curvature_state(self.z_there())
        return self._state_there

    def product(self, step: FloatArray) -> FloatArray:
        """Return the Hessian times a step of shape (n_outputs, n_features + 1)."""
        state, loss = self._evaluate_there(), self.there.loss
        return self._sums_there(
            lambda rows, dz: loss.curvature_product(state[rows, ...], dz), step
        ).slopes

    def bound_product(self, step: FloatArray) -> FloatArray | None:
        """Return a bound of every Hessian times a step, None if the loss has no bound."""
        bound = self.loss.curvature_bound
        return None if bound is None else self._sums_there(lambda _, dz: bound * dz, step).slopes

    def diagonal(self) -> FloatArray:
        """Return the diagonal, of shape (n_outputs, n_features + 1)."""
        own = self.there.loss.curvature_diagonal(self._evaluate_there())
        weighted = own * _by_row(self.there.weights, own)
        return self._design.device_squares(weighted)

    @property
    def _design(self) -> DeviceDesign:
        assert isinstance(self.columns, DeviceDesign)
        return self.columns

    def _sums_there(self, curved: Callable[[slice, DeviceArray], Any], step: FloatArray) -> Sums:
        def function(rows: slice, dz: DeviceArray) -> tuple[float, Any, None]:
            """Return the weighted curvature of the rows times dz, as the slopes of a sum."""
            slopes = curved(rows, dz)
            return 0.0, slopes * _by_row(self.there.of(rows)[1], slopes), None

        return self._design.device_sums(step, function)


def _by_row(weights: DeviceArray, like: DeviceArray) -> DeviceArray:
    """Return sample weights in a shape that multiplies slopes."""
    return weights if isinstance(weights, float) or like.ndim == 1 else weights[:, None]
