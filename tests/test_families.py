"""What the families contain, so that walking them cannot silently test nothing."""

from families import CONVEX, DIFFERENTIABLE, PROBABILITIES, losses_of, trainable

from skneuron.activations import ACTIVATIONS
from skneuron.solvers import SOLVERS


def test_all_ten_activations_are_there():
    assert set(ACTIVATIONS) == {
        "sigmoid", "tanh", "probit", "cloglog", "loglog", "cauchit",
        "relu", "leaky_relu", "identity", "step",
    }  # fmt: skip
    assert set(PROBABILITIES) == {"sigmoid", "tanh", "probit", "cloglog", "loglog", "cauchit"}
    assert set(PROBABILITIES) - set(CONVEX) == {"cauchit"}
    assert set(ACTIVATIONS) - set(DIFFERENTIABLE) == {"step"}


def test_every_solver_trains_something_and_every_activation_is_trained():
    combinations = trainable()
    assert {solver for _, _, solver in combinations} == set(SOLVERS)
    assert {activation for activation, _, _ in combinations} == set(ACTIVATIONS)
    assert ("step", "auto", "perceptron") in combinations
    assert ("relu", "auto", "newton") not in combinations
    assert losses_of("sigmoid") == ["auto", "squared_error"]
