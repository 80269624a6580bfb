"""
Move the weights by hand
========================

A page with sliders for two weights and the bias: the line and the arrow follow, mistakes are
ringed, a click takes a sample through the neuron. The epochs replay a descent; its last
position is the fitted neuron. ``page.save("page.html")`` writes the page as one file that
needs no network. It needs ``pip install 'skneuron[playground]'``.
"""

from sklearn.datasets import load_iris

from skneuron import NeuronClassifier
from skneuron.playground import playground

X, y = load_iris(return_X_y=True, as_frame=True)
X = X.loc[y > 0, ["petal length (cm)", "petal width (cm)"]]
y = y[y > 0].map({1: "versicolor", 2: "virginica"})

neuron = NeuronClassifier().fit(X, y)
page = playground(neuron, X, y)
print(page)

# %%
# Things to try: find weights with fewer mistakes than the fitted neuron has. Which of the two
# has the lower log loss? Turn the arrow round. Make both weights ten times smaller and look at
# the curve of f. Choose ``step``, whose z₀ is 0 too: what changes, and what does not?
page

# sphinx_gallery_thumbnail_path = "images/playground.png"
