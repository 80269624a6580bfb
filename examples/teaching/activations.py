"""
Ten activations
===============

What leaves the axon for a pre-activation z, and the slope that learning has to go by. Where
the slope is zero a sample teaches nothing.
"""

from matplotlib import pyplot as plt

from skneuron.activations import ACTIVATIONS
from skneuron.plotting import ActivationDisplay

figure, axes = plt.subplots(2, 5, figsize=(16, 6), layout="constrained", sharex=True)
for name, ax in zip(ACTIVATIONS, axes.flat, strict=True):
    display = ActivationDisplay.from_activation(name, ax=ax)
    z, slope = display.largest_slope_.get_xydata()[0]
    print(f"{name:10}  range {display.ends}  largest slope {slope:.3g}, first at z = {z:.3g}")
