"""LIBLINEAR itself, by its authors' Python binding."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from liblinear.liblinearutil import train

from benchmark_utils.estimator import EstimatorSolver, is_multiclass


class Liblinear:
    """LIBLINEAR behind ``fit``, bias free (its option ``-R``).

    Parameters
    ----------
    C, l1_ratio, tolerance : float
        ``l1_ratio`` is 0 or 1.
    """

    def __init__(self, C: float, l1_ratio: float, tolerance: float) -> None:
        kind = 6 if l1_ratio == 1 else 0
        self.options = f"-s {kind} -c {C!r} -e {tolerance!r} -B 1 -R -q"

    def fit(self, X: Any, y: np.ndarray) -> Self:
        """Train on X (n_samples, n_features) and y (n_samples,) of classes 0 and 1."""
        model = train(np.where(y == 1, 1.0, -1.0), X, self.options)
        weights = np.array(model.w[: model.nr_feature + 1])
        if model.get_labels()[0] != 1:
            weights = -weights
        self.coef_, self.intercept_ = weights[None, :-1], weights[-1:]
        return self


class Solver(EstimatorSolver):
    """``-s 0`` (trust region Newton) for l2, ``-s 6`` (coordinate descent) for l1."""

    name = "liblinear"
    requirements = ["pip::liblinear-official"]
    reference_tolerance = 1e-8

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the solver cannot do."""
        if is_multiclass(y):
            return True, "no softmax"
        if np.isinf(C):
            return True, "no fit without penalty"
        if 0 < l1_ratio < 1:
            return True, "no elastic net"
        return False, None

    def make(self, tolerance: float) -> Liblinear:
        """Return the unfitted model."""
        return Liblinear(self.C, self.l1_ratio, tolerance)
