"""
Estimate the dose that kills half
=================================

Bliss's beetles (Annals of Applied Biology, 1935): 481 insects in eight groups, by probit and
cloglog. LD50 is the dose at the threshold z₀. The delta method gives its standard error, as
``dose.p`` of R's package MASS does. A deviance of 10 on six degrees of freedom is large, and 3 is
small: cloglog fits better.
"""

import numpy as np
from matplotlib import pyplot as plt
from scipy import stats

from skneuron import NeuronClassifier
from skneuron.inference import coefficient_table, covariance, goodness_of_fit

DOSE = np.array([1.6907, 1.7242, 1.7552, 1.7842, 1.8113, 1.8369, 1.8610, 1.8839])
KILLED = np.array([6, 13, 18, 28, 52, 53, 61, 60])
N = np.array([59, 60, 62, 56, 63, 59, 62, 60])

# Each group has two samples, killed and alive, with counts as sample weights.
X = np.append(DOSE, DOSE)[:, None]
y = np.repeat([1, 0], len(DOSE))
counts = np.append(KILLED, N - KILLED)

doses = np.linspace(1.66, 1.92, 200)
figure, ax = plt.subplots(layout="constrained")
ax.plot(DOSE, KILLED / N, "ko", label="groups of beetles")
for link, dashes in (("probit", "--"), ("cloglog", "-")):
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, counts)
    table = coefficient_table(neuron, X, y, counts)
    slope, bias = table["estimate"]
    errors = ", ".join(f"{error:.2f}" for error in table["standard_error"])
    print(f"{link}: z = {slope:.2f} log10(dose) {bias:+.2f}, standard errors {errors}")

    ld50 = (neuron.activation_.threshold - bias) / slope
    gradient = np.array([-ld50, -1.0]) / slope  # of LD50: coefficient, intercept
    V = np.asarray(covariance(neuron, X, y, counts))
    error = np.sqrt(gradient @ V @ gradient)
    low, high = ld50 + error * stats.norm.ppf([0.025, 0.975])
    print(f"  LD50  {ld50:.4f} ± {error:.4f} in log10(mg/l): ", end="")
    print(f"{10**ld50:.1f} mg/l, 95 % from {10**low:.1f} to {10**high:.1f}")

    fit = goodness_of_fit(neuron, X, y, counts).grouped
    p = stats.chi2.sf(fit.deviance, fit.df_residual)
    print(f"  deviance  {fit.deviance:.2f} with {fit.df_residual} df, p = {p:.2f}")
    ax.plot(doses, neuron.activate(doses[:, None]), dashes, label=link)
ax.set(xlabel="log10 of the dose in mg/l", ylabel="fraction killed")
ax.legend()
