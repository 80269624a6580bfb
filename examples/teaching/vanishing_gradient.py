"""
Vanishing gradients
===================

Squared error forgives a sigmoid that is sure of the wrong class.

Both neurons start from weights that are wrong about nearly every sample, and very sure of it.
The slope of squared error has f'(z) as a factor, which is next to nothing there; that of the
log loss is f(z) - y.
"""

import warnings

from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.plotting import DescentDisplay
from skneuron.solvers import GD

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
wrong = -20 * NeuronClassifier(C=1e-2).fit(X, y).coef_

learned = {}
print("loss           iteration  gradient norm  saturation  accuracy")
for loss in ("log_loss", "squared_error"):
    for steps in (1, 10, 100):
        neuron = NeuronClassifier.from_weights(wrong[0]).set_params(
            loss=loss, warm_start=True, C=1e4, max_iter=steps
        )
        # Plain steps of one length for both: no momentum, no rate that adapts.
        neuron.set_params(solver=GD(learning_rate=1.0, momentum=0.0))
        with warnings.catch_warnings():
            # A hundred steps are not enough, which is the point.
            warnings.simplefilter("ignore", ConvergenceWarning)
            neuron.fit(X, y)
        print(
            f"{loss:14s} {steps:9d}  {neuron.history_['gradient_norm'][-1]:13.4f}  "
            f"{neuron.history_['saturation'][-1]:10.2f}  {neuron.score(X, y):8.3f}"
        )
    learned[loss] = neuron
DescentDisplay.from_estimator(learned, quantity="gradient_norm")
