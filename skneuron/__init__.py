"""skneuron: one artificial neuron, ``y = f(w·x + b)``, as a scikit-learn classifier."""

from __future__ import annotations

from skneuron._typing import set_public_module
from skneuron.classifier import NeuronClassifier

__all__ = ["NeuronClassifier", "__version__"]
__version__ = "0.1.0"

set_public_module(globals())
