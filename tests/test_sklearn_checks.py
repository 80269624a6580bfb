"""scikit-learn's own checks: every activation, with every loss and solver that trains it."""

import pytest
from families import trainable
from sklearn.utils.estimator_checks import parametrize_with_checks

from skneuron import NeuronClassifier
from skneuron.solvers import SOLVERS

# Weights and repetitions give the same answer to seven digits where solvers go to the end,
# which stochastic ones do not by themselves: a tighter tol brings it.
ESTIMATORS = [
    NeuronClassifier(
        activation, loss=loss, solver=solver, tol=1e-22 if SOLVERS[solver].streams else None
    )
    for activation, loss, solver in trainable()
] + [NeuronClassifier()]


# The checks fit non-separable data with the perceptron and plateaus with squared
# error; that such a fit says so is right, and tested elsewhere.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS)
def test_check(estimator, check):
    assert isinstance(estimator, NeuronClassifier)
    check(estimator)
