"""A descent in two coefficients and an intercept, recorded epoch by epoch."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skneuron._common import FloatArray
from skneuron.classifier import NeuronClassifier
from skneuron.plotting._plane import Plane
from skneuron.validation import penalty_factors

__all__ = ["recorded_descent"]


def recorded_descent(
    neuron: NeuronClassifier, plane: Plane, rest: FloatArray, epochs: int
) -> FloatArray:
    """Return the coefficients (w₁, w₂, b) after 0, 1, … ``epochs`` passes over the rows.

    Each row is the result of a separate fit with the public solver, which ends after this number
    of iterations. The rows are the iterates of a single long fit, too, because a solver does not
    depend on the iteration at which it ends.

    Parameters
    ----------
    neuron : NeuronClassifier
        The descent uses its activation, loss and penalty, without bounds. ``"step"`` uses the
        perceptron rule, and every other activation gradient descent.
    plane : Plane
    rest : ndarray of shape (n_samples,)
        Sum of the terms of the other features in z, which is constant in the descent.
    epochs : int

    Returns
    -------
    ndarray of shape (epochs + 1, 3)
        Shorter if the descent arrives before.
    """
    names = getattr(neuron, "feature_names_in_", None)
    factors = penalty_factors(neuron.penalty_factor, names, neuron.n_features_in_)
    learner = clone(neuron).set_params(
        activation=neuron.activation_,
        solver="gd" if neuron.activation_.differentiable else "perceptron",
        bounds=None,
        penalty_factor=factors[list(plane.columns)],
        early_stopping=False,
        restart=0,
        warm_start=False,
        verbose=0,
    )
    offset = rest if np.any(rest) else None
    labels = neuron.classes_[plane.y]
    path = [np.zeros(3)]
    with warnings.catch_warnings():
        # A fit of k iterations has not converged, as intended.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for epoch in range(1, epochs + 1):
            learner.set_params(max_iter=epoch).fit(plane.points, labels, offset=offset)
            if learner.n_iter_.max() < epoch:
                break
            path.append(np.append(learner.coef_[0], learner.intercept_[0]))
    return np.array(path)
