"""
Define robit, a robust link
===========================

Student's t has heavy tails, so a sample with a wrong label has less influence than with probit or
logit (Liu, Robit regression, 2004). A distribution of ``scipy.stats`` has all that a link needs.
"""

import numpy as np
from matplotlib import pyplot as plt
from scipy import stats

from skneuron import NeuronClassifier
from skneuron.activations import Activation
from skneuron.plotting import ActivationDisplay, NeuronBoundaryDisplay


class Robit(Activation):
    """P(y=1|x) = T(w·x + b) with T the distribution function of Student's t."""

    def __init__(self, df=4.0):
        self.df = df

    def value(self, z):
        return stats.t.cdf(z, self.df)

    def derivative(self, z):
        return stats.t.pdf(z, self.df)

    def log_proba(self, z):
        return stats.t.logsf(z, self.df), stats.t.logcdf(z, self.df)


rng = np.random.default_rng(0)
X = rng.normal(size=(500, 2))
y = (X @ [2.0, -1.0] + rng.normal(size=500) > 0).astype(int)

# Ten labels far from the boundary are wrong.
far = np.argsort(-np.abs(X @ [2.0, -1.0]))[:10]
soiled = y.copy()
soiled[far] = 1 - y[far]

print("first coefficient, no penalty      clean labels   ten wrong ones    kept")
links = {"robit, 8 df": Robit(df=8.0), "robit, 2 df": Robit(df=2.0)}
kept = {}
for name, activation in ({"probit": "probit", "sigmoid": "sigmoid"} | links).items():
    clean = NeuronClassifier(activation, C=np.inf).fit(X, y).coef_[0, 0]
    wrong = NeuronClassifier(activation, C=np.inf).fit(X, soiled).coef_[0, 0]
    kept[name] = wrong / clean
    print(f"{name:34} {clean:13.3f} {wrong:16.3f} {kept[name]:6.0%}")

assert kept["robit, 2 df"] > kept["sigmoid"] > kept["probit"]

figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
ActivationDisplay.from_activation(Robit(df=2.0), ax=axes[0])
robit = NeuronClassifier(Robit(df=2.0), C=np.inf).fit(X, soiled)
NeuronBoundaryDisplay.from_estimator(robit, X, soiled, ax=axes[1])
