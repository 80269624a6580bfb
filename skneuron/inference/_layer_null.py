"""The null model of a softmax: intercepts and offsets alone."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.inference._observations import Observations, log_softmax

__all__ = ["layer_null_z"]

# Maximum number of Newton steps. Ten are usual, and the log-likelihood is concave.
_MAX_STEPS = 200

# The maximum is reached if a step changes the log-likelihood of an observation by less.
_SMALLEST_GAIN = 1e-16


def layer_null_z(observations: Observations) -> FloatArray:
    """Return z of the best intercepts plus the offset, of shape (n_samples, n_classes).

    Raises
    ------
    ValueError
        If a class has no row with a positive sample weight.
    """
    used, offset = observations.weights > 0, observations.offset
    y, weights = observations.y[used], observations.weights[used]
    totals = np.bincount(y, weights, observations.n_classes)
    if not totals.all():
        raise ValueError(
            f"Class number {int(np.argmin(totals))} of classes_ has no row with a positive sample "
            "weight. The null model expected rows of each class. Pass the data of the fit."
        )
    bias = np.log(totals / totals.sum())
    if not offset.any():
        return np.broadcast_to(bias, offset.shape)
    own, shares = np.arange(len(y)), weights / weights.sum()

    def value(intercepts: FloatArray) -> float:
        """Return the mean log-likelihood."""
        return float(shares @ log_softmax(intercepts + offset[used])[own, y])

    best = value(bias)
    for _ in range(_MAX_STEPS):
        p = np.exp(log_softmax(bias + offset[used]))
        gradient = totals / totals.sum() - shares @ p
        hessian = np.diag(shares @ p) - (p * shares[:, None]).T @ p
        # Equal changes of all intercepts change no probability.
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        while value(bias + step) < best and np.abs(step).max() > 0:
            step = step / 2
        bias, before = bias + step, best
        best = value(bias)
        if best - before <= _SMALLEST_GAIN * max(1.0, abs(best)):
            break
    return np.asarray(bias + offset)
