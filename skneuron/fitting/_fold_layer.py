"""The paths of all folds at once: one pass over X serves the fits of every fold."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_on_one_thread, run_parts
from skneuron.losses import Loss, get_loss
from skneuron.validation import Settings

__all__ = ["FoldLayer", "LayerFit", "log_loss_of"]

# Number of rows of a block: X, z and slopes of a block stay in a cache of 1 MB.
_BLOCK_ROWS = 2048

# Largest fraction of a gap that a step leaves, if the next one is to have the same Hessian.
_CONTRACTION = 0.03

# Largest fraction for which ½ gᵀH⁻¹g is accurate, with a Hessian of other parameters: H is then
# right up to a third.
_ACCURATE = 0.1

# Differences of F below this fraction of F at zero coefficients are rounding errors.
_ROUNDING = 1e-13

# Number of steps that correct a Hessian.
_PAIRS = 5

# Number of passes after which the folds of one C do not converge together.
_MAX_PASSES = 15

# Distance of a column from zero, in standard deviations, up to which its values need not be
# centered before they are multiplied.
_MAX_OFFSET = 100.0

# Distance of a value from its column's center, in standard deviations, that decides no fit.
_ORDINARY = 15.0

# The same as a fraction of the distance at which one sample alone makes the standard deviation.
_DOMINANT = 0.25


@dataclass(frozen=True)
class LayerFit:
    """The fits of all folds at one C.

    Attributes
    ----------
    coef : ndarray of shape (n_folds, n_features)
    intercept : ndarray of shape (n_folds,)
    gaps : ndarray of shape (n_folds,)
        Relative gaps.
    n_iter : int
    scores : ndarray of shape (n_folds,)
        Log loss of the held-out samples, times -1.
    """

    coef: FloatArray
    intercept: FloatArray
    gaps: FloatArray
    n_iter: int
    scores: FloatArray


class FoldLayer:
    """The fits of all folds as one layer of neurons, each with sample weights of its own.

    All neurons share the mean of their Hessians, which serves until a step leaves more than 3 % of
    a gap (chord method: Ortega & Rheinboldt, Iterative Solution of Nonlinear Equations, 1970,
    section 7.1). If the mean is too far from them, each has its own from then on. The penalty is
    exchanged in place.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class indices 0 and 1.
    weights : ndarray of shape (n_samples,)
        Positive sample weights.
    offset : ndarray of shape (n_samples,) or None
    folds : sequence of (train, test)
    loss : Loss
        Convex and smooth, of one output.
    fit_intercept : bool
    """

    def __init__(
        self,
        X: FloatArray,
        y: AnyArray,
        weights: FloatArray,
        offset: FloatArray | None,
        folds: Sequence[tuple[AnyArray, AnyArray]],
        loss: Loss,
        fit_intercept: bool,
    ) -> None:
        self._X, self._loss, self._y = X, loss, y
        self._labels, self._offset = loss.encode(y), offset
        self._has_bias = fit_intercept
        self._tests = [test for _, test in folds]
        self._given = weights
        n, d = X.shape
        self._weights = np.zeros((len(folds), n))
        for own, (train, _) in zip(self._weights, folds, strict=True):
            np.add.at(own, train, weights[train])
        self._totals = self._weights.sum(axis=1)
        self._weights /= self._totals[:, None]
        self._blocks = [slice(a, min(a + _BLOCK_ROWS, n)) for a in range(0, n, _BLOCK_ROWS)]
        with blas_on_one_thread(), np.errstate(all="ignore"):
            self._center = sum(run_parts(self._sum_of, self._blocks), np.zeros(d)) / n
            parts = run_parts(self._spread_of, self._blocks)
        squares = sum((part[0] for part in parts), np.zeros(d)) / n
        self._largest = np.max([part[1] for part in parts], axis=0)
        if not fit_intercept:
            squares, self._center = squares + self._center**2, np.zeros(d)
        self._scale = np.sqrt(squares)
        self._z = np.empty((len(folds), n))
        # Whether each neuron has a Hessian of its own.
        self._apart = False
        self._hessian = np.empty((0, 0, 0))
        #: Steps since the Hessian was computed, and changes of the gradients of the loss.
        self._pairs: deque[tuple[FloatArray, FloatArray]] = deque(maxlen=_PAIRS)

    @property
    def is_suited(self) -> bool:
        """Whether values have digits enough as they are, and no sample decides a fit."""
        most = max(_ORDINARY, _DOMINANT * np.sqrt(len(self._y)))
        is_exact = np.isfinite(self._scale) & (np.abs(self._center) < _MAX_OFFSET * self._scale)
        return bool(np.all(is_exact & (self._largest < most * self._scale)))

    def paths(
        self, Cs: FloatArray, tol: float, coef: FloatArray, intercept: float
    ) -> Iterator[LayerFit | None]:
        """Yield the fits for each C, or None where they do not converge, which ends the paths.

        Parameters
        ----------
        Cs : ndarray of shape (n_cs,)
            Increasing values.
        tol : float
            Relative gap to reach.
        coef : ndarray of shape (n_features,)
        intercept : float
            Start: the fit to all samples with the first C.
        """
        k = len(self._weights)
        own = np.append(coef * self._scale, [intercept + coef @ self._center][: self._has_bias])
        params, last, known = np.tile(own, (k, 1)), None, None
        with blas_on_one_thread(), np.errstate(all="ignore"):
            zeros, _, _ = self._pass(np.zeros_like(params))
            self._renew(params)
            for C in Cs:
                start = params if last is None else _line(float(C), last, known)
                ridge = self._ridge(float(C))
                fit = self._minimum(start, ridge, zeros, tol)
                if fit is None:
                    yield None
                    return
                known, last = last, (float(C), fit[0])
                params = fit[0]
                coef = params[:, : self._X.shape[1]] / self._scale
                bias = params[:, -1] - coef @ self._center if self._has_bias else np.zeros(k)
                yield LayerFit(coef, bias, fit[1], fit[2], self._scores())

    def _minimum(
        self, params: FloatArray, ridge: FloatArray, zeros: FloatArray, tol: float
    ) -> tuple[FloatArray, FloatArray, int] | None:
        """Return parameters, gaps and the number of passes. None without convergence."""
        lowest = last = np.full(len(params), np.inf)
        origin, move, known = params, np.zeros_like(params), np.zeros(len(params), dtype=bool)
        point, slope, renews = params, move, False
        for passes in range(1, _MAX_PASSES + 1):
            values, gradient = self._renew(params) if renews else self._pass(params)[:2]
            if passes > 1 and not renews:
                self._pairs.append((params - point, gradient - slope))
            point, slope = params, gradient
            values = values + 0.5 * np.sum(ridge * params**2, axis=1)
            gradient = gradient + ridge * params
            try:
                steps = np.array([self._step(k, gradient[k], own) for k, own in enumerate(ridge)])
            except linalg.LinAlgError:
                return None
            is_lower = values <= lowest + _ROUNDING * zeros
            predicted = 0.5 * np.einsum("kp,kp->k", gradient, steps) / zeros
            ratio = predicted / last
            # The error of H⁻¹ is at most the square root of the ratio.
            gaps = predicted / (1 - np.sqrt(np.minimum(ratio, _ACCURATE))) ** 2
            # Gaps at rounding errors do not contract any more.
            known |= (passes > 1) & (gaps <= tol) & (ratio <= _ACCURATE)
            if np.all(known & is_lower & (gaps <= tol)):
                return params, gaps, passes
            is_poor = passes > 1 and bool(np.any((ratio > _CONTRACTION) & (gaps > tol) & is_lower))
            self._apart |= is_poor and renews
            renews = is_poor
            # A step that raises F is halved.
            lower = is_lower[:, None]
            origin, move = np.where(lower, params, origin), np.where(lower, -steps, move / 2)
            lowest, last = np.where(is_lower, values, lowest), np.where(is_lower, predicted, last)
            params = origin + move
        return None

    def _step(self, k: int, gradient: FloatArray, ridge: FloatArray) -> FloatArray:
        """Return H⁻¹g of a neuron, with a Hessian that L-BFGS corrects by the last steps.

        The two loops are in Nocedal & Wright, Numerical Optimization, 2006, algorithm 7.4.
        """
        hessian = self._hessian[k % len(self._hessian)] + np.diag(ridge)
        pairs = [(s[k], y[k] + ridge * s[k]) for s, y in self._pairs]
        pairs = [(s, y) for s, y in pairs if s @ y > 0]
        out, shares = gradient.copy(), []
        for s, y in reversed(pairs):
            shares.append(float(s @ out) / float(s @ y))
            out -= shares[-1] * y
        factor = linalg.cho_factor(hessian, check_finite=False)
        out = linalg.cho_solve(factor, out, check_finite=False)
        for (s, y), share in zip(pairs, reversed(shares), strict=True):
            out += (share - float(y @ out) / float(s @ y)) * s
        return np.asarray(out)

    def _renew(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Compute the Hessian at these parameters, and return mean losses and their gradients."""
        values, gradient, hessian = self._pass(params, curvature=True)
        assert hessian is not None
        self._hessian = hessian
        self._pairs.clear()
        return values, gradient

    def _ridge(self, C: float) -> FloatArray:
        """Return the curvature of the penalty of each parameter, in scaled columns."""
        ridge = 1.0 / (C * self._totals[:, None] * self._scale**2)
        return np.hstack([ridge, np.zeros((len(ridge), int(self._has_bias)))])

    def _pass(
        self, params: FloatArray, *, curvature: bool = False
    ) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Return mean losses, their gradients, and on request Hessians: their mean, or each."""
        d, at = self._X.shape[1], self._center
        coef = params[:, :d] / self._scale
        bias = (params[:, d] if self._has_bias else 0.0) - coef @ at

        def sums(rows: slice) -> list[Any]:
            """Return the sums over the rows of a block."""
            data = self._X[rows]
            z = np.add(coef @ data.T, bias[:, None], out=self._z[:, rows])
            if self._offset is not None:
                z += self._offset[rows]
            values, slopes, seconds = np.empty(len(z)), np.empty_like(z), np.empty_like(z)
            for k, own in enumerate(z):
                values[k], slopes[k], second = self._loss.sums(
                    self._labels[rows], own.copy(), self._weights[k, rows], curvature=curvature
                )
                seconds[k] = np.asarray(second) if curvature else 0.0
            out: list[Any] = [values, slopes @ data, slopes.sum(axis=1)]
            if curvature:
                seconds = seconds if self._apart else seconds.mean(axis=0, keepdims=True)
                gram = np.stack([(data * own[:, None]).T @ data for own in seconds])
                out += [gram, seconds @ data, seconds.sum(axis=1)]
            return out

        found = [sum(parts) for parts in zip(*run_parts(sums, self._blocks), strict=True)]
        values, products, totals = found[:3]
        gradient = np.empty_like(params)
        gradient[:, :d] = (products - np.outer(totals, at)) / self._scale
        gradient[:, d:] = totals[:, None]
        return values, gradient, self._centered(*found[3:]) if curvature else None

    def _centered(self, gram: FloatArray, first: FloatArray, total: FloatArray) -> FloatArray:
        """Return Hessians in scaled columns, from sums of products of columns as they are."""
        at, (d, p) = self._center, (len(self._center), len(self._center) + self._has_bias)
        cross = first[:, :, None] * at
        inner = gram - cross - cross.transpose(0, 2, 1) + total[:, None, None] * np.outer(at, at)
        hessian = np.empty((len(gram), p, p))
        hessian[:, :d, :d] = inner / np.outer(self._scale, self._scale)
        edge = ((first - total[:, None] * at) / self._scale)[:, :, None]
        hessian[:, :d, d:], hessian[:, d:, :d] = edge, edge.transpose(0, 2, 1)
        hessian[:, d:, d:] = total[:, None, None]
        return hessian

    def _scores(self) -> FloatArray:
        """Return the scores of the held-out samples at the parameters of the last pass."""
        return np.array(
            [
                -np.average(self._loss.value(self._y[test], z[test]), weights=self._given[test])
                for test, z in zip(self._tests, self._z, strict=True)
            ]
        )

    def _sum_of(self, rows: slice) -> FloatArray:
        return np.asarray(self._X[rows].sum(axis=0))

    def _spread_of(self, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Return the sum of the squares and the largest of the distances from the center."""
        distance = np.abs(self._X[rows] - self._center)
        return (distance**2).sum(axis=0), distance.max(axis=0)


def log_loss_of(settings: Settings) -> Loss | None:
    """Return the log loss of two classes if it is convex, else None."""
    loss = get_loss(settings.loss, settings.activation)
    return loss if settings.loss == "log_loss" and loss.convex and loss.smooth else None


def _line(
    C: float, last: tuple[float, FloatArray], before: tuple[float, FloatArray] | None
) -> FloatArray:
    """Return the last parameters, or a line through the last two in the logarithm of C."""
    if before is None or before[0] == last[0]:
        return last[1]
    t = np.log(C / last[0]) / np.log(last[0] / before[0])
    return np.asarray(last[1] + t * (last[1] - before[1]))
