"""Glum, generalised linear models by Quantco."""

from __future__ import annotations

from typing import Any

import numpy as np
from glum import GeneralizedLinearRegressor

from benchmark_utils.estimator import EstimatorSolver, is_multiclass, wide


class Solver(EstimatorSolver):
    """``GeneralizedLinearRegressor`` of the binomial family.

    Its penalty is ``alpha`` times the elastic net, so ``alpha = 1/(C·n)``; the intercept
    is free. ``auto`` is its IRLS, with coordinate descent where there is an l1 norm.
    """

    name = "glum"
    requirements = ["pip::glum"]
    parameters = {"solver": ["auto", "lbfgs"]}
    parameter_template = "{solver}"

    @property
    def reference_tolerance(self) -> float | None:
        """IRLS converges to the last digits."""
        return 1e-10 if self.solver == "auto" else None

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if is_multiclass(y):
            return True, "no softmax"
        if self.solver == "lbfgs" and l1_ratio > 0:
            return True, "no l1 penalty"
        if self.solver == "auto" and (reason := wide(X, y)):
            return True, reason
        return False, None

    def make(self, tolerance: float) -> GeneralizedLinearRegressor:
        """Return the unfitted model."""
        return GeneralizedLinearRegressor(
            family="binomial",
            alpha=1.0 / (self.C * len(self.y)),
            l1_ratio=self.l1_ratio,
            solver=self.solver,
            gradient_tol=tolerance,
            max_iter=1_000_000,
        )
