"""Iteratively reweighted least squares in C++, by the package edi-kernels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from edi_kernels import fast_logistic_regression
from scipy.sparse import issparse

from benchmark_utils.estimator import EstimatorSolver, is_multiclass, wide


class Kernel:
    """``fast_logistic_regression`` behind ``fit``: the constant column is part of X.

    Parameters
    ----------
    tolerance : float
    """

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Fit X (n_samples, n_features) and y (n_samples,) of classes 0 and 1."""
        X = np.asfortranarray(np.column_stack([np.ones(len(y)), X]))
        params = fast_logistic_regression(
            X, y.astype(np.float64), tol=self.tolerance, maxit=1000, estimate_only=True
        )["b"]
        self.coef_, self.intercept_ = params[None, 1:], params[:1]
        return self


class Solver(EstimatorSolver):
    """Dense data, two classes and no penalty."""

    name = "edi-kernels"
    requirements = ["pip::edi-kernels"]

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if is_multiclass(y):
            return True, "no softmax"
        if issparse(X):
            return True, "no sparse data"
        if np.isfinite(C):
            return True, "no penalty"
        reason = wide(X, y)
        return reason is not None, reason

    def make(self, tolerance: float) -> Kernel:
        """Return the unfitted model."""
        return Kernel(tolerance)
