"""``python -m skneuron``: the neuron beside ``LogisticRegression``, on a table of your own."""

from __future__ import annotations

from skneuron.cli._main import main

__all__ = ["main"]
