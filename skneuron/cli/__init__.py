"""``python -m skneuron``: the neuron beside ``LogisticRegression``, on a table of your own."""

from __future__ import annotations

from skneuron.cli._main import main
from skneuron.cli._streams import run

__all__ = ["main", "run"]
