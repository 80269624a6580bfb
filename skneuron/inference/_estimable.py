"""The parameters that the data determine, and the distance of coefficients from the maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.inference._observations import Observations
from skneuron.inference._passes import Coordinates, root
from skneuron.inference._relations import relations_of

__all__ = ["FAR", "SEPARATED", "Estimable", "note_on_maximum"]

#: Largest distance of the coefficients from the maximum, in standard errors. The error of a p-value
#: of 0.05 is then below 0.006. The distance of a converged fit is about 1e-8.
FAR = 0.05

# A direction of the scaled columns is zero if it is shorter than this fraction of the longest one.
_DEPENDENT = 1e-10

# Number of rounding errors that can add up in a column that is a sum of other columns.
_ROUNDINGS = 10

# Place of the coefficients of a fit without bias reduction.
_MAXIMUM = "maximum of the likelihood"

#: Reason that separated classes have no maximum.
SEPARATED = "a hyperplane separates the classes, so some coefficients are infinite"


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

    def require_maximum(self, distance: float, goal: str = _MAXIMUM) -> None:
        """Raise ``ValueError`` if coefficients at this distance are not at the maximum."""
        if distance > FAR:
            hint = "Pass the X, y, sample_weight and offset of the fit, and check that "
            hint += "neuron.converged_ is True"
            if self.relations.size:
                hint = "Leave out the columns of X that others determine up to rounding, or pass "
                hint += "the X, y, sample_weight and offset of the fit"
            raise ValueError(
                f"The coefficients are {distance:.2g} standard errors from the {goal} of these "
                f"data. Expected at most {FAR}. {hint}."
            )


def note_on_maximum(distance: float, is_separated: bool) -> str:
    """Return the reason that coefficients at this distance are no maximum, or an empty text."""
    if distance <= FAR:
        return ""
    if is_separated:
        return SEPARATED
    return f"the coefficients are {distance:.2g} standard errors from the maximum"


def _repeated(matrix: FloatArray, n_outputs: int) -> FloatArray:
    """Return a block diagonal matrix with a copy of a matrix for each output."""
    return matrix if n_outputs == 1 else np.asarray(np.kron(np.eye(n_outputs), matrix))
