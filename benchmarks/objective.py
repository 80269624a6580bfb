"""The objective that every solver minimizes, evaluated in this one place."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchopt import BaseObjective

from benchmark_utils.loss import penalised_log_loss


class Objective(BaseObjective):
    """Mean log loss plus an elastic net penalty whose bias is free.

    The formula is that of :func:`benchmark_utils.loss.penalised_log_loss`; it is the one
    of scikit-learn's ``LogisticRegression``, divided by C times the number of samples.
    """

    name = "Penalised logistic regression"
    min_benchopt_version = "1.10"
    requirements = ["scikit-learn"]
    sampling_strategy = "tolerance"
    parameters = {"C": [1.0], "l1_ratio": [0.0]}
    test_dataset_name = "breast-cancer"

    def set_data(self, X: Any, y: np.ndarray) -> None:
        """Keep the data.

        Parameters
        ----------
        X : ndarray or CSR matrix of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,)
            Classes 0 … K-1.
        """
        self.X, self.y = X, y

    def get_objective(self) -> dict[str, Any]:
        """Return what a solver is given."""
        return {"X": self.X, "y": self.y, "C": self.C, "l1_ratio": self.l1_ratio}

    def get_one_result(self) -> dict[str, np.ndarray]:
        """Return zero weights, at which the gap is 1."""
        n_classes = int(self.y.max()) + 1
        n_neurons = 1 if n_classes == 2 else n_classes
        return {"coef": np.zeros((n_neurons, self.X.shape[1])), "intercept": np.zeros(n_neurons)}

    def evaluate_result(self, coef: np.ndarray, intercept: np.ndarray) -> dict[str, float]:
        """Return the objective at the weights a solver has found.

        Parameters
        ----------
        coef : ndarray of shape (1, n_features) or (n_classes, n_features)
        intercept : ndarray of shape (1,) or (n_classes,)
        """
        loss = penalised_log_loss(self.X, self.y, coef, intercept, C=self.C, l1_ratio=self.l1_ratio)
        return {"value": loss}
