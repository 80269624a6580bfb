"""
Compare four solvers
====================

The relative gap of ``gd``, ``sgd``, ``adam`` and ``newton`` by iteration, on one data set, and the
number of iterations on three. An iteration of ``sgd`` and ``adam`` is an epoch. An iteration of
``newton`` also computes a Hessian.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.plotting import DescentDisplay

SOLVERS = ("gd", "sgd", "adam", "newton")

rng = np.random.default_rng(0)
many = rng.standard_normal((100_000, 20))
fires = (many @ rng.standard_normal(20) + rng.logistic(size=100_000) > 0).astype(int)
# Each feature has its own unit and a large mean.
many = many * 10.0 ** rng.integers(-4, 5, 20) + 5 * 10.0 ** rng.integers(-4, 5, 20)
X, y = load_breast_cancer(return_X_y=True)
problems = {
    "breast cancer, raw": (X, y),
    "breast cancer, standardized": (StandardScaler().fit_transform(X), y),
    "100,000 x 20, raw": (many, fires),
}

print("relative gap by iteration, breast cancer data, raw features")
best = NeuronClassifier().fit(X, y).objective_
descents = {
    solver: NeuronClassifier(solver=solver, tol=1e-6, random_state=0).fit(X, y)
    for solver in SOLVERS
}
print("iteration" + "".join(f"{solver:>10s}" for solver in SOLVERS))
for k in (1, 2, 3, 5, 8, 12, 20, 50, 200, 1000):
    line = f"{k:9d}"
    for neuron in descents.values():
        at = neuron.history_["objective"][k - 1 : k]
        line += f"{(at[0] - best) / np.log(2):10.0e}" if len(at) else f"{'':10s}"
    print(line)
DescentDisplay.from_estimator(descents, lowest=best)

print("\niterations to a relative gap")
print(f"{'':29s}" + "".join(f"{solver:>8s}" for solver in SOLVERS))
for name, data in problems.items():
    for tol in (1e-4, 1e-8):
        fits = [NeuronClassifier(solver=s, tol=tol, random_state=0).fit(*data) for s in SOLVERS]
        assert all(neuron.gap_ <= tol for neuron in fits)
        print(f"{name:29s}" + "".join(f"{n.n_iter_.max():8d}" for n in fits) + f"   gap {tol:.0e}")
