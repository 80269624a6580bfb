"""glmnet's coordinate descent, ported to Rust."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from glmnetrs import glmnet
from scipy.sparse import issparse

from benchmark_utils.estimator import EstimatorSolver, is_multiclass


class Glmnet:
    """``glmnet`` behind ``fit``, with one penalty instead of a path.

    Parameters
    ----------
    C, l1_ratio, tolerance : float
    """

    def __init__(self, C: float, l1_ratio: float, tolerance: float) -> None:
        self.C, self.l1_ratio, self.tolerance = C, l1_ratio, tolerance

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Fit X (n_samples, n_features) and y (n_samples,) of classes 0 and 1."""
        path = glmnet(
            X,
            y.astype(np.float64),
            family="binomial",
            alpha=self.l1_ratio,
            lambda_=[1.0 / (self.C * len(y))],
            standardize=False,
            thresh=self.tolerance,
            maxit=1_000_000,
        )
        if path.lmu == 0:
            raise RuntimeError(f"no fit: {path.warning}")
        self.coef_, self.intercept_ = path.beta[:, :1].T, path.a0[:1]
        return self


class Solver(EstimatorSolver):
    """Dense data and two classes."""

    name = "glmnet-rs"
    requirements = ["pip::glmnet-rs"]

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if is_multiclass(y):
            return True, "no softmax"
        if issparse(X):
            return True, "no sparse data for two classes"
        return False, None

    def make(self, tolerance: float) -> Glmnet:
        """Return the unfitted model."""
        return Glmnet(self.C, self.l1_ratio, tolerance)
