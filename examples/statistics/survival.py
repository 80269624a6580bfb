"""
Estimate hazard ratios from visits
==================================

Patients have visits, so the interval of an event is known, but not its time. The data have one
sample per patient and interval, with y = 1 in the interval of the event. With cloglog, coefficients
are log hazard ratios, as in Cox's model (Prentice and Gloeckler, 1978). The logarithm of the length
of the interval is an offset.
"""

import numpy as np
import pandas as pd

from skneuron import NeuronClassifier
from skneuron.inference import coefficient_table
from skneuron.plotting import WeightDisplay

rng = np.random.default_rng(1)
HAZARD, TREATMENT, AGE = 0.4, -0.7, 0.3  # hazard per year, log hazard ratios

rows = []
for _ in range(2_000):
    treated, age = rng.integers(2), rng.normal()
    event = rng.exponential(1 / (HAZARD * np.exp(TREATMENT * treated + AGE * age)))
    seen = 0.0
    for length in rng.choice([0.25, 0.5, 1.0, 2.0], size=5):
        happened = event < seen + length
        rows.append((treated, age, np.log(length), happened))
        seen += length
        if happened:
            break
table = pd.DataFrame(rows, columns=["treated", "age", "log length", "happened"])
X, log_length, y = table[["treated", "age"]], table["log length"], table["happened"].astype(int)

neuron = NeuronClassifier("cloglog", C=np.inf).fit(X, y, offset=log_length)
result = coefficient_table(neuron, X, y, offset=log_length)
print(f"{len(y)} samples of 2000 patients, {y.sum()} events")
ratios = np.exp(np.array([result["estimate"], result["lower"], result["upper"]]).T)
true = np.exp([TREATMENT, AGE, np.log(HAZARD)])
names = "treated", "age, a deviation", "hazard of a year"
for name, row, truth in zip(names, ratios, true, strict=True):
    print(f"{name:17} {row[0]:.3f} ({row[1]:.3f} to {row[2]:.3f}), true {truth:.3f}")

WeightDisplay.from_estimator(neuron, table=result)
logit = NeuronClassifier(C=np.inf).fit(X, y, offset=log_length)
print(f"odds ratio {np.exp(logit.coef_[0, 0]):.3f}, which depends on the intervals")
assert np.all((ratios[:, 1] < true) & (true < ratios[:, 2]))
