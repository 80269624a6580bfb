"""
Quick start
===========

Scale, fit, tune and interpret a model of breast cancer data.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.plotting import WeightDisplay

data = load_breast_cancer(as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)

model = make_pipeline(StandardScaler().set_output(transform="pandas"), NeuronClassifier())
search = GridSearchCV(
    model, {"neuronclassifier__C": [0.01, 0.1, 1.0, 10.0]}, scoring="neg_log_loss"
)
search.fit(X_train, y_train)
best = search.best_estimator_
neuron = best[-1]
print(f"best C                    {neuron.C}")
print(f"test accuracy             {best.score(X_test, y_test):.3f}")
print(f"solver                    {neuron.solver_}, {neuron.n_iter_.max()} iterations")
print(f"estimated relative gap    {neuron.gap_:.0e}")
print(f"probabilities             {best.predict_proba(X_test[:3])[:, 1].round(3)}")

# Other activations are other models.
for activation in ("sigmoid", "probit", "cloglog"):
    model.set_params(neuronclassifier__activation=activation)
    score = cross_val_score(model, data.data, data.target, scoring="neg_log_loss").mean()
    print(f"cross-validated log loss  {-score:.3f}  {activation}")

# Positive coefficients indicate a benign tumour, and negative ones a malignant tumour.
WeightDisplay.from_estimator(neuron, top=10)
