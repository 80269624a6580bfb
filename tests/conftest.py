"""Set up before NumPy is imported: many small fits run faster on one BLAS thread each."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
