"""Solvers for the step activation: the perceptron rule, sample by sample."""
