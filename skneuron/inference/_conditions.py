"""Penalties and bounds of a fit, and whether classical inference is valid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, Bounds, FloatArray, shown
from skneuron.inference._observations import Observations, feature_names
from skneuron.validation import FittedNeuron, TrainingData, dense_coef, penalty_factors, with_bounds

__all__ = ["Conditions", "conditions_of", "is_bias_reduced"]


@dataclass(frozen=True)
class Conditions:
    """Constraints of the coefficients in a fit.

    Attributes
    ----------
    held : ndarray of str of shape (n_features,)
        Reason that a coefficient is fixed at zero or at a bound. Empty for a free coefficient.
    ridge : ndarray of shape (n_features,)
        λ of the penalty ½ Σ λⱼ wⱼ², which is added to the sum of the losses.
    lasso : ndarray of shape (n_features,)
        λ of the penalty Σ λⱼ |wⱼ|.
    invalid : str
        Reason that classical standard errors are invalid. Empty if they are valid.
    is_adjusted : bool
        Whether the coefficients are the root of the adjusted score of mean bias reduction, and not
        the maximum of the likelihood.
    """

    held: AnyArray
    ridge: FloatArray
    lasso: FloatArray
    invalid: str
    is_adjusted: bool = False

    @property
    def free(self) -> AnyArray:
        """Columns of the free coefficients."""
        return np.flatnonzero(self.held == "")

    def require_classical(self, alternative: str = "") -> None:
        """Raise ``ValueError`` if classical inference is invalid."""
        if self.invalid:
            raise ValueError(
                f"Classical inference does not hold, because {self.invalid}. Expected a fit "
                "without a penalty, with no coefficient on its bound. Use for example "
                f"NeuronClassifier(C=np.inf).fit(X, y){alternative}."
            )

    def require_unadjusted(self, name: str) -> None:
        """Raise ``ValueError`` for bias reduction. ``name`` is the caller."""
        if self.is_adjusted:
            raise ValueError(
                f"{name} needs a maximum of the likelihood, and bias_reduction='mean' moves the "
                "coefficients away from it. Expected a fit with bias_reduction=None. Use "
                "wald_test(neuron, X, y, hypotheses), or for single coefficients of a logit "
                "coefficient_table(neuron, X, y, method='profile')."
            )


def is_bias_reduced(neuron: FittedNeuron) -> bool:
    """Whether a fit reduced the mean bias. Coefficients of ``from_weights`` come from no fit."""
    return hasattr(neuron, "n_iter_") and getattr(neuron, "bias_reduction", None) is not None


def conditions_of(neuron: FittedNeuron, observations: Observations) -> Conditions:
    """Return the conditions of a fit from its parameters and coefficients.

    Coefficients of ``from_weights`` have no conditions.

    Raises
    ------
    ValueError
        If the fit used class weights.
    """
    weights = dense_coef(neuron)
    held = np.full(weights.shape[1], "", dtype=object)
    if not hasattr(neuron, "n_iter_"):
        return Conditions(held, np.zeros(len(held)), np.zeros(len(held)), "")
    params = neuron.get_params(deep=False)
    if params["class_weight"] is not None:
        raise ValueError(
            f"The fit with class_weight={shown(params['class_weight'])} did not maximize the "
            "log-likelihood of the data. Expected class_weight=None, because standard errors and "
            "tests need the maximum. Use NeuronClassifier(C=np.inf).fit(X, y)."
        )
    C, l1_ratio = params["C"], params["l1_ratio"]
    names = getattr(neuron, "feature_names_in_", None)
    strength = penalty_factors(params["penalty_factor"], names, len(held)) / C
    ridge, lasso = (1 - l1_ratio) * strength, l1_ratio * strength
    reasons = []
    if np.any(strength):
        if not np.all(strength) and not getattr(neuron, "converged_", True):
            raise ValueError(
                "The fit has a coefficient without a penalty, and did not converge. Expected a "
                "minimum of F, which separated classes do not have. Use a positive penalty_factor "
                "for each feature, and fit again."
            )
        reasons.append(f"the penalty of C={C!r} biases the coefficients")
    if l1_ratio:
        held[(weights == 0).all(axis=0) & (lasso > 0)] = "held at 0 by the L1 penalty"
    low, high = _bounds(neuron, params["bounds"], observations)
    active = ((weights == low) | (weights == high)).any(axis=0) & (low < high)
    held[active] = "held at its bound"
    held[low == high] = "fixed by its bounds"
    if active.any():
        name = feature_names(neuron)[int(np.flatnonzero(active)[0])]
        reasons.append(f"the coefficient of {name!r} lies on its bound")
    return Conditions(held, ridge, lasso, ", and ".join(reasons), is_bias_reduced(neuron))


def _bounds(
    neuron: FittedNeuron, bounds: Bounds, observations: Observations
) -> tuple[FloatArray, FloatArray]:
    """Return the bounds in the dtype of the coefficients, so that the two can be equal."""
    X, kind = observations.X, neuron.coef_.dtype
    names = getattr(neuron, "feature_names_in_", None)
    empty = TrainingData(X, observations.y, neuron.classes_, observations.weights, 1.0)
    data = with_bounds(empty, bounds, names)
    if data.low is None or data.high is None:
        infinite = np.full(X.shape[1], np.inf)
        return -infinite, infinite
    return data.low.astype(kind), data.high.astype(kind)
