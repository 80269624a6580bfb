"""Score and information of the likelihood at a neuron's coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_on_one_thread
from skneuron.activations import Activation
from skneuron.inference._conditions import Conditions
from skneuron.inference._derivatives import LogLikelihoodDerivatives, derivatives_of
from skneuron.inference._observations import Observations
from skneuron.inference._passes import Coordinates, root, score
from skneuron.inference._relations import relations_of
from skneuron.separation import Separation, separation_of
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["FAR", "Estimable", "Information", "note_on_maximum"]

#: Largest distance of the coefficients from the maximum, in standard errors. The error of a p-value
#: of 0.05 is then below 0.006. The distance of a converged fit is about 1e-8.
FAR = 0.05

_SEPARATED = "a hyperplane separates the classes, so some coefficients are infinite"

# A direction of the scaled columns is zero if it is shorter than this fraction of the longest one.
_DEPENDENT = 1e-10

# Number of rounding errors that can add up in a column that is a sum of other columns.
_ROUNDINGS = 10


@dataclass(frozen=True)
class Estimable:
    """The estimable directions of the parameters, in coordinates x̃.

    Attributes
    ----------
    basis : ndarray of shape (n_outputs * p, r)
        Directions B that the rows (or a ridge Λ) identify, with Bᵀ(Σ hᵢx̃ᵢx̃ᵢᵀ + Λ)B = I.
    relations : ndarray of shape (p, k)
        Relations between columns, see ``relations_of``. Moving along a relation changes no z.
    rounding_root : ndarray of shape (q, n_outputs * p)
        Root of the information along the relations, which comes from rounding errors of X.
    weakest : float
        Root of the smallest information of a direction along which Σ z² changes by 1.
    span : ndarray of shape (p, r)
        Directions of the parameters along which the columns of X̃ are orthonormal, for a fit
        without a ridge.
    n_outputs : int
        Number of linear predictors of a row: 1 for two classes, K - 1 for K classes.
    """

    basis: FloatArray
    relations: FloatArray
    rounding_root: FloatArray
    weakest: float
    span: FloatArray
    n_outputs: int = 1

    @classmethod
    def of(
        cls,
        observations: Observations,
        coordinates: Coordinates,
        half: FloatArray,
        ridge: FloatArray,
    ) -> Estimable:
        """Compute the root of X, and combine it with a root ``half`` of the information."""
        X, p = observations.design, coordinates.size
        seen = (observations.weights > 0).astype(np.float64)
        _, found, right = np.linalg.svd(root(X, coordinates, seen))
        lengths = np.zeros(p)
        lengths[: len(found)] = found
        rounding = _ROUNDINGS * coordinates.rounding(observations.eps)
        smallest = np.maximum(_DEPENDENT, np.linalg.norm(right * rounding, axis=1))
        is_estimable = lengths > smallest * lengths.max(initial=0.0)
        relations = relations_of(right, lengths, ~is_estimable, coordinates, rounding)
        one = np.eye(p) if ridge.any() else right[is_estimable].T / lengths[is_estimable]
        n_outputs = half.shape[1] // max(p, 1)
        start = _repeated(one, n_outputs)
        along_relations = right[~is_estimable].T @ right[~is_estimable]
        rounding_root = half @ _repeated(along_relations, n_outputs)
        half = np.vstack([half, np.diag(np.sqrt(np.tile(ridge, n_outputs)))]) @ start
        _, sizes, turn = np.linalg.svd(half, full_matrices=False)
        positive = sizes > np.finfo(float).tiny
        weakest = float(sizes.min(initial=np.inf)) if positive.all() else 0.0
        basis = start @ turn[positive].T / sizes[positive]
        return cls(basis, relations, rounding_root, weakest, one, n_outputs)

    @property
    def rank(self) -> int:
        """Number of parameters that X determines."""
        return self.n_outputs * int(self.relations.shape[0] - self.relations.shape[1])

    @property
    def undetermined(self) -> AnyArray:
        """Whether a coefficient, or the intercept (last), changes along a relation."""
        return np.asarray((self.relations != 0).any(axis=1))

    def distance(self, gradient: FloatArray, scaled: FloatArray) -> float:
        """Return the distance from the maximum in standard errors, see :class:`Information`.

        Parameters
        ----------
        gradient, scaled : ndarray of shape (n_outputs * p,)
            Score and coefficients of the scaled columns.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            from_score = np.linalg.norm(self.basis.T @ gradient)
            # Coefficients that fit rounding errors of X move the other ones by up to this distance.
            from_rounding = np.linalg.norm(self.rounding_root @ scaled)
            distance = float(np.hypot(from_score, from_rounding))
        # A slope that overflows float64 means an infinite distance.
        return np.inf if np.isnan(distance) else distance

    def require_maximum(self, distance: float) -> None:
        """Raise ``ValueError`` if coefficients at this distance are not at the maximum."""
        if distance > FAR:
            hint = "Pass the X, y, sample_weight and offset of the fit, and check that "
            hint += "neuron.converged_ is True"
            if self.relations.size:
                hint = "Leave out the columns of X that others determine up to rounding, or pass "
                hint += "the X, y, sample_weight and offset of the fit"
            raise ValueError(
                f"The coefficients are {distance:.2g} standard errors from the maximum of the "
                f"likelihood of these data. Expected at most {FAR}. {hint}."
            )


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
        the root of the score statistic, plus the effect of rounding errors of X.
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
        gradient = score(X, coordinates, derivatives.slope) - coordinates.of_weights(
            penalty_gradient
        )
        distance = estimable.distance(gradient, coordinates.scaled(coef))
        return cls(
            observations, conditions, coordinates, z, derivatives, ridge, estimable, distance
        )

    @property
    def may_be_separated(self) -> bool:
        """Whether the maximum may be infinite: neither a penalty nor the score excludes it.

        Let β separate the classes, and move the z of each row by 0 <= m <= 1 towards its label.
        With slopes gᵢ, information hᵢ and h <= κ|g|, Σ h m² <= κ Σ |g| m. The right side is at
        most κ times the distance times √(Σ h m²). So √(Σ h m²) is at most κ times the distance,
        and it is at least ``weakest``.
        """
        penalized = np.any(self.conditions.ridge) or np.any(self.conditions.lasso)
        if penalized or not len(self.coordinates.columns):
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
        if self.maximum_note() == _SEPARATED:
            raise ValueError(
                f"The coefficients are at no maximum of the likelihood: {_SEPARATED}. Expected "
                "classes that overlap. Use coefficient_table(neuron, X, y, method='profile') for a "
                "test of each coefficient."
            )
        self.estimable.require_maximum(self.distance)


def note_on_maximum(distance: float, is_separated: bool) -> str:
    """Return the reason that coefficients at this distance are no maximum, or an empty text."""
    if distance <= FAR:
        return ""
    if is_separated:
        return _SEPARATED
    return f"the coefficients are {distance:.2g} standard errors from the maximum"


def _repeated(matrix: FloatArray, n_outputs: int) -> FloatArray:
    """Return a block diagonal matrix with a copy of a matrix for each output."""
    return matrix if n_outputs == 1 else np.asarray(np.kron(np.eye(n_outputs), matrix))
