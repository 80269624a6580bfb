"""The neuron of this package."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_utils.estimator import EstimatorSolver
from skneuron import NeuronClassifier


class Solver(EstimatorSolver):
    """``NeuronClassifier``, its solver chosen by itself; ``tol`` is the relative gap."""

    name = "skneuron"
    requirements = ["pip::skneuron"]
    tolerances = tuple(10.0**-k for k in range(3, 19))
    reference_tolerance = 1e-18

    def skip(self, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> tuple[bool, str | None]:
        """Tell whether the penalty is beyond this version."""
        if l1_ratio > 0 and "l1_ratio" not in NeuronClassifier().get_params():
            return True, "this version of skneuron has no l1_ratio"
        return False, None

    def make(self, tolerance: float) -> NeuronClassifier:
        """Return the unfitted neuron."""
        penalty = {"l1_ratio": self.l1_ratio} if self.l1_ratio > 0 else {}
        return NeuronClassifier(C=self.C, tol=tolerance, random_state=0, **penalty)
