"""
Choose the penalty by cross-validation
======================================

``NeuronClassifierCV`` fits a path of penalties on each fold. The rule of one standard error gives
a model with fewer coefficients that predicts nearly as well.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.plotting import PathDisplay

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X = StandardScaler().set_output(transform="pandas").fit_transform(X)
search = NeuronClassifierCV(Cs=20, l1_ratios=[1.0]).fit(X, y)
simple = NeuronClassifier(C=search.C_one_se_, l1_ratio=1.0).fit(X, y)

for name, C, neuron in (
    ("best", search.C_, search.best_estimator_),
    ("one standard error", search.C_one_se_, simple),
):
    print(f"{name:18}  C = {C:6.3f}  {(neuron.coef_ != 0).sum():2d} coefficients")

# Scores of the folds above, and the means of their coefficients below. Lines mark both choices.
PathDisplay.from_estimator(search)
