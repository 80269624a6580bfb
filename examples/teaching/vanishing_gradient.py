"""
Watch a gradient vanish
=======================

Both neurons start with coefficients that misclassify nearly all samples with high confidence. The
gradient of squared error has the factor f'(z), which is almost zero there. The gradient of the log
loss is f(z) - y, so this neuron recovers.
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
        # Both use plain gradient descent: no momentum, a constant rate.
        neuron.set_params(solver=GD(learning_rate=1.0, momentum=0.0))
        with warnings.catch_warnings():
            # 100 steps are too few to converge.
            warnings.simplefilter("ignore", ConvergenceWarning)
            neuron.fit(X, y)
        print(
            f"{loss:14s} {steps:9d}  {neuron.history_['gradient_norm'][-1]:13.4f}  "
            f"{neuron.history_['saturation'][-1]:10.2f}  {neuron.score(X, y):8.3f}"
        )
    learned[loss] = neuron
DescentDisplay.from_estimator(learned, quantity="gradient_norm")
