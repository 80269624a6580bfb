"""
Revive a dead relu neuron
=========================

One step of gradient descent is too long, and no sample has z > 0 afterwards. The slope of relu is
then zero for all samples. The gradient is zero as at a minimum, and training stops.
"""

import warnings
from copy import deepcopy

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneuron import NeuronClassifier
from skneuron.plotting import DescentDisplay
from skneuron.solvers import GD

# One sample in twenty has class 1, so the first step changes the intercept most.
rng = np.random.default_rng(0)
X = rng.standard_normal((2000, 2))
y = (X[:, 0] + X[:, 1] + rng.standard_normal(2000) > 2.85).astype(int)


def describe(name: str, neuron: NeuronClassifier) -> None:
    """Print whether the neuron is alive, and its accuracy."""
    alive = (neuron.activate(X) > 0).mean()
    print(
        f"{name:30s} z > 0 on {alive:4.0%} of the samples, gap {neuron.gap_:.0e}, "
        f"F {neuron.objective_:.4f}"
    )


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", ConvergenceWarning)
    dead = NeuronClassifier("relu", solver=GD(learning_rate=10.0, momentum=0.0))
    dead.fit(X, y)
describe("learning rate 10", dead)
print(f"  warning: {caught[-1].message}")
assert not (dead.activate(X) > 0).any()

# A warm start stays dead. With restart, fit tries random coefficients.
revived = deepcopy(dead)
revived.set_params(solver=GD(), warm_start=True, restart=3, random_state=0, tol=1e-8)
describe("revived by restart=3", revived.fit(X, y))
assert revived.converged_

leaky = NeuronClassifier("leaky_relu", tol=1e-8).fit(X, y)
describe("leaky_relu cannot die", leaky)
neurons = {"relu, revived": revived, "leaky_relu": leaky}
display = DescentDisplay.from_estimator(neurons, quantity="objective")
display.ax_.axhline(dead.objective_, color="grey", linestyle=":", label="relu, dead")
display.ax_.legend()
