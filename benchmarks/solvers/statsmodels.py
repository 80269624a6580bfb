"""Statsmodels' binomial GLM."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import statsmodels.api as sm
from scipy.sparse import issparse

from benchmark_utils.estimator import DECADES, EstimatorSolver, is_multiclass


class BinomialGLM:
    """``GLM`` behind ``fit``: IRLS without penalty, ``fit_regularized`` with one.

    statsmodels' regularised objective is the mean log loss plus ``alpha`` times the
    elastic net; alpha is 0 for the constant, else ``1/(C·n)``: the same as ours.

    Parameters
    ----------
    C, l1_ratio, tolerance : float
    """

    def __init__(self, C: float, l1_ratio: float, tolerance: float) -> None:
        self.C, self.l1_ratio, self.tolerance = C, l1_ratio, tolerance

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Fit X (n_samples, n_features) and y (n_samples,) of classes 0 and 1."""
        model = sm.GLM(y, sm.add_constant(X, has_constant="add"), family=sm.families.Binomial())
        if np.isinf(self.C):
            params = model.fit(tol=self.tolerance, maxiter=10_000).params
        else:
            alpha = np.full(X.shape[1] + 1, 1.0 / (self.C * len(y)))
            alpha[0] = 0.0
            params = model.fit_regularized(
                alpha=alpha,
                L1_wt=self.l1_ratio,
                cnvrg_tol=self.tolerance,
                zero_tol=0.0,
                maxiter=100_000,
            ).params
        self.coef_, self.intercept_ = params[None, 1:], params[:1]
        return self


class Solver(EstimatorSolver):
    """Dense data and two classes."""

    name = "statsmodels"
    requirements = ["pip::statsmodels"]

    @property
    def tolerances(self) -> tuple[float, ...]:  # type: ignore[override]
        """Its ridge fit, BFGS, has no tolerance: one setting."""
        ridge = np.isfinite(self.C) and self.l1_ratio == 0
        return DECADES[:1] if ridge else DECADES

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if is_multiclass(y):
            return True, "no softmax with this penalty"
        if issparse(X):
            return True, "no sparse data"
        return False, None

    def make(self, tolerance: float) -> BinomialGLM:
        """Return the unfitted model."""
        return BinomialGLM(self.C, self.l1_ratio, tolerance)
