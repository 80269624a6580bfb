"""
Learn logic gates
=================

A neuron has one linear boundary. AND and OR have such a boundary, but XOR does not (Minsky and
Papert, Perceptrons, 1969). With the product of the inputs as a third input, XOR has one, too.
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
    """Fit the gate, and print the result and the warning."""
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

print("one step neuron with the third input x1 * x2")
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
