"""
Draw a decision boundary
========================

Two iris species by two features of their petals. The line is the decision boundary z = 0. The arrow
is the vector of coefficients, perpendicular to the line. Rings mark misclassified flowers. For more
than two features, the display draws the two with the largest influence.
"""

from sklearn.datasets import load_iris

from skneuron import NeuronClassifier
from skneuron.plotting import NeuronBoundaryDisplay

X, y = load_iris(return_X_y=True, as_frame=True)
X = X.loc[y > 0, ["petal length (cm)", "petal width (cm)"]]
y = y[y > 0].map({1: "versicolor", 2: "virginica"})

neuron = NeuronClassifier().fit(X, y)
display = NeuronBoundaryDisplay.from_estimator(neuron, X, y)
print(f"{len(display.rings_.get_offsets())} of {len(y)} flowers are misclassified")
print(neuron.trace(X.iloc[0]))
