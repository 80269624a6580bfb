"""Regularisation paths: the fits of many values of ``C``, and the choice among them."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.paths._leave_one_out import LeverageWarning
from skneuron.paths._path import NeuronPath, neuron_path

__all__ = ["LeverageWarning", "NeuronPath", "neuron_path"]

set_public_module(globals())
