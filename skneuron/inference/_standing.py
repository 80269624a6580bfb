"""Where a neuron's weights stand on the likelihood of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.inference._conditions import Conditions
from skneuron.inference._observations import Observations
from skneuron.inference._passes import Coordinates, root, score
from skneuron.inference._pointwise import Pointwise, pointwise
from skneuron.inference._relations import relations_of

__all__ = ["FAR", "Known", "Standing"]

#: Standard errors that weights may be away from the maximum. A p-value of 0.05 is then off
#: by less than 0.006; a converged fit is some 1e-8 away.
FAR = 0.05

# A direction of the scaled columns is zero if it is shorter than this fraction of the longest one.
_DEPENDENT = 1e-10

# Number of rounding errors that can add up in a column that is a sum of other columns.
_ROUNDINGS = 10


@dataclass(frozen=True)
class Known:
    """What rows tell of the parameters, in coordinates x̃.

    Attributes
    ----------
    basis : ndarray of shape (p, r)
        Directions B that the rows tell apart (or a ridge Λ), with Bᵀ(Σ hᵢx̃ᵢx̃ᵢᵀ + Λ)B = I.
    relations : ndarray of shape (p, k)
        Relations between columns, see ``relations_of``. No row's z changes along them.
    unreal : ndarray of shape (p, p)
        Root of the information along the relations, which is rounding of X.
    weakest : float
        Root of the smallest information of a direction along which Σ z² changes by 1.
    """

    basis: FloatArray
    relations: FloatArray
    unreal: FloatArray
    weakest: float

    @classmethod
    def of(
        cls,
        observations: Observations,
        coordinates: Coordinates,
        information: FloatArray,
        ridge: FloatArray,
    ) -> Known:
        """Take the roots of X and of the information."""
        X, p = observations.design, coordinates.size
        seen = (observations.weights > 0).astype(np.float64)
        _, found, right = np.linalg.svd(root(X, coordinates, seen))
        lengths = np.zeros(p)
        lengths[: len(found)] = found
        far = np.ones(p)
        far[: len(coordinates.mean)] += np.abs(coordinates.mean) / coordinates.scale
        # Rounding errors of the columns of X, in units of the scaled columns.
        rounding = _ROUNDINGS * observations.eps * far
        smallest = np.maximum(_DEPENDENT, np.linalg.norm(right * rounding, axis=1))
        told_apart = lengths > smallest * lengths.max(initial=0.0)
        relations = relations_of(right, lengths, ~told_apart, coordinates, rounding)
        start = np.eye(p)
        if not ridge.any():
            start = right[told_apart].T / lengths[told_apart]
        half = root(X, coordinates, information)
        unreal = half @ right[~told_apart].T @ right[~told_apart]
        half = np.vstack([half, np.diag(np.sqrt(ridge))]) @ start
        _, sizes, turn = np.linalg.svd(half, full_matrices=False)
        told = sizes > np.finfo(float).tiny
        weakest = float(sizes.min(initial=np.inf)) if told.all() else 0.0
        return cls(start @ turn[told].T / sizes[told], relations, unreal, weakest)

    @property
    def rank(self) -> int:
        """Number of parameters that X determines."""
        return int(self.relations.shape[0] - self.relations.shape[1])

    @property
    def undetermined(self) -> AnyArray:
        """Whether a coefficient, or the intercept (last), changes along a relation."""
        return np.asarray((self.relations != 0).any(axis=1))


@dataclass(frozen=True)
class Standing:
    """A neuron's free parameters on data: what is known of them, how far their maximum is.

    Attributes
    ----------
    observations, conditions, coordinates
    z : ndarray of shape (n_samples,)
        w·x + b + offset.
    derivatives : Pointwise
        Those of the log-likelihood in z, times the row's weight.
    ridge : ndarray of shape (p,)
        Λ of ½ Σ Λθ², in these coordinates.
    known : Known
    distance : float
        Of the weights from the maximum, in standard errors of the worst direction: the
        root of the score statistic, and of the change that rounding errors of X make.
    """

    observations: Observations
    conditions: Conditions
    coordinates: Coordinates
    z: FloatArray
    derivatives: Pointwise
    ridge: FloatArray
    known: Known
    distance: float

    @classmethod
    def of(cls, neuron: Any, observations: Observations, conditions: Conditions) -> Standing:
        """Read X five times: moments, z, two roots, score."""
        weights, X = observations.weights, observations.design
        coordinates = Coordinates.of(
            X, weights, conditions.free, neuron.fit_intercept, observations.eps
        )
        z = observations.pre_activation(neuron)
        at_z = pointwise(neuron.activation_, observations.y, z)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            derivatives = Pointwise(*(np.where(weights > 0, weights * part, 0.0) for part in at_z))
        coef = neuron.coef_[0].astype(np.float64)
        pull = conditions.ridge * coef + conditions.lasso * np.sign(coef)
        ridge = coordinates.of_weights(np.full(len(coef), np.sqrt(conditions.ridge))) ** 2
        known = Known.of(observations, coordinates, derivatives.expected, ridge)
        gradient = score(X, coordinates, derivatives.slope) - coordinates.of_weights(pull)
        with np.errstate(over="ignore", invalid="ignore"):
            from_score = np.linalg.norm(known.basis.T @ gradient)
            # Coefficients that fit rounding errors of X move the other ones by up to this distance.
            from_rounding = np.linalg.norm(known.unreal @ coordinates.scaled(coef))
            distance = float(np.hypot(from_score, from_rounding))
        # A slope beyond float64 is as far away as can be.
        distance = np.inf if np.isnan(distance) else distance
        return cls(observations, conditions, coordinates, z, derivatives, ridge, known, distance)

    @property
    def may_be_separated(self) -> bool:
        """Whether neither a penalty nor the weights prove that the maximum is finite.

        Let β separate, and the z of the rows change by m >= 0 towards their labels, 1 at
        most. With gᵢ the slopes, hᵢ the information and h <= κ|g|, Σ h m² <= κ Σ |g| m,
        which is at most κ times the distance times the root of Σ h m². So that root is at
        most κ times the distance, and at least ``weakest``.
        """
        if self.conditions.ridge or self.conditions.lasso or not len(self.coordinates.columns):
            return False
        slope, information = np.abs(self.derivatives.slope), self.derivatives.expected
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            kappa = np.max(np.where(information > 0, information / slope, 0.0))
            # What rounding makes of a score that is zero.
            least = 8 * np.finfo(float).eps * np.sqrt(self.observations.total_weight)
            return not self.known.weakest > 2 * kappa * max(self.distance, least)

    def require_maximum(self) -> None:
        """Raise ``ValueError`` if the weights are not the fit of the data."""
        if self.distance > FAR:
            hint = "pass the X, y, sample_weight and offset of the fit; one that has not converged "
            hint += "needs more iterations or a smaller tol, and separated classes have no maximum"
            if self.known.relations.size:
                hint = "columns of X depend on others but for rounding, leave some out; or else "
                hint += "these are not X, y, sample_weight and offset of the fit"
            raise ValueError(
                f"the weights are {self.distance:.2g} standard errors from the maximum of the "
                f"likelihood of these data, at most {FAR} are allowed: {hint}"
            )
