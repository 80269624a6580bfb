"""
Make a credit scorecard with known signs
========================================

More savings should not count against a customer. With bounds, no coefficient has the wrong sign:
such a coefficient is exactly zero, and the others are optimal under this condition. Coefficients
become points: 20 points double the odds of repayment (Siddiqi, 2006).
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from skneuron import NeuronClassifier
from skneuron.plotting import WeightDisplay

# Generated customers: income and savings are nearly collinear.
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

# Bounds of each coefficient: at least 0, or at most 0.
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
print("points for one more unit      unbounded   with signs")
for name, before, after in zip(X, free.coef_[0], signed.coef_[0], strict=True):
    print(f"{name:24} {points * before:13.2f} {points * after:12.2f}")

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True)
for title, neuron, ax in (("unbounded", free, axes[0]), ("with signs", signed, axes[1])):
    WeightDisplay.from_estimator(neuron, X, ax=ax)
    ax.set_title(title)
assert free.coef_[0, 1] < 0 == signed.coef_[0, 1]
# 600 points are odds of 30 to 1.
score = 600 + points * (signed.decision_function(X) - np.log(30))
good, bad = score[repaid == 1].mean(), score[repaid == 0].mean()
print(f"\nmean score of those who repaid {good:.0f}, of the others {bad:.0f}")
print(f"log loss {free.objective_:.4f} without bounds, {signed.objective_:.4f} with signs")
