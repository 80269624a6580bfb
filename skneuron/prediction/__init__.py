"""Prediction: the forward pass of a fitted estimator, and the trace of one sample."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.prediction._trace import Trace

__all__ = ["Trace"]

set_public_module(globals())
