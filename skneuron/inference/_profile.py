"""Profile likelihood intervals, whose ends may be infinite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from skneuron._typing import AnyArray, FloatArray
from skneuron.inference._held import HeldMaximum, Likelihood
from skneuron.inference._information import Information
from skneuron.inference._p_value import above_zero
from skneuron.inference._parameters import Estimates
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["Profiles", "profile_columns", "profiles_of"]

# Maximum number of doublings of the distance from the estimate. An end that is farther away is
# infinite: 2^30 is 1e9.
_MAX_DOUBLINGS = 30

# The profile likelihood is flat if the root of its statistic is below. A concave log-likelihood
# that has decreased decreases without limit.
_FLAT = 1e-3

# The end is found if the root of the statistic differs from the quantile by less.
_CLOSE = 1e-9

# Maximum number of steps of the iteration of Venzon and Moolgavkar. Five are usual.
_MAX_NEWTON = 15

# Maximum number of refits for one end. Five are usual.
_MAX_REFITS = 100

# A held maximum can exceed the maximum of the fit by rounding errors of this size.
_HIGHER = 1e-6


@dataclass(frozen=True)
class Profiles:
    """One per parameter, NaN for a parameter that the data do not determine.

    Attributes
    ----------
    lower, upper : ndarray of shape (p,)
        Ends of the intervals, perhaps infinite.
    z : ndarray of shape (p,)
        Signed root of the likelihood ratio statistic of the hypothesis that the parameter is 0.
    p_value : ndarray of shape (p,)
    """

    lower: FloatArray
    upper: FloatArray
    z: FloatArray
    p_value: FloatArray


def profiles_of(
    neuron: FittedNeuron, information: Information, found: Estimates, level: float
) -> Profiles:
    """Return profile likelihood intervals, and likelihood ratio tests of each parameter.

    The interval has the values at which twice the log-likelihood, maximised over the other
    parameters, is at most a quantile of χ² below its supremum (Venzon & Moolgavkar, Applied
    Statistics 37, 1988).
    """
    coordinates, span = information.coordinates, information.estimable.span
    likelihood = Likelihood(information, neuron.activation_, _fixed_z(neuron, information))
    start = np.zeros(span.shape[1])
    is_separated = any(str(note).startswith("separated") for note in found.notes)
    if not is_separated:
        coef = dense_coef(neuron)[0].astype(np.float64)
        scaled = coordinates.scaled(coef)
        if coordinates.has_bias:
            scaled[-1] = float(neuron.intercept_[0]) + coordinates.mean @ coef[coordinates.columns]
        start[:] = np.linalg.lstsq(span, scaled, rcond=None)[0]
    best = likelihood.maximum(start)
    if not best.converged:
        raise _no_convergence()
    inverse: FloatArray | None = None
    if not is_separated:
        inverse = np.asarray(np.linalg.inv(likelihood.at(best.parameters).information))
    along = coordinates.jacobian() @ span
    own = [*coordinates.columns.tolist(), *[len(found.names) - 1] * coordinates.has_bias]
    out = np.full((3, len(found.names)), np.nan)
    for row, k in zip(along, own, strict=True):
        note = str(found.notes[k])
        if note == "" or note.startswith("separated"):
            profile = _Profile(likelihood, best, inverse, row, note)
            out[:, k] = (
                profile.end(-1, level),
                profile.end(1, level),
                profile.signed_root(0.0),
            )
    lower, upper, z = out
    return Profiles(lower, upper, z, above_zero(2 * norm.sf(np.abs(z))))


def _fixed_z(neuron: FittedNeuron, information: Information) -> FloatArray:
    """Return the offset plus the columns with fixed coefficients."""
    observations = information.observations
    coef = dense_coef(neuron)[0].astype(np.float64)
    coef[information.coordinates.columns] = 0.0
    if not coef.any():
        return observations.offset
    return observations.product(coef, 0.0) + observations.offset


class _Profile:
    """Maxima of the likelihood with one coefficient held at a value."""

    def __init__(
        self,
        likelihood: Likelihood,
        best: HeldMaximum,
        inverse: FloatArray | None,
        along: FloatArray,
        note: str,
    ) -> None:
        self._likelihood = likelihood
        self._best = best
        self._inverse = inverse
        self._along = along
        self._note = note
        self._at_best = float(along @ best.parameters)
        # First order: the other parameters follow the coefficient c along J⁻¹c.
        towards = along if inverse is None else inverse @ along
        self._towards = towards / (along @ towards)
        # Length of the first step: the standard error if each row has an information of 1/4.
        self._unit = 2 * float(np.linalg.norm(along))

    def end(self, side: int, level: float) -> float:
        """Return the lower (-1) or the upper (1) end of the interval."""
        if self._note.endswith("+inf" if side > 0 else "-inf"):
            return side * np.inf
        target = float(np.sqrt(chi2.isf(1 - level, 1)))
        found = None
        if self._inverse is not None:
            found = self._end_by_newton(self._inverse, side, target)
        return self._end_by_refits(side, target) if found is None else found

    def _end_by_newton(self, inverse: FloatArray, side: int, target: float) -> float | None:
        """Return the end by the iteration of Venzon and Moolgavkar, or None if it fails.

        At the end, the gradient is a multiple λ of the coefficient's direction c, and the
        log-likelihood has its value l. A quadratic model with the information J has both at the
        step J⁻¹(g - λc) with λ² cᵀJ⁻¹c = 2 (log-likelihood - l) + gᵀJ⁻¹g.
        """
        c, parameters = self._along, self._best.parameters
        lowest = self._best.log_likelihood - target**2 / 2
        gradient, inverse_c = np.zeros(len(c)), inverse @ c
        above, inverse_g = target**2, gradient
        for _ in range(_MAX_NEWTON):
            squared = (above + gradient @ inverse_g) / (c @ inverse_c)
            if not squared > 0:
                return None
            multiplier = -side * np.sqrt(squared)
            step = inverse_g - multiplier * inverse_c
            parameters = parameters + step
            now = self._likelihood.at(parameters)
            gradient, above = now.gradient, 2 * (now.log_likelihood - lowest)
            if not np.isfinite(above):
                return None
            try:
                solved = np.linalg.solve(now.information, np.column_stack([c, gradient]))
            except np.linalg.LinAlgError:
                return None
            inverse_c, inverse_g = solved.T
            # The gradient across the direction c, in units of the information.
            across = gradient @ inverse_g - (c @ inverse_g) ** 2 / (c @ inverse_c)
            if abs(above) < _CLOSE * target**2 and across < _CLOSE:
                end = float(c @ parameters)
                return end if side * (end - self._at_best) > 0 else None
        return None

    def _end_by_refits(self, side: int, target: float) -> float:
        """Return the end by maxima with the coefficient held, or an infinite end."""
        near, far, step = self._at_best, self._at_best, target * self._unit
        point, root, towards = self._best, 0.0, self._towards
        farthest = 2**_MAX_DOUBLINGS * step + 2 * abs(self._at_best)
        reached, too_far = 0.0, np.inf
        while step <= farthest:
            far = self._at_best + side * step
            new = self._held(far, point, towards)
            if not new.converged:
                # The start was too far away from this maximum.
                too_far, step = step, (reached + step) / 2
                if step - reached < _CLOSE * step:
                    raise _no_convergence()
                continue
            # The path of the maxima is a line far away from the best one.
            towards = (new.parameters - point.parameters) / (far - near)
            point, root = new, self._root(new)
            if root >= target:
                break
            near, reached, step = far, step, min(2 * step, (step + too_far) / 2)
        if root >= target:
            return self._between(near, far, point, target, towards)
        if root > _FLAT:
            raise ValueError(
                f"The profile likelihood has no end between {self._at_best:.3g} and {far:.3g}, and "
                "is not flat. Expected a likelihood that decreases on both sides of its maximum. "
                "Use method='wald'."
            )
        return side * np.inf

    def signed_root(self, value: float) -> float:
        """Return the root of the likelihood ratio statistic at a value, with the sign of z."""
        start = self._best
        if self._inverse is None:
            # The best parameters of separated classes are far away.
            start = start._replace(parameters=self._along * (value / (self._along @ self._along)))
        root = self._root(self._require(self._held(value, start, self._towards)))
        return root if self._at_best > value else -root

    def _between(
        self, near: float, far: float, point: HeldMaximum, target: float, towards: FloatArray
    ) -> float:
        """Return the value between two at which the root is the target, by Newton's method."""
        value = far
        for _ in range(_MAX_REFITS):
            root = self._root(point)
            if abs(root - target) < _CLOSE:
                break
            near, far = (value, far) if root < target else (near, value)
            # The derivative of √(2 (best - held)) is -slope / √(2 (best - held)).
            slope = -point.slope / root if root else 0.0
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                value = float(value + np.float64(target - root) / slope)
            if not min(near, far) < value < max(near, far):
                value = (near + far) / 2
                if value in (near, far):
                    break
            point = self._require(self._held(value, point, towards))
        return value

    @staticmethod
    def _require(point: HeldMaximum) -> HeldMaximum:
        if not point.converged:
            raise _no_convergence()
        return point

    def _held(self, value: float, start: HeldMaximum, towards: FloatArray) -> HeldMaximum:
        """Return the maximum with the coefficient held, from a start along ``towards``."""
        distance = value - float(self._along @ start.parameters)
        return self._likelihood.maximum(start.parameters + distance * towards, self._along, value)

    def _root(self, point: HeldMaximum) -> float:
        """Return the root of twice the distance from the supremum of the log-likelihood."""
        below = self._best.log_likelihood - point.log_likelihood
        if below < -_HIGHER * max(1.0, abs(self._best.log_likelihood)):
            raise ValueError(
                "The profile likelihood exceeds the likelihood of the fit, so the fit is a local "
                "maximum. Expected coefficients at the global maximum. Fit again with "
                "NeuronClassifier(warm_start=False), or use method='wald'."
            )
        return float(np.sqrt(2 * max(0.0, below)))


def _no_convergence() -> ValueError:
    return ValueError(
        "A refit for a profile interval did not converge: the likelihood is too flat far away from "
        "its maximum, as for separated classes with a cauchit. Expected a maximum or a supremum "
        "within reach. Use method='wald'."
    )


def profile_columns(columns: dict[str, AnyArray], profiles: Profiles) -> dict[str, AnyArray]:
    """Return the columns of a coefficient table with the intervals and tests of the profiles."""
    changed = {
        "z": profiles.z,
        "p_value": profiles.p_value,
        "lower": profiles.lower,
        "upper": profiles.upper,
    }
    return {name: changed.get(name, values) for name, values in columns.items()}
