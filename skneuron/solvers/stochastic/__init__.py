"""Solvers that step on mini-batches: stochastic gradient descent and Adam."""
