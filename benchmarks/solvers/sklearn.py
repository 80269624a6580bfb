"""scikit-learn's logistic regression with each of its solvers."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.utils.fixes import parse_version

from benchmark_utils.estimator import EstimatorSolver, is_multiclass, wide

#: Since 1.8 ``l1_ratio`` alone names the penalty.
OLD = parse_version(sklearn.__version__) < parse_version("1.8")


class Solver(EstimatorSolver):
    """``LogisticRegression`` with ``max_iter`` out of the way.

    liblinear penalises the bias too: as the weight of a constant column. The column is
    1,000, not 1, so that hardly anything of that penalty is left; the gap tells how much.
    """

    name = "sklearn"
    requirements = ["scikit-learn"]
    parameters = {"solver": ["lbfgs", "newton-cg", "newton-cholesky", "liblinear", "saga"]}
    parameter_template = "{solver}"

    @property
    def reference_tolerance(self) -> float | None:
        """Only Newton's method with exact steps gets to the last digits by itself."""
        return 1e-12 if self.solver == "newton-cholesky" else None

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if l1_ratio > 0 and self.solver not in ("liblinear", "saga"):
            return True, "no l1 penalty"
        if self.solver == "liblinear":
            if 0 < l1_ratio < 1:
                return True, "no elastic net"
            if is_multiclass(y):
                return True, "no softmax"
            if np.isinf(C):
                return True, "no fit without penalty"
        if self.solver == "newton-cholesky" and (reason := wide(X, y)):
            return True, reason
        return False, None

    def make(self, tolerance: float) -> LogisticRegression:
        """Return the unfitted model."""
        options: dict[str, Any] = {"l1_ratio": self.l1_ratio}
        if OLD and self.l1_ratio == 0:
            options = {"penalty": None if np.isinf(self.C) else "l2"}
        elif OLD and self.solver == "liblinear":
            options = {"penalty": "l1"}
        elif OLD:
            options["penalty"] = "elasticnet"
        if self.solver == "liblinear":
            options["intercept_scaling"] = 1e3
        return LogisticRegression(
            C=self.C,
            solver=self.solver,
            tol=tolerance,
            max_iter=1_000_000,
            random_state=0,
            **options,
        )
