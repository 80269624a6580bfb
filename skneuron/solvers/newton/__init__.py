"""Second-order solvers: Newton's method with a Hessian, on subsamples, and truncated."""
