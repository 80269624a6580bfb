"""
What a neuron decides, in a picture
===================================

Two kinds of iris by two measures of their petals. The line is where z = 0; the arrow is the
weight vector: perpendicular to the line, to the side of virginica. Ringed flowers are on the
wrong side. Of more features the display takes the two that matter most.
"""

from sklearn.datasets import load_iris

from skneuron import NeuronClassifier
from skneuron.plotting import NeuronBoundaryDisplay

X, y = load_iris(return_X_y=True, as_frame=True)
X = X.loc[y > 0, ["petal length (cm)", "petal width (cm)"]]
y = y[y > 0].map({1: "versicolor", 2: "virginica"})

neuron = NeuronClassifier().fit(X, y)
display = NeuronBoundaryDisplay.from_estimator(neuron, X, y)
print(f"{len(display.rings_.get_offsets())} of {len(y)} flowers are on the wrong side")
print(neuron.trace(X.iloc[0]))
