"""Set up before NumPy and SciPy are imported: small fits are fastest on one BLAS thread each."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# scikit-learn skips its check of array API input without it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
