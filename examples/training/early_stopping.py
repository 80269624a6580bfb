"""
Stop early
==========

200 samples, 60 features and almost no penalty: late iterations fit the noise. Early stopping keeps
the coefficients with the lowest loss on a validation set.
"""

import numpy as np
from sklearn.metrics import log_loss

from skneuron import NeuronClassifier
from skneuron.plotting import DescentDisplay
from skneuron.solvers import GD

rng = np.random.default_rng(0)
X = rng.standard_normal((1300, 60))
y = (X @ rng.standard_normal(60) + 8 * rng.standard_normal(1300) > 0).astype(int)
train, validation, test = slice(0, 200), slice(200, 400), slice(400, 1300)

plain = GD(learning_rate=0.3, momentum=0.0)
to_the_end = NeuronClassifier(C=1e3, solver=plain, tol=1e-4)
to_the_end.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])
stopped = NeuronClassifier(C=1e3, solver=plain, early_stopping=True)
stopped.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])

print("iteration  objective  validation loss  saturation")
history = to_the_end.history_
last = to_the_end.n_iter_.max() - 1
for k in np.geomspace(1, last, 9).astype(int):
    print(
        f"{k + 1:9d}  {history['objective'][k]:9.4f}  {history['validation_loss'][k]:15.4f}"
        f"  {history['saturation'][k]:10.2f}"
    )
for name, neuron in (("to the end", to_the_end), ("stopped early", stopped)):
    loss = log_loss(y[test], neuron.predict_proba(X[test]))
    print(
        f"{name:14s} {neuron.n_iter_.max():5d} iterations, log loss on 900 other samples {loss:.3f}"
    )
assert stopped.n_iter_.max() < to_the_end.n_iter_.max()
both = {"to the end": to_the_end, "stopped early": stopped}
display = DescentDisplay.from_estimator(both, quantity="validation_loss")
display.ax_.set_xscale("log")
