"""What a statistician asks of a fitted neuron: standard errors, tests, goodness of fit."""

from __future__ import annotations

from skneuron.inference._frame import Table
from skneuron.inference._table import coefficient_table, covariance

__all__ = [
    "Table",
    "coefficient_table",
    "covariance",
]
