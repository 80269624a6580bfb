"""The paths of all folds at once: one pass over X serves the fits of every fold."""

from __future__ import annotations

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

# Number of passes after which the folds of one C do not converge together.
_MAX_PASSES = 15

# Distance of a column from zero, in standard deviations, up to which its values need not be
# centered before they are multiplied.
_MAX_OFFSET = 100.0


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
    section 7.1). The penalty is exchanged in place.

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
        with blas_on_one_thread():
            self._center = sum(run_parts(self._sum_of, self._blocks), np.zeros(d)) / n
            squares = sum(run_parts(self._squares_of, self._blocks), np.zeros(d)) / n
        if not fit_intercept:
            squares, self._center = squares + self._center**2, np.zeros(d)
        self._scale = np.sqrt(squares)
        self._z = np.empty((len(folds), n))

    @property
    def is_suited(self) -> bool:
        """Whether products of the values of the columns have digits enough."""
        return bool(np.all(np.abs(self._center) < _MAX_OFFSET * self._scale))

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
            zeros, _, _ = self._pass(np.zeros_like(params), curvature=False)
            _, _, self._hessian = self._pass(params, curvature=True)
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
        last, renews, steps = np.full(len(params), np.inf), False, np.zeros_like(params)
        for passes in range(1, _MAX_PASSES + 1):
            _, gradient, hessian = self._pass(params, curvature=renews)
            self._hessian = self._hessian if hessian is None else hessian
            gradient += ridge * params
            before, steps = steps, np.empty_like(params)
            try:
                for k, own in enumerate(ridge):
                    factor = linalg.cho_factor(self._hessian + np.diag(own), check_finite=False)
                    steps[k] = linalg.cho_solve(factor, gradient[k], check_finite=False)
            except linalg.LinAlgError:
                return None
            gaps = 0.5 * np.einsum("kp,kp->k", gradient, steps) / zeros
            ratio = gaps / last
            if passes > 1 and np.all((gaps <= tol) & (ratio <= _ACCURATE)):
                return params, gaps, passes
            renews = bool(np.any((ratio > _CONTRACTION) & (gaps > tol))) and passes > 1
            if not np.all(ratio <= 1):
                # A step was too long: all folds go back by half of theirs.
                steps, gaps = -before / 2, last
            params, last = params - steps, gaps
        return None

    def _ridge(self, C: float) -> FloatArray:
        """Return the curvature of the penalty of each parameter, in scaled columns."""
        ridge = 1.0 / (C * self._totals[:, None] * self._scale**2)
        return np.hstack([ridge, np.zeros((len(ridge), int(self._has_bias)))])

    def _pass(
        self, params: FloatArray, *, curvature: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Return mean losses, their gradients, and on request the mean of their Hessians."""
        d, at = self._X.shape[1], self._center
        coef = params[:, :d] / self._scale
        bias = (params[:, d] if self._has_bias else 0.0) - coef @ at

        def sums(rows: slice) -> list[Any]:
            """Return the sums over the rows of a block."""
            data = self._X[rows]
            z = np.add(coef @ data.T, bias[:, None], out=self._z[:, rows])
            if self._offset is not None:
                z += self._offset[rows]
            values, slopes = np.empty(len(z)), np.empty_like(z)
            total = np.zeros(data.shape[0])
            for k, own in enumerate(z):
                values[k], slopes[k], second = self._loss.sums(
                    self._labels[rows], own.copy(), self._weights[k, rows], curvature=curvature
                )
                if curvature:
                    total += np.asarray(second) / len(z)
            out: list[Any] = [values, slopes @ data, slopes.sum(axis=1)]
            if curvature:
                out += [(data * total[:, None]).T @ data, total @ data, total.sum()]
            return out

        found = [sum(parts) for parts in zip(*run_parts(sums, self._blocks), strict=True)]
        values, products, totals = found[:3]
        gradient = np.empty_like(params)
        gradient[:, :d] = (products - np.outer(totals, at)) / self._scale
        gradient[:, d:] = totals[:, None]
        if not curvature:
            return values, gradient, None
        gram, first, total = found[3:]
        hessian = np.empty((params.shape[1], params.shape[1]))
        cross = np.outer(first, at)
        hessian[:d, :d] = (gram - cross - cross.T + total * np.outer(at, at)) / np.outer(
            self._scale, self._scale
        )
        hessian[:d, d:] = ((first - total * at) / self._scale)[:, None]
        hessian[d:, :d], hessian[d:, d:] = hessian[:d, d:].T, total
        return values, gradient, hessian

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

    def _squares_of(self, rows: slice) -> FloatArray:
        return np.asarray(((self._X[rows] - self._center) ** 2).sum(axis=0))


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
