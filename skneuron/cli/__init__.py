"""``python -m skneuron``: the neuron beside ``LogisticRegression``, on a table of your own."""

from __future__ import annotations

from skneuron._typing import set_public_module
from skneuron.cli._main import main
from skneuron.cli._streams import run

__all__ = ["main", "run"]

set_public_module(globals())
