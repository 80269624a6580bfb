"""Solvers for an L1 penalty and bounds: proximal Newton methods on a working set of columns."""
