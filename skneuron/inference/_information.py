"""Score and information of the likelihood at a neuron's coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import FloatArray
from skneuron._threads import blas_on_one_thread
from skneuron.activations import Activation
from skneuron.activations._derived import relative_curvature
from skneuron.inference._conditions import Conditions
from skneuron.inference._derivatives import LogLikelihoodDerivatives, derivatives_of
from skneuron.inference._estimable import FAR, SEPARATED, Estimable, note_on_maximum
from skneuron.inference._observations import Observations
from skneuron.inference._passes import Coordinates, leverages, root, score
from skneuron.separation import Separation, separation_of
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["Information"]


@dataclass(frozen=True)
class Information:
    """Score and information of a neuron's free parameters, and the distance of the maximum.

    Attributes
    ----------
    observations, conditions, coordinates
    z : ndarray of shape (n_samples,)
        w·x + b + offset.
    derivatives : LogLikelihoodDerivatives
        Derivatives of the log-likelihood in z, times the row's weight.
    ridge : ndarray of shape (p,)
        Λ of ½ Σ Λθ², in these coordinates.
    estimable : Estimable
    distance : float
        Distance of the coefficients from the maximum, in standard errors of the worst direction:
        the root of the score statistic, plus the effect of rounding errors of X. With bias
        reduction, from the root of the adjusted score.
    """

    observations: Observations
    conditions: Conditions
    coordinates: Coordinates
    z: FloatArray
    derivatives: LogLikelihoodDerivatives
    ridge: FloatArray
    estimable: Estimable
    distance: float

    @classmethod
    def of(
        cls, neuron: FittedNeuron, observations: Observations, conditions: Conditions
    ) -> Information:
        """Compute everything in five passes over X: moments, z, two roots, score."""
        coef = dense_coef(neuron)[0].astype(np.float64)
        z = observations.pre_activation(neuron)
        return cls.at(coef, z, neuron.activation_, neuron.fit_intercept, observations, conditions)

    @classmethod
    def at(
        cls,
        coef: FloatArray,
        z: FloatArray,
        activation: Activation,
        has_bias: bool,
        observations: Observations,
        conditions: Conditions,
    ) -> Information:
        """Compute score and information at given coefficients."""
        weights, X = observations.weights, observations.design
        coordinates = Coordinates.of(X, weights, conditions.free, has_bias, observations.eps)
        at_z = derivatives_of(activation, observations.y, z)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            derivatives = LogLikelihoodDerivatives(
                *(np.where(weights > 0, weights * part, 0.0) for part in at_z)
            )
        penalty_gradient = conditions.ridge * coef + conditions.lasso * np.sign(coef)
        ridge = coordinates.of_weights(np.sqrt(conditions.ridge)) ** 2
        half = root(X, coordinates, derivatives.expected)
        estimable = Estimable.of(observations, coordinates, half, ridge)
        slope = derivatives.slope
        if conditions.is_adjusted:
            leverage = leverages(X, coordinates, estimable.basis, derivatives.expected)
            with np.errstate(invalid="ignore", over="ignore"):
                bias = 0.5 * leverage * relative_curvature(activation, z)
            slope = slope + np.where(leverage > 0, bias, 0.0)
        gradient = score(X, coordinates, slope) - coordinates.of_weights(penalty_gradient)
        distance = estimable.distance(gradient, coordinates.scaled(coef))
        return cls(
            observations, conditions, coordinates, z, derivatives, ridge, estimable, distance
        )

    @property
    def may_be_separated(self) -> bool:
        """Whether the maximum may be infinite: no penalty, adjustment or score excludes it.

        Let β separate the classes, and move the z of each row by 0 <= m <= 1 towards its label.
        With slopes gᵢ, information hᵢ and h <= κ|g|, Σ h m² <= κ Σ |g| m. The right side is at
        most κ times the distance times √(Σ h m²). So √(Σ h m²) is at most κ times the distance,
        and it is at least ``weakest``.
        """
        penalized = np.any(self.conditions.ridge) or np.any(self.conditions.lasso)
        if penalized or self.conditions.is_adjusted or not len(self.coordinates.columns):
            return False
        slope, expected = np.abs(self.derivatives.slope), self.derivatives.expected
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            kappa = np.max(np.where(expected > 0, expected / slope, 0.0))
            # The rounding error of a score of zero.
            smallest = 8 * np.finfo(float).eps * np.sqrt(self.observations.total_weight)
            return not self.estimable.weakest > 2 * kappa * max(self.distance, smallest)

    def separation(self) -> Separation:
        """Return whether and how a hyperplane separates the rows of positive weight."""
        data, columns = self.observations, self.coordinates.columns
        rows = data.weights > 0
        X, has_bias = data.X[:, columns][rows], self.coordinates.has_bias
        with blas_on_one_thread():
            return separation_of(X, data.y[rows], range(len(columns)), has_bias)

    def maximum_note(self) -> str:
        """Return the reason that the coefficients are no maximum, empty at a maximum."""
        is_separated = False
        if self.distance > FAR and self.may_be_separated:
            is_separated = self.separation().is_separated
        return note_on_maximum(self.distance, is_separated)

    def require_maximum(self) -> None:
        """Raise ``ValueError`` if the coefficients are not at the maximum for these data."""
        if self.maximum_note() == SEPARATED:
            raise ValueError(
                f"The coefficients are at no maximum of the likelihood: {SEPARATED}. Expected "
                "classes that overlap. Use coefficient_table(neuron, X, y, method='profile') for a "
                "test of each coefficient."
            )
        if self.conditions.is_adjusted:
            self.estimable.require_maximum(self.distance, "root of the adjusted score")
        self.estimable.require_maximum(self.distance)
