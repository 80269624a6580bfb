"""Score and information of a softmax model, against a base class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron._threads import blas_on_one_thread
from skneuron.design import DesignMatrix
from skneuron.inference._conditions import Conditions
from skneuron.inference._estimable import FAR, Estimable, note_on_maximum
from skneuron.inference._observations import Observations, log_softmax
from skneuron.inference._passes import Coordinates, triangle
from skneuron.inference._sandwich import total_score
from skneuron.separation import layer_separation_of, separation_of
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["LayerInformation"]

# Number of elements of a block, 1 MB of float64.
_BLOCK_ELEMENTS = 2**17

# If no proof decides whether classes are separated: largest probability of a row's own class, as a
# distance from 1. Rows that a hyperplane separates come closer to 1.
_CERTAIN = 1e-6


@dataclass(frozen=True)
class LayerInformation:
    """Score and information of the coefficients of K - 1 classes, and their distance.

    The coefficients are differences to the coefficients of the base class. Vectors of parameters
    have the parameters of one class after another.

    Attributes
    ----------
    observations, coordinates
    base : int
        Index of the base class.
    z : ndarray of shape (n_samples, n_classes)
    slopes : ndarray of shape (n_samples, n_classes - 1)
        Derivatives of the log-likelihood in the linear predictors, times the row's weight.
    estimable : Estimable
    distance : float
        Distance from the maximum, in standard errors of the worst direction.
    """

    observations: Observations
    coordinates: Coordinates
    base: int
    z: FloatArray
    slopes: FloatArray
    estimable: Estimable
    distance: float

    @classmethod
    def of(
        cls, neuron: FittedNeuron, observations: Observations, conditions: Conditions, base: int = 0
    ) -> LayerInformation:
        """Compute everything in five passes over X: moments, z, two roots, score."""
        weights, X, n = observations.weights, observations.design, len(observations.y)
        coordinates = Coordinates.of(
            X, weights, conditions.free, neuron.fit_intercept, observations.eps
        )
        z = observations.pre_activation(neuron)
        with np.errstate(under="ignore"):
            p = np.exp(log_softmax(z))
        others = [k for k in range(observations.n_classes) if k != base]
        residuals = -p
        residuals[np.arange(n), observations.y] += 1
        slopes = weights[:, None] * residuals[:, others]
        half = _root(X, coordinates, p, weights, others)
        estimable = Estimable.of(observations, coordinates, half, np.zeros(coordinates.size))
        gradient = total_score(X, coordinates, slopes)
        coef = dense_coef(neuron).astype(np.float64)
        scaled = np.concatenate([coordinates.scaled(coef[k] - coef[base]) for k in others])
        return cls(
            observations,
            coordinates,
            base,
            z,
            slopes,
            estimable,
            estimable.distance(gradient, scaled),
        )

    @property
    def others(self) -> list[int]:
        """Indices of the classes other than the base class."""
        return [k for k in range(self.observations.n_classes) if k != self.base]

    def require_maximum(self, classes: AnyArray) -> None:
        """Raise ``ValueError`` if the classes are separated, or the coefficients no maximum."""
        found = self._separated() if self._may_be_separated else -1
        if found >= 0:
            raise ValueError(
                f"A hyperplane separates class {classes.tolist()[found]!r} from others, so some "
                "coefficients are infinite. Expected classes that overlap. Leave out the features "
                "that skneuron.separation.detect_separation(X, y) names, or combine classes."
            )
        self.estimable.require_maximum(self.distance)

    def maximum_note(self) -> str:
        """Return the reason that the coefficients are no maximum, empty at a maximum."""
        is_far = self.distance > FAR
        is_separated = is_far and self._may_be_separated and self._separated() >= 0
        return note_on_maximum(self.distance, is_separated)

    @property
    def _may_be_separated(self) -> bool:
        """Whether the score does not exclude an infinite maximum.

        Let β separate the classes, and let 0 <= d <= 1 be what it adds to the z of the row's own
        class, less what it adds to another class. The score along β is Σ E[d], the information is
        Σ Var[d] <= Σ E[d], and the score is at most the distance times the root of the
        information. So this root is at most the distance, and it is at least ``weakest`` / √2.
        """
        if not len(self.coordinates.columns):
            return False
        # The distance is a score divided by the root of the information, and so is the rounding
        # error of a score of zero: probabilities next to 1 round to 1.
        weakest = self.estimable.weakest
        rounding = 8 * float(np.finfo(float).eps) * self.observations.total_weight
        return not weakest > 2 * max(self.distance, rounding / weakest if weakest > 0 else np.inf)

    def _separated(self) -> int:
        """Return the index of a class that a hyperplane separates, or -1. Cheap proofs first."""
        data, columns = self.observations, self.coordinates.columns
        rows = data.weights > 0
        X, y, has_bias = data.X[:, columns][rows], data.y[rows], self.coordinates.has_bias
        with blas_on_one_thread():
            for k in range(data.n_classes):
                if separation_of(X, y == k, range(len(columns)), has_bias).is_separated:
                    return k
            found = layer_separation_of(X, y, data.n_classes, has_bias)
        own = log_softmax(self.z)[np.arange(len(data.y)), data.y]
        surest = int(np.argmax(np.where(rows, own, -np.inf)))
        # Without a result, the proof would take longer than the fit.
        is_separated = own[surest] > -_CERTAIN if found is None else found.is_separated
        return int(data.y[surest]) if is_separated else -1


def _root(
    X: DesignMatrix,
    coordinates: Coordinates,
    p: FloatArray,
    weights: FloatArray,
    others: list[int],
) -> FloatArray:
    """Return a triangle R with RᵀR = Σ sᵢ (diag(pᵢ) - pᵢpᵢᵀ) ⊗ x̃ᵢx̃ᵢᵀ over the other classes.

    The rows √(s pⱼ) (eⱼ - p) ⊗ x̃, one per class j, have this sum of products. The triangle has all
    digits of the singular values.
    """
    n_classes, size = p.shape[1], len(others) * coordinates.size
    out: FloatArray = np.zeros((0, size))
    n_rows = max(8 * size // n_classes + 1, _BLOCK_ELEMENTS // (n_classes * size))
    deviations = np.eye(n_classes)[:, others]
    with blas_on_one_thread():
        for rows, data in X.dense_blocks(range(X.shape[0]), n_rows):
            scale = np.sqrt(weights[rows, None] * p[rows])
            factors = scale[:, :, None] * (deviations - p[rows][:, None, others])
            inside = coordinates.rows(data)
            block = factors[:, :, :, None] * inside[:, None, None, :]
            out = triangle(np.vstack([out, triangle(block.reshape(-1, size))]))
    return out
