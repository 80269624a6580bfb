"""
Choose the penalty by cross-validation
======================================

``NeuronClassifierCV`` fits a path of penalties on each fold. The rule of one standard error gives
a model with fewer coefficients that predicts nearly as well.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.paths import neuron_path

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
search = NeuronClassifierCV(Cs=20, l1_ratios=[1.0]).fit(X, y)
simple = NeuronClassifier(C=search.C_one_se_, l1_ratio=1.0).fit(X, y)

for name, C, neuron in (
    ("best", search.C_, search.best_estimator_),
    ("one standard error", search.C_one_se_, simple),
):
    print(f"{name:18}  C = {C:6.3f}  {(neuron.coef_ != 0).sum():2d} coefficients")

# Scores of the folds above, and coefficients of fits to all samples below.
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6, 6), layout="constrained")
above.errorbar(search.Cs_, -search.mean_scores_[0], search.standard_errors_[0], fmt="o-")
above.set(xscale="log", ylabel="log loss, held out")
path = neuron_path(X, y, search.Cs_, neuron=NeuronClassifier(l1_ratio=1.0))
below.plot(path.Cs, path.coefs[:, 0])
below.set(xlabel="C", ylabel="coefficients", ylim=(-5, 5))
for axes in (above, below):
    axes.axvline(search.C_, color="black")
    axes.axvline(search.C_one_se_, color="gray", linestyle="--")
