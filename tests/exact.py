"""F and gaps in extended precision, from the stored coefficients alone."""

import numpy as np
from scipy import sparse

EXTENDED = np.longdouble


def objective(neuron, X, y, offset=0.0):
    """Return F of a binary sigmoid neuron, computed without code of the package.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, with ``activation="sigmoid"`` and a ridge penalty or none.
    X : array of shape (n_samples, n_features)
    y : array of 0 and 1 of shape (n_samples,)
    offset : float or array of shape (n_samples,)
    """
    X = X.toarray() if sparse.issparse(X) else np.asarray(X)
    w = neuron.coef_[0].astype(EXTENDED)
    z = X.astype(EXTENDED) @ w + EXTENDED(neuron.intercept_[0]) + offset
    margins = np.where(np.asarray(y) == 1, 1, -1) * z
    penalty = w @ w / (2 * EXTENDED(neuron.C) * len(y))
    return float(np.logaddexp(EXTENDED(0), -margins).mean() + penalty)
