"""
The death of a relu neuron, and its revival
===========================================

One step that is too long throws the bias so low that no sample has z > 0. There the slope of
relu is zero for all of them: nothing moves the weights any more, and a gradient of zero looks
like a minimum.
"""

import warnings
from copy import deepcopy

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneuron import NeuronClassifier
from skneuron.plotting import DescentDisplay
from skneuron.solvers import GD

# One sample in twenty fires: the bias has a long way down, the weights a short one.
rng = np.random.default_rng(0)
X = rng.standard_normal((2000, 2))
y = (X[:, 0] + X[:, 1] + rng.standard_normal(2000) > 2.85).astype(int)


def describe(name: str, neuron: NeuronClassifier) -> None:
    """Print whether it lives and what it can do."""
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

# Its weights are where the next fit starts: it stays dead, unless it may start anew.
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
