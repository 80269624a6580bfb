"""L1 penalties and bounds: a working set of columns around two methods for the subproblem."""
