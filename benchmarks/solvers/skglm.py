"""Skglm, sparse generalised linear models compiled by numba."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from skglm import SparseLogisticRegression

from benchmark_utils.estimator import EstimatorSolver, is_multiclass


class Solver(EstimatorSolver):
    """``SparseLogisticRegression``: prox-Newton with working sets.

    Its penalty is ``alpha`` times the elastic net, so ``alpha = 1/(C·n)``; the intercept
    is free. The ridge penalty is its elastic net of l1 ratio 0: skglm's own L-BFGS, which
    is meant for it, has no intercept.
    """

    name = "skglm"
    requirements = ["pip::skglm"]

    @property
    def reference_tolerance(self) -> float | None:
        """Only what it is made for: an l1 norm."""
        return 1e-10 if getattr(self, "l1_ratio", 0) > 0 else None

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if is_multiclass(y):
            return True, "no softmax"
        if np.isinf(C):
            return True, "no fit without penalty"
        return False, None

    def warm_up(self) -> None:
        """Compile all of it: with next to no penalty, as zero weights need not be left else."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SparseLogisticRegression(alpha=1e-6, l1_ratio=self.l1_ratio, tol=1e-8)
            model.fit(*self.few_rows())

    def make(self, tolerance: float) -> SparseLogisticRegression:
        """Return the unfitted model."""
        return SparseLogisticRegression(
            alpha=1.0 / (self.C * len(self.y)),
            l1_ratio=self.l1_ratio,
            tol=tolerance,
            max_iter=100_000,
        )
