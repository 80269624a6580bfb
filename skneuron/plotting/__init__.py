"""Plots of a neuron, as displays of scikit-learn. They need matplotlib."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.plotting._activation_display import ActivationDisplay
from skneuron.plotting._boundary import NeuronBoundaryDisplay
from skneuron.plotting._descent_display import DescentDisplay
from skneuron.plotting._forest import OddsRatioDisplay
from skneuron.plotting._path_display import PathDisplay
from skneuron.plotting._residuals import ResidualDisplay
from skneuron.plotting._weights import WeightDisplay

__all__ = [
    "ActivationDisplay",
    "DescentDisplay",
    "NeuronBoundaryDisplay",
    "OddsRatioDisplay",
    "PathDisplay",
    "ResidualDisplay",
    "WeightDisplay",
]

set_public_module(globals())
