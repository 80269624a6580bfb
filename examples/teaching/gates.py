"""
What one neuron can learn: AND, OR and, alone, not XOR
======================================================

A neuron draws one line. AND and OR lie on two sides of a line; XOR does not
(Minsky & Papert, Perceptrons, 1969). With the product of the inputs as a third input
there is a plane that separates it.
"""

import warnings

import numpy as np
from matplotlib import pyplot as plt
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skneuron import NeuronClassifier
from skneuron.plotting import NeuronBoundaryDisplay

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def learn(model, gate):
    """Fit the gate and tell what came of it, the warning included."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(INPUTS, GATES[gate])
    learned = model.predict(INPUTS).tolist() == GATES[gate]
    said = f" ({str(caught[0].message).split('.')[0]})" if caught else ""
    print(f"  {gate:4} {'learned' if learned else 'not learned'}{said}")
    return learned


print("one step neuron, by the perceptron rule")
assert learn(NeuronClassifier("step"), "AND")
assert learn(NeuronClassifier("step"), "OR")
assert not learn(NeuronClassifier("step"), "XOR")

print("one step neuron that is also given x1 * x2")
product = PolynomialFeatures(interaction_only=True, include_bias=False)
model = make_pipeline(product, NeuronClassifier("step"))
assert learn(model, "XOR")
weights, bias = model[-1].coef_[0], model[-1].intercept_[0]
print(f"  z = {weights[0]:.2f} x1 + {weights[1]:.2f} x2 + {weights[2]:.2f} x1 x2 + {bias:.2f}")

figure, axes = plt.subplots(1, 3, figsize=(12, 4.5), layout="constrained")
for gate, ax in zip(("AND", "OR", "XOR"), axes, strict=True):
    neuron = NeuronClassifier(C=100.0).fit(INPUTS, GATES[gate])
    NeuronBoundaryDisplay.from_estimator(neuron, INPUTS, GATES[gate], ax=ax)
    ax.set_xlabel(f"x0\n{gate}, sigmoid")
