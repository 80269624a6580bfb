"""
Early stopping
==============

Weights that do best on samples that are not learned from.

Sixty samples, forty columns of which one says something, and next to no penalty: learning
on and on makes the loss on other samples worse.
"""

import numpy as np
from sklearn.metrics import log_loss

from skneuron import NeuronClassifier
from skneuron.plotting import DescentDisplay

rng = np.random.default_rng(0)
X = rng.standard_normal((1060, 40))
y = (X[:, 0] + rng.standard_normal(1060) > 0).astype(int)
train, validation, test = slice(0, 60), slice(60, 160), slice(160, 1060)

to_the_end = NeuronClassifier(C=1e3, solver="gd", tol=1e-8)
to_the_end.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])
stopped = NeuronClassifier(C=1e3, solver="gd", early_stopping=True)
stopped.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])

print("iteration  objective  validation loss  saturation")
history = to_the_end.history_
last = to_the_end.n_iter_ - 1
for k in [*range(0, 12, 2), *np.geomspace(20, last, 4).astype(int)]:
    print(
        f"{k + 1:9d}  {history['objective'][k]:9.4f}  {history['validation_loss'][k]:15.4f}"
        f"  {history['saturation'][k]:10.2f}"
    )
for name, neuron in (("to the end", to_the_end), ("stopped early", stopped)):
    loss = log_loss(y[test], neuron.predict_proba(X[test]))
    print(f"{name:14s} {neuron.n_iter_:5d} iterations, log loss on 900 other samples {loss:.3f}")
assert stopped.n_iter_ < to_the_end.n_iter_
both = {"to the end": to_the_end, "stopped early": stopped}
DescentDisplay.from_estimator(both, quantity="validation_loss")
