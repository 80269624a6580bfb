"""scikit-learn's logistic regression as Intel's extension replaces it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearnex.linear_model import LogisticRegression

from benchmark_utils.estimator import EstimatorSolver


class Solver(EstimatorSolver):
    """``sklearnex.linear_model.LogisticRegression``, which has L-BFGS only."""

    name = "intelex"
    requirements = ["pip::scikit-learn-intelex"]

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell where the extension would hand the fit back to scikit-learn."""
        if l1_ratio > 0:
            return True, "no l1 penalty"
        if issparse(X):
            return True, "hands sparse data to scikit-learn's own L-BFGS"
        if np.isinf(C):
            return True, "hands a fit without penalty to scikit-learn's own L-BFGS"
        return False, None

    def make(self, tolerance: float) -> LogisticRegression:
        """Return the unfitted model."""
        return LogisticRegression(C=self.C, solver="lbfgs", tol=tolerance, max_iter=1_000_000)
