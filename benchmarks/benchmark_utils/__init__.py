"""What objective, data sets, solvers and scripts share."""
