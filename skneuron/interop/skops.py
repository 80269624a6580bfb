"""The types to trust in a file of skops, or in an MLflow model, of a neuron.

skops loads a file only if the user trusts each type in it. The import of this module needs neither
skops nor MLflow.
"""

from __future__ import annotations

from scipy.sparse import csr_array

from skneuron.activations import ACTIVATIONS
from skneuron.classifier import NeuronClassifier
from skneuron.design import Moments
from skneuron.fitting import StopAfter, Stream
from skneuron.objective import QuadraticSummary
from skneuron.solvers import SOLVERS

__all__ = ["TRUSTED_TYPES"]

_CLASSES: tuple[type, ...] = (
    NeuronClassifier,
    *ACTIVATIONS.values(),
    *SOLVERS.values(),
    StopAfter,
    # State of a stream.
    Stream,
    QuadraticSummary,
    Moments,
    # Coefficients after ``sparsify``.
    csr_array,
)

#: Names of the types in a saved neuron. All are classes that hold numbers and run no code when
#: skops loads them. A solver that can resume (``warm_start=True``) and a stream of a stochastic
#: solver store types of their own, which ``skops.io.get_untrusted_types`` lists.
#:
#: Use ``skops.io.load(file, trusted=TRUSTED_TYPES)`` and
#: ``mlflow.sklearn.log_model(model, skops_trusted_types=TRUSTED_TYPES)``.
TRUSTED_TYPES: list[str] = [f"{kind.__module__}.{kind.__qualname__}" for kind in _CLASSES]
