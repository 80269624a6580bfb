"""Separation of classes by a hyperplane, for which maximum likelihood has no finite solution."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.separation._detect import Separation, detect_separation, separation_of
from skneuron.separation._in_parts import rows_beyond, separation_in_parts
from skneuron.separation._softmax_separation import layer_separation_of
from skneuron.separation._warning import SeparationWarning, explain

__all__ = [
    "Separation",
    "SeparationWarning",
    "detect_separation",
    "explain",
    "layer_separation_of",
    "rows_beyond",
    "separation_in_parts",
    "separation_of",
]

set_public_module(globals())
