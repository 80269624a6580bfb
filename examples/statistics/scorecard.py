"""
A credit scorecard whose weights have the signs they must have
==============================================================

A regulator will ask why more savings should count against a customer. With bounds no weight
can have the wrong sign: it is zero instead, exactly, and all others are at their optimum.
Weights become points: twenty double the odds of repaying, as is usual (Siddiqi, 2006).
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from skneuron import NeuronClassifier
from skneuron.plotting import WeightDisplay

# Customers as they might be: two of the columns say nearly the same.
rng = np.random.default_rng(3)
n = 2_000
income = rng.lognormal(3.5, 0.4, n)
X = pd.DataFrame(
    {
        "income": income.round(1),
        "savings": (income * rng.lognormal(-1.0, 0.3, n)).round(1),
        "years in job": rng.poisson(5, n),
        "late payments": rng.poisson(0.6, n),
        "other loans": rng.poisson(1.0, n),
    }
)
z = 1.0 + 0.04 * X["income"] + 0.05 * X["years in job"] - 0.8 * X["late payments"]
repaid = (rng.logistic(size=n) < z - 0.2 * X["other loans"] - 0.02 * X["savings"]).astype(int)

# More of it speaks for repayment: a weight of at least 0; or against it: of at most 0.
SIGNS = {
    "income": (0, None),
    "savings": (0, None),
    "years in job": (0, None),
    "late payments": (None, 0),
    "other loans": (None, 0),
}
free = NeuronClassifier(C=np.inf).fit(X, repaid)
signed = NeuronClassifier(C=np.inf, bounds=SIGNS).fit(X, repaid)

points = 20 / np.log(2)
print("points for one more unit   as it comes   with signs")
for name, before, after in zip(X, free.coef_[0], signed.coef_[0], strict=True):
    print(f"{name:24} {points * before:13.2f} {points * after:12.2f}")

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True)
for title, neuron, ax in (("as it comes", free, axes[0]), ("with signs", signed, axes[1])):
    WeightDisplay.from_estimator(neuron, X, ax=ax)
    ax.set_title(title)
assert free.coef_[0, 1] < 0 == signed.coef_[0, 1]
# 600 points are odds of 30 to 1.
score = 600 + points * (signed.decision_function(X) - np.log(30))
good, bad = score[repaid == 1].mean(), score[repaid == 0].mean()
print(f"\nmean score of those who repaid {good:.0f}, of the others {bad:.0f}")
print(f"log loss {free.objective_:.4f} as it comes, {signed.objective_:.4f} with signs")
