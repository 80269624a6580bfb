"""
The neuron *is* logistic regression
===================================

With a sigmoid, the neuron minimizes the objective of ``LogisticRegression``. Both fully
converged, they have the same coefficients; at default settings only one of them has.
"""

import warnings

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier


def difference(model, exact):
    """Largest difference of coefficients, as a share of the largest coefficient."""
    return np.abs(model.coef_ - exact.coef_).max() / np.abs(exact.coef_).max()


figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
print("largest relative difference from the exact coefficients, on raw columns")
print("                 neuron   LogisticRegression")
for load in (load_breast_cancer, load_wine, load_iris, load_digits):
    X, y = load(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the default lbfgs does not converge here
        exact = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
        usual = LogisticRegression().fit(X, y)
    neuron = NeuronClassifier().fit(X, y)
    name = load.__name__.removeprefix("load_")
    ours, theirs = difference(neuron, exact), difference(usual, exact)
    print(f"{name:15} {ours:8.0e} {theirs:8.0e}")
    ax.plot(ours, name, "o", color="C0", label="NeuronClassifier()")
    ax.plot(theirs, name, "s", color="C1", label="LogisticRegression()")
ax.set(xscale="log", xlabel="largest relative difference from the exact coefficients")
ax.legend(*(part[:2] for part in ax.get_legend_handles_labels()))

# tanh is the same model in other units: (1 + tanh z) / 2 = sigmoid(2z), so that its
# unpenalised weights are half as large.
X, y = load_breast_cancer(return_X_y=True)
sigmoid = NeuronClassifier("sigmoid", C=np.inf).fit(X[:, :3], y)
tanh = NeuronClassifier("tanh", C=np.inf).fit(X[:, :3], y)
print("\nsigmoid weights divided by tanh weights:", (sigmoid.coef_ / tanh.coef_).round(9)[0])
