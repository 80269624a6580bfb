"""What a statistician asks of a fitted neuron: standard errors, tests, goodness of fit."""

from __future__ import annotations

from skneuron.inference._covariance import covariance
from skneuron.inference._goodness import GoodnessOfFit, goodness_of_fit
from skneuron.inference._nested import LikelihoodRatioTest, likelihood_ratio_test
from skneuron.inference._table import CoefficientTable, coefficient_table

__all__ = [
    "CoefficientTable",
    "GoodnessOfFit",
    "LikelihoodRatioTest",
    "coefficient_table",
    "covariance",
    "goodness_of_fit",
    "likelihood_ratio_test",
]
