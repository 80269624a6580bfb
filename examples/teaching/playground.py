"""
Move the coefficients by hand
=============================

A page with sliders for two coefficients and the intercept. The boundary follows, mistakes have
rings, and a click on a sample shows its computation. The epochs replay gradient descent.
``page.save("page.html")`` writes one file that needs no network. The example needs the extra
``playground``.
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
# Things to try: find coefficients with fewer mistakes than the fitted neuron, and compare the log
# loss of both. Reverse the arrow. Divide both coefficients by ten, and look at the curve of f.
# Choose ``step``: the boundary stays, and the probabilities disappear.
page

# sphinx_gallery_thumbnail_path = "images/playground.png"
