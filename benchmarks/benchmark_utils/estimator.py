"""What the solvers have in common: an estimator that is fitted at a tolerance."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any

import numpy as np
from benchopt import BaseSolver

#: Loose to tight. A run walks them until the gap is small enough.
DECADES = tuple(10.0**-k for k in range(1, 15))


class EstimatorSolver(BaseSolver):
    """A solver whose ``run`` is one whole call of an estimator's ``fit``.

    Attributes
    ----------
    tolerances : tuple of float
        Settings to walk, loose to tight.
    reference_tolerance : float or None
        Setting at which the solver may supply the best optimum known, None if it is not
        asked to.
    any_gap : bool
        Whether the first setting is measured whatever gap it reaches.
    """

    sampling_strategy = "tolerance"
    tolerances: tuple[float, ...] = DECADES
    reference_tolerance: float | None = None
    any_gap = False

    @abstractmethod
    def make(self, tolerance: float) -> Any:
        """Return an unfitted estimator for ``self.C`` and ``self.l1_ratio``."""

    def set_objective(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> None:
        """Keep data and penalty.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,)
            Classes 0 … K-1.
        C, l1_ratio : float
        """
        self.X, self.y, self.C, self.l1_ratio = X, y, float(C), float(l1_ratio)

    def run(self, tolerance: float) -> None:
        """Fit; this alone is timed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.estimator = self.make(min(tolerance, self.tolerances[0])).fit(self.X, self.y)

    def get_result(self) -> dict[str, np.ndarray]:
        """Return the weights: ``coef`` (1 or K, n_features), ``intercept`` (1 or K,)."""
        coef = np.atleast_2d(self.estimator.coef_)
        return {"coef": coef, "intercept": np.ravel(self.estimator.intercept_)}

    def warm_up(self) -> None:
        """Fit a few rows, so that no compilation and no start of threads is timed."""
        X, y, C = self.X, self.y, self.C
        try:
            self.X, self.y = self.few_rows()
            self.C = min(C, 1.0)
            self.run(1e-2)
        finally:
            self.X, self.y, self.C = X, y, C

    def few_rows(self) -> tuple[Any, np.ndarray]:
        """Return some rows of each class, fifty if classes are few, and their y."""
        classes = np.unique(self.y)
        most = min(50, max(2, 1000 // len(classes)))
        some = [np.flatnonzero(self.y == k)[:most] for k in classes]
        rows = np.sort(np.concatenate(some))
        return self.X[rows], self.y[rows]


def is_multiclass(y: np.ndarray) -> bool:
    """Return whether y, classes 0 … K-1, has more than two of them."""
    return int(y.max()) > 1


def wide(X: Any, y: np.ndarray, limit: int = 10_000) -> str | None:
    """Return why a solver that forms the Hessian cannot be run, None if it can.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    limit : int
        Most weights: the matrix of 10,000 takes 0.8 GB.
    """
    n_weights = X.shape[1] * (int(y.max()) + 1 if is_multiclass(y) else 1)
    if n_weights <= limit:
        return None
    return f"forms a dense Hessian, of {n_weights:,} x {n_weights:,} numbers here"
