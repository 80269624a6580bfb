"""
Compare ten activations
=======================

Each activation f(z) with its slope. Samples with a slope of zero do not change the coefficients in
training.
"""

from matplotlib import pyplot as plt

from skneuron.activations import ACTIVATIONS
from skneuron.plotting import ActivationDisplay

figure, axes = plt.subplots(2, 5, figsize=(16, 6), layout="constrained", sharex=True)
for name, ax in zip(ACTIVATIONS, axes.flat, strict=True):
    display = ActivationDisplay.from_activation(name, ax=ax)
    z, slope = display.largest_slope_.get_xydata()[0]
    print(f"{name:10}  range {display.ends}  largest slope {slope:.3g}, first at z = {z:.3g}")
