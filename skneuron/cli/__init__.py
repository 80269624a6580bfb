"""``python -m skneuron``: the neuron and ``LogisticRegression`` on a table of your own."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.cli._main import main
from skneuron.cli._parser import ColumnParser
from skneuron.cli._streams import run

__all__ = ["ColumnParser", "main", "run"]

set_public_module(globals())
