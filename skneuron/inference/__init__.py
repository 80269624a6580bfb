"""Statistical inference for a fitted neuron: standard errors, tests, goodness of fit."""

from __future__ import annotations

from skneuron._typing import set_public_module
from skneuron.inference._covariance import covariance
from skneuron.inference._frame import Table
from skneuron.inference._goodness import GoodnessOfFit, goodness_of_fit
from skneuron.inference._grouped import GroupedFit
from skneuron.inference._nested import LikelihoodRatioTest, likelihood_ratio_test
from skneuron.inference._summary import Summary, summary
from skneuron.inference._table import coefficient_table

__all__ = [
    "GoodnessOfFit",
    "GroupedFit",
    "LikelihoodRatioTest",
    "Summary",
    "Table",
    "coefficient_table",
    "covariance",
    "goodness_of_fit",
    "likelihood_ratio_test",
    "summary",
]

set_public_module(globals())
