"""Statistical inference for a fitted neuron: standard errors, tests, goodness of fit."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.inference._covariance import covariance
from skneuron.inference._formula import from_formula
from skneuron.inference._frame import Table
from skneuron.inference._goodness import GoodnessOfFit, goodness_of_fit
from skneuron.inference._grouped_goodness import GroupedFit
from skneuron.inference._influence import influence
from skneuron.inference._interval import probability_interval
from skneuron.inference._margins import marginal_effects
from skneuron.inference._nested import LikelihoodRatioTest, likelihood_ratio_test
from skneuron.inference._score_test import ScoreTest, score_test
from skneuron.inference._summary import summary
from skneuron.inference._summary_result import Summary
from skneuron.inference._table import coefficient_table
from skneuron.inference._wald import WaldTest, wald_test

__all__ = [
    "GoodnessOfFit",
    "GroupedFit",
    "LikelihoodRatioTest",
    "ScoreTest",
    "Summary",
    "Table",
    "WaldTest",
    "coefficient_table",
    "covariance",
    "from_formula",
    "goodness_of_fit",
    "influence",
    "likelihood_ratio_test",
    "marginal_effects",
    "probability_interval",
    "score_test",
    "summary",
    "wald_test",
]

set_public_module(globals())
