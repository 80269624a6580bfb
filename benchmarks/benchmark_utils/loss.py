"""The objective, in float64 and without cancellation."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp


def penalised_log_loss(
    X: Any, y: np.ndarray, coef: np.ndarray, intercept: np.ndarray, *, C: float, l1_ratio: float
) -> float:
    """Return F(w, b) of logistic regression, softmax for more than two classes.

    ``F = mean(log loss) + 1/(C·n) · [(1-ρ)/2 ‖w‖² + ρ ‖w‖₁]`` with ρ the ``l1_ratio``;
    b is not penalised.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Classes 0 … K-1.
    coef : ndarray of shape (1, n_features) or (n_classes, n_features)
        One row for two classes.
    intercept : ndarray of shape (1,) or (n_classes,)
    C : float
        Inverse strength of the penalty; ``np.inf`` for none.
    l1_ratio : float
        Share of the l1 norm, 0 to 1.

    Returns
    -------
    float
        ``inf`` if a weight is not finite.
    """
    coef = np.atleast_2d(np.asarray(coef, dtype=np.float64))
    intercept = np.asarray(intercept, dtype=np.float64).reshape(-1)
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        return float("inf")
    scores = np.asarray(X @ coef.T) + intercept
    if coef.shape[0] == 1:
        losses = np.logaddexp(0.0, np.where(y == 1, -scores[:, 0], scores[:, 0]))
    else:
        losses = logsumexp(scores, axis=1) - scores[np.arange(len(y)), y]
    norm = (1.0 - l1_ratio) / 2.0 * np.sum(coef**2) + l1_ratio * np.sum(np.abs(coef))
    return float(np.mean(losses) + norm / (C * len(y)))
