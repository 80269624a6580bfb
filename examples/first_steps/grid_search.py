"""
Search activation, penalty and learning rate
============================================

Activations and solvers are objects with parameters. One grid searches all of them: ``activation``,
``C`` and ``solver__learning_rate``.
"""

from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skneuron import NeuronClassifier
from skneuron.activations import LeakyReLU
from skneuron.plotting import DescentDisplay
from skneuron.solvers import GD

X, y = load_wine(return_X_y=True)
X, y = X[y < 2], y[y < 2]

# tol=1e-2 ends gradient descent early. momentum=0 is the method of textbooks.
neuron = NeuronClassifier(solver=GD(momentum=0.0), tol=1e-2, max_iter=50_000)
pipeline = make_pipeline(neuron)
grid = {
    "neuronclassifier__activation": ["sigmoid", "tanh", "probit", LeakyReLU(alpha=0.2)],
    "neuronclassifier__C": [0.01, 1.0],
    "neuronclassifier__solver__learning_rate": [0.1, 0.3, "auto"],
}
search = GridSearchCV(pipeline, grid, cv=4, n_jobs=2).fit(X, y)

print("best accuracy", round(search.best_score_, 3))
for name, value in search.best_params_.items():
    print(f"  {name.removeprefix('neuronclassifier__'):22} {value}")

# The number of steps depends on the learning rate.
print("steps until the relative gap is 1 %, by learning rate:")
descents = {}
for rate in (0.1, 0.3, "auto"):
    pipeline.set_params(neuronclassifier__solver__learning_rate=rate)
    fitted = descents[f"learning rate {rate}"] = clone(pipeline).fit(X, y)[-1]
    print(
        f"  {rate!s:5} {fitted.n_iter_.max():6d}  objective {fitted.history_['objective'][-1]:.5f}"
    )
DescentDisplay.from_estimator(descents, lowest=NeuronClassifier().fit(X, y).objective_)
