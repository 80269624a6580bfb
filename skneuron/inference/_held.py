"""The likelihood of two classes, and its maximum with one coefficient held at a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skneuron._threads import blas_on_one_thread
from skneuron._typing import FloatArray
from skneuron.activations import Activation
from skneuron.inference._derivatives import derivatives_of
from skneuron.inference._information import Information
from skneuron.inference._observations import Observations

__all__ = ["HeldMaximum", "Likelihood"]

# Stop if a Newton step promises to raise twice the log-likelihood by less.
_SMALLEST_GAIN = 1e-12

# Maximum number of Newton steps. Five are usual, and about 30 if the maximum is infinite.
_MAX_STEPS = 200

# Maximum number of halvings of a Newton step.
_MAX_HALVINGS = 60

# Curvatures below this fraction of the largest one are rounding errors.
_FLAT = 1e-14

# Number of elements of X that are kept in memory instead of computed anew, 16 MB.
_KEPT_ELEMENTS = 2**21


class _Values(NamedTuple):
    """The log-likelihood, its gradient and its information."""

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray


class HeldMaximum(NamedTuple):
    """A maximum of the likelihood with one coefficient held.

    Attributes
    ----------
    log_likelihood : float
    slope : float
        Derivative of this maximum in the value at which the coefficient is held.
    parameters : ndarray of shape (r,)
    """

    log_likelihood: float
    slope: float
    parameters: FloatArray


class Likelihood:
    """The log-likelihood as a function of r parameters, in which X has orthonormal columns.

    Parameters
    ----------
    information : Information
        Of the fit. Its span gives the parameters their directions.
    activation : Activation
    fixed_z : ndarray of shape (n_samples,)
        Offset plus the columns whose coefficients are fixed.
    """

    def __init__(
        self, information: Information, activation: Activation, fixed_z: FloatArray
    ) -> None:
        self._observations: Observations = information.observations
        self._coordinates = information.coordinates
        self._span = information.estimable.span
        self._activation = activation
        self._fixed_z = fixed_z
        self._kept: list[tuple[slice, FloatArray]] | None = None
        if len(fixed_z) * self._span.shape[1] <= _KEPT_ELEMENTS:
            self._kept = list(self._computed())

    def maximum(
        self, start: FloatArray, along: FloatArray | None = None, value: float = 0.0
    ) -> HeldMaximum:
        """Return the maximum where ``along @ parameters`` is ``value``, by Newton's method.

        The maximum of separated classes is infinite: the result is then within rounding errors
        of the supremum.
        """
        r = len(start)
        inside = np.eye(r)
        parameters = start
        if along is not None:
            length = along @ along
            parameters = start + along * ((value - along @ start) / length)
            inside = np.linalg.svd(along[None, :])[2][1:].T
        now = self._at(parameters)
        for _ in range(_MAX_STEPS):
            gradient = inside.T @ now.gradient
            sizes, turn = np.linalg.eigh(inside.T @ now.information @ inside)
            kept = sizes > _FLAT * sizes.max(initial=0.0)
            components = turn[:, kept].T @ gradient
            gain = float(components @ (components / sizes[kept]))
            if not gain > 0:
                break
            step = inside @ (turn[:, kept] @ (components / sizes[kept]))
            parameters, now = self._search(parameters, step, now)
            if gain < _SMALLEST_GAIN:
                break
        slope = 0.0 if along is None else float(now.gradient @ along / (along @ along))
        return HeldMaximum(now.log_likelihood, slope, parameters)

    def _search(
        self, parameters: FloatArray, step: FloatArray, now: _Values
    ) -> tuple[FloatArray, _Values]:
        """Return the parameters after the longest of the halved steps that loses nothing."""
        for _ in range(_MAX_HALVINGS):
            new = self._at(parameters + step)
            if new.log_likelihood >= now.log_likelihood:
                return parameters + step, new
            step = step / 2
        return parameters, now

    def _at(self, parameters: FloatArray) -> _Values:
        data, r = self._observations, len(parameters)
        value, gradient, information = 0.0, np.zeros(r), np.zeros((r, r))
        with (
            blas_on_one_thread(),
            np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"),
        ):
            for rows, columns in self._kept or self._computed():
                z, y, s = (
                    self._fixed_z[rows] + columns @ parameters,
                    data.y[rows],
                    data.weights[rows],
                )
                low, high = self._activation.log_proba(z)
                value += float(np.where(s > 0, s * np.where(y, high, low), 0.0).sum())
                at_z = derivatives_of(self._activation, y, z)
                curvature = at_z.observed if self._activation.convex_nll else at_z.expected
                gradient += np.where(s > 0, s * at_z.slope, 0.0) @ columns
                information += (columns * np.where(s > 0, s * curvature, 0.0)[:, None]).T @ columns
        return _Values(value, gradient, information)

    def _computed(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of rows, and the orthonormal columns of these rows."""
        design = self._observations.design
        for rows, data in design.dense_blocks(range(design.shape[0])):
            yield rows, self._coordinates.rows(data) @ self._span
