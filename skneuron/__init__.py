"""skneuron: one artificial neuron, ``y = f(w·x + b)``, as a scikit-learn classifier."""

from __future__ import annotations

# First, as the estimator puts it into its pickles.
__version__ = "0.1.0"

from skneuron._typing import set_public_module
from skneuron.classifier import NeuronClassifier

__all__ = ["NeuronClassifier", "__version__"]

set_public_module(globals())
