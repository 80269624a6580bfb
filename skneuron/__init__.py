"""skneuron: one artificial neuron, ``y = f(w·x + b)``, as a scikit-learn classifier."""

from __future__ import annotations

import sys

# First, as the estimator puts it into its pickles.
__version__ = "0.1.0"

from skneuron._common import set_public_module
from skneuron.classifier import NeuronClassifier
from skneuron.paths._classifier_cv import NeuronClassifierCV
from skneuron.prediction import _trace as trace
from skneuron.validation import grouped

__all__ = ["NeuronClassifier", "NeuronClassifierCV", "__version__", "grouped"]

set_public_module(globals())

# ``skneuron.trace`` is a module, as ``os.path`` is.
sys.modules["skneuron.trace"] = trace
