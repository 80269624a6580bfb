"""The likelihood of two classes, and its maximum with one coefficient held at a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_on_one_thread, run_parts
from skneuron.activations import Activation
from skneuron.activations._derived import expected_information, relative_curvature
from skneuron.inference._information import Information
from skneuron.inference._observations import Observations

__all__ = ["HeldMaximum", "Likelihood", "LikelihoodValues"]

# Stop if a Newton step promises to raise twice the log-likelihood by less.
_SMALLEST_GAIN = 1e-12

# Maximum number of Newton steps. Five are usual, and about 30 if the maximum is infinite.
_MAX_STEPS = 200

# Maximum number of halvings of a Newton step.
_MAX_HALVINGS = 60

# Curvatures are at least this fraction of the largest one, or of the largest sample weight. Steps
# in flat directions are then finite.
_FLAT = 1e-10

# A refit has converged if the last Newton step promised to raise twice the log-likelihood by less.
_LARGEST_GAIN = 1e-7

# Number of elements of X that are kept in memory instead of computed anew, 16 MB.
_KEPT_ELEMENTS = 2**21


class LikelihoodValues(NamedTuple):
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
    converged : bool
    """

    log_likelihood: float
    slope: float
    parameters: FloatArray
    converged: bool


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
        self._unit = float(self._observations.weights.max())
        #: Whether half of log det(information) is a part of the log-likelihood.
        self.is_adjusted = information.conditions.is_adjusted
        self._kept: list[tuple[slice, FloatArray]] | None = None
        if len(fixed_z) * self._span.shape[1] <= _KEPT_ELEMENTS:
            self._kept = list(self._computed(range(len(fixed_z))))

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
        now, gain = self.at(parameters), 0.0
        for _ in range(_MAX_STEPS):
            gradient = inside.T @ now.gradient
            sizes, turn = np.linalg.eigh(inside.T @ now.information @ inside)
            # Where all rows are certain, the curvature is too small for a Newton step.
            sizes = np.maximum(sizes, _FLAT * max(sizes.max(initial=0.0), self._unit))
            components = turn.T @ gradient
            gain = float(components @ (components / sizes))
            if not gain > 0:
                break
            step = inside @ (turn @ (components / sizes))
            before = parameters
            parameters, now = self._search(parameters, step, now)
            if gain < _SMALLEST_GAIN or np.array_equal(parameters, before):
                break
        slope = 0.0 if along is None else float(now.gradient @ along / (along @ along))
        return HeldMaximum(now.log_likelihood, slope, parameters, gain < _LARGEST_GAIN)

    def _search(
        self, parameters: FloatArray, step: FloatArray, now: LikelihoodValues
    ) -> tuple[FloatArray, LikelihoodValues]:
        """Return the parameters after the longest of the halved steps that loses nothing."""
        for _ in range(_MAX_HALVINGS):
            new = self.at(parameters + step)
            if new.log_likelihood >= now.log_likelihood:
                return parameters + step, new
            step = step / 2
        return parameters, now

    def at(self, parameters: FloatArray) -> LikelihoodValues:
        """Return the log-likelihood, its gradient and its information.

        With bias reduction of a logit, half of log det(information) is added to the log-likelihood
        (Firth, Biometrika 80, 1993).
        """
        values = LikelihoodValues(*self._total(lambda blocks: self._sums(blocks, parameters)))
        if not self.is_adjusted:
            return values
        try:
            root = np.asarray(np.linalg.cholesky(values.information), np.float64)
        except np.linalg.LinAlgError:
            return values._replace(log_likelihood=-np.inf)
        (slope,) = self._total(lambda blocks: (self._adjustment(blocks, parameters, root),))
        return values._replace(
            log_likelihood=values.log_likelihood + float(np.log(np.diag(root)).sum()),
            gradient=values.gradient + slope,
        )

    def _total(
        self, sums: Callable[[Iterable[tuple[slice, FloatArray]]], tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        """Return the sums over all rows."""
        X = self._observations.design
        with blas_on_one_thread():
            if self._kept is not None:
                return sums(self._kept)
            parts = run_parts(lambda part: sums(self._computed(part)), X.fixed_parts())
        return tuple(sum(values) for values in zip(*parts, strict=True))

    def _adjustment(
        self,
        blocks: Iterable[tuple[slice, FloatArray]],
        parameters: FloatArray,
        root: FloatArray,
    ) -> FloatArray:
        """Return the gradient of half of log det(information), ½ Σ hᵢ f''/f' xᵢ."""
        out = np.zeros(len(parameters))
        for rows, columns in blocks:
            z = self._fixed_z[rows] + columns @ parameters
            expected = self._observations.weights[rows] * expected_information(self._activation, z)
            leverage = expected * (np.linalg.solve(root, columns.T) ** 2).sum(axis=0)
            out += 0.5 * leverage * relative_curvature(self._activation, z) @ columns
        return out

    def _sums(
        self, blocks: Iterable[tuple[slice, FloatArray]], parameters: FloatArray
    ) -> LikelihoodValues:
        """Return the sums over blocks of rows."""
        data, r = self._observations, len(parameters)
        value, gradient, information = 0.0, np.zeros(r), np.zeros((r, r))
        for rows, columns in blocks:
            y, s = data.y[rows], data.weights[rows]
            z = self._fixed_z[rows] + columns @ parameters
            with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
                log_p, slope, curvature = self._at_z(y, z)
                value += float(np.where(s > 0, s * log_p, 0.0).sum())
                gradient += np.where(s > 0, s * slope, 0.0) @ columns
                information += (columns * np.where(s > 0, s * curvature, 0.0)[:, None]).T @ columns
        return LikelihoodValues(value, gradient, information)

    def _at_z(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return log P(y), its derivative, and its curvature, which is never negative."""
        low, high = self._activation.log_proba(z)
        low1, high1 = self._activation.log_proba_derivative(z)
        log_p, slope = np.where(y, high, low), np.where(y, high1, low1)
        if not self._activation.convex_nll:
            return log_p, slope, expected_information(self._activation, z)
        low2, high2 = self._activation.log_proba_derivative2(z)
        return log_p, slope, -np.where(y, high2, low2)

    def _computed(self, part: range) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of rows, and the orthonormal columns of these rows."""
        for rows, data in self._observations.design.dense_blocks(part):
            yield rows, self._coordinates.rows(data) @ self._span
