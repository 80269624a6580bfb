"""The profile likelihood of one coefficient, and the ends of its interval."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from skneuron._common import FloatArray
from skneuron.inference._held import HeldMaximum, Likelihood

__all__ = ["Profile", "no_convergence"]

# Maximum number of doublings of the distance from the estimate. An end that is farther away is
# infinite: 2^30 is 1e9.
_MAX_DOUBLINGS = 30

# The profile likelihood is flat if the root of its statistic is below. A concave log-likelihood
# that has decreased decreases without limit.
_FLAT = 1e-3

# The end is found if the root of the statistic differs from the quantile by less.
_CLOSE = 1e-9

# The roots of the statistics at two maxima differ if they differ by more.
_DIFFERENT = 1e-4

# Maximum number of steps of the iteration of Venzon and Moolgavkar. Five are usual.
_MAX_NEWTON = 15

# Maximum number of refits for one end. Five are usual.
_MAX_REFITS = 100

# A held maximum can exceed the maximum of the fit by rounding errors of this size.
_HIGHER = 1e-6


class Profile:
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
        # Values are in this unit, so that no square of ``along`` overflows or underflows.
        self._size = float(np.abs(along).max())
        self._along = along = along / self._size
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
        found = self._end_by_refits(side, target) if found is None else found
        if self._likelihood.is_adjusted:
            self._require_single_maximum(found, target)
        return self._size * found

    def _require_single_maximum(self, end: float, target: float) -> None:
        """Raise ``ValueError`` if another start has a higher maximum at the end of an interval.

        The penalized likelihood of bias reduction is not concave.
        """
        start = self._along * (end / (self._along @ self._along))
        if self._root(self._likelihood.maximum(start, self._along, end)) < target - _DIFFERENT:
            raise ValueError(
                f"The penalized likelihood has several maxima with the coefficient held at "
                f"{self._size * end:.3g}, the end of a profile interval. Expected a single one, "
                "as for data with more rows per coefficient. Use method='wald'."
            )

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
            if far == near:
                raise no_convergence()
            new = self._held(far, point, towards)
            if not new.converged:
                # The start was too far away from this maximum.
                too_far, step = step, (reached + step) / 2
                if step - reached < _CLOSE * step:
                    raise no_convergence()
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
                f"The profile likelihood has no end between {self._size * self._at_best:.3g} and "
                f"{self._size * far:.3g}, and is not flat. Expected a likelihood that decreases on "
                "both sides of its maximum. Use method='wald'."
            )
        return side * np.inf

    def signed_root(self, value: float) -> float:
        """Return the root of the likelihood ratio statistic at a value, with the sign of z."""
        value = value / self._size
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
            raise no_convergence()
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


def no_convergence() -> ValueError:
    """Return the error about a refit that did not converge."""
    return ValueError(
        "A refit for a profile interval did not converge: the likelihood is too flat far away from "
        "its maximum, as for separated classes with a cauchit. Expected a maximum or a supremum "
        "within reach. Use method='wald'."
    )
