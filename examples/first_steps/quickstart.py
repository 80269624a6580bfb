"""
Quickstart
==========

A neuron in the place of ``LogisticRegression``: raw columns, no scaler, no warning.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score, train_test_split

from skneuron import NeuronClassifier
from skneuron.plotting import WeightDisplay

data = load_breast_cancer(as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)

neuron = NeuronClassifier().fit(X_train, y_train)
print(neuron)
print(f"accuracy on unseen rows   {neuron.score(X_test, y_test):.3f}")
print(f"solver                    {neuron.solver_}, {neuron.n_iter_} iterations")
print(f"relative gap reached      {neuron.gap_:.0e}")

# The parts of a neuron: weights, bias, pre-activation z, output f(z).
print(f"weights and bias          {neuron.coef_.shape[1]} + 1 = {neuron.coef_.size + 1}")
print(f"f(z) of three rows        {neuron.activate(X_test[:3]).round(3)}")
print(f"probabilities             {neuron.predict_proba(X_test[:3])[:, 1].round(3)}")

# Another activation is another model: the probit, as statisticians know it.
for activation in ("sigmoid", "probit", "cloglog"):
    score = cross_val_score(
        NeuronClassifier(activation), data.data, data.target, scoring="neg_log_loss"
    ).mean()
    print(f"cross-validated log loss  {-score:.3f}  {activation}")

# What speaks for a benign tumour and what against it, each weight times the spread of its column.
WeightDisplay.from_estimator(neuron, X_train, top=10)
