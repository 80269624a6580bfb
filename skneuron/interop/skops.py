"""The types to trust in a file of skops, or in an MLflow model, of a neuron.

skops loads a file only if the user trusts each type in it. The import of this module needs neither
skops nor MLflow.
"""

from __future__ import annotations

from skneuron.activations import ACTIVATIONS

__all__ = ["TRUSTED_TYPES"]

_SOLVERS = (
    "Adam",
    "GD",
    "LBFGS",
    "Newton",
    "NewtonCG",
    "OnlinePerceptron",
    "Perceptron",
    "SGD",
    "SubsampledNewton",
    "WorkingSetNewton",
    "schedules.Constant",
    "schedules.Cosine",
    "schedules.InverseScaling",
    "schedules.StepDecay",
)

# What a solver leaves for the next chunk, or for another fit with ``warm_start=True``.
_STATES = (
    "ConjugateState",
    "GDState",
    "OnlinePerceptronState",
    "PerceptronState",
    "StochasticState",
    "Whitening",
    "WorkingSetProgress",
    "WorkingSetState",
)

#: Names of the types in a saved neuron. All are classes that hold numbers and run no code when
#: skops loads them.
#:
#: Use ``skops.io.load(file, trusted=TRUSTED_TYPES)`` and
#: ``mlflow.sklearn.log_model(model, skops_trusted_types=TRUSTED_TYPES)``.
TRUSTED_TYPES: list[str] = [
    "skneuron.NeuronClassifier",
    "skneuron.NeuronClassifierCV",
    *(f"{kind.__module__}.{kind.__qualname__}" for kind in ACTIVATIONS.values()),
    *(f"skneuron.solvers.{name}" for name in _SOLVERS),
    *(f"skneuron.solvers.states.{name}" for name in _STATES),
    "skneuron.fitting.StopAfter",
    # State of a stream.
    "skneuron.fitting.Stream",
    "skneuron.objective.QuadraticSummary",
    "skneuron.design.Moments",
    # Coefficients after ``sparsify``.
    "scipy.sparse._csr.csr_array",
]
