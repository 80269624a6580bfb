"""The settings of the performance profile that users have most."""

from __future__ import annotations

import copyreg
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmark_utils.estimator import EstimatorSolver
from skneuron import NeuronClassifier

__all__ = ["AtDefault", "AtTarget", "SklearnDefault"]


class _Setting(EstimatorSolver):
    """A solver of this file, not of the folder from which benchopt would load it."""

    def __reduce__(self) -> Any:
        return copyreg.__newobj__, (type(self),), vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class AtTarget(_Setting):
    """``NeuronClassifier`` at the target of the profile, the loosest of its settings."""

    name = "skneuron, tol=1e-6"
    tolerances = (1e-6, 5e-7, 1e-7)
    reference_tolerance = 1e-18

    def make(self, tolerance: float) -> NeuronClassifier:
        """Return the unfitted neuron."""
        return NeuronClassifier(C=self.C, l1_ratio=self.l1_ratio, tol=tolerance, random_state=0)


class AtDefault(_Setting):
    """``NeuronClassifier`` with its default ``tol``."""

    name = "skneuron, default"
    tolerances = (0.0,)

    def make(self, tolerance: float) -> NeuronClassifier:
        """Return the unfitted neuron."""
        return NeuronClassifier(C=self.C, l1_ratio=self.l1_ratio, random_state=0)


class SklearnDefault(_Setting):
    """``LogisticRegression()`` as it is, whatever gap it reaches."""

    name = "sklearn, default"
    tolerances = (0.0,)
    any_gap = True

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell what the default cannot do."""
        return l1_ratio > 0, "no l1 penalty"

    def make(self, tolerance: float) -> LogisticRegression:
        """Return the unfitted model."""
        return LogisticRegression(C=self.C)
