"""Log loss of a layer with softmax."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray, LayerCurvature
from skneuron.losses._loss import Loss

__all__ = ["SoftmaxLogLoss"]


class SoftmaxLogLoss(Loss):
    """ℓ(y, z) = log Σₖ exp(zₖ) - z_y, the log loss of a layer with softmax.

    Parameters
    ----------
    n_classes : int

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.losses import SoftmaxLogLoss
    >>> loss = SoftmaxLogLoss(3)
    >>> loss.value(np.array([0]), np.array([[0.0, 0.0, 0.0]])).round(4).tolist()
    [1.0986]
    """

    convex = True
    # Largest eigenvalue of diag(p) - ppᵀ (Böhning, 1992).
    curvature_bound = 0.5

    def __init__(self, n_classes: int) -> None:
        self.n_outputs = n_classes

    @staticmethod
    def log_proba(z: FloatArray) -> FloatArray:
        """Return log softmax(z), row by row."""
        shifted = z - z.max(axis=1, keepdims=True)
        with np.errstate(under="ignore"):
            return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))

    @staticmethod
    def proba(z: FloatArray) -> FloatArray:
        """Return softmax(z), row by row."""
        with np.errstate(under="ignore"):
            out = np.exp(z - z.max(axis=1, keepdims=True))
            out /= out.sum(axis=1, keepdims=True)
        return np.asarray(out)

    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return -log P(y)."""
        return -self.log_proba(z)[np.arange(len(y)), y]

    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return -log P(y) and softmax(z) minus the indicator of y."""
        log_proba = self.log_proba(z)
        rows = np.arange(len(y))
        value = -log_proba[rows, y]
        with np.errstate(under="ignore"):
            gradient = np.exp(log_proba)
        # 1 - p cancels if p is close to 1: the sum of the other probabilities keeps the digits.
        gradient[rows, y] = 0.0
        gradient[rows, y] = -gradient.sum(axis=1)
        return value, gradient

    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the slope and diag(p) - ppᵀ per sample."""
        _, gradient = self.value_gradient(y, z)
        return gradient, _curvatures(self.proba(z))

    def sums(
        self,
        labels: AnyArray,
        z: FloatArray,
        weights: FloatArray,
        *,
        curvature: bool = False,
        observed: bool = False,
    ) -> tuple[float, FloatArray, LayerCurvature | None]:
        """Return the weighted sum of ℓ, weighted slopes and, on request, curvatures."""
        rows = np.arange(len(labels))
        z -= z.max(axis=1, keepdims=True)
        own = z[rows, labels]
        with np.errstate(under="ignore"):
            proba = np.exp(z, out=z)
        total = proba.sum(axis=1)
        value = float(weights @ (np.log(total) - own))
        proba /= total[:, None]
        h = _weighted_curvature(proba, weights) if curvature else None
        # 1 - p cancels if p is close to 1: the sum of the other probabilities keeps the digits.
        proba[rows, labels] = 0.0
        proba[rows, labels] = -proba.sum(axis=1)
        proba *= weights[:, None]
        return value, proba, h

    def curvature_state(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return softmax(z)."""
        return self.proba(z)

    def curvature_product(self, state: FloatArray, dz: FloatArray) -> FloatArray:
        """Return (diag(p) - ppᵀ) dz per sample."""
        mean = np.einsum("ik,ik->i", state, dz)
        return np.asarray(state * (dz - mean[:, None]))

    def curvature_diagonal(self, state: FloatArray) -> FloatArray:
        """Return p (1 - p) of each class."""
        return np.asarray(state * (1 - state))


def _curvatures(proba: FloatArray) -> FloatArray:
    """diag(p) - ppᵀ per sample, the diagonal as p times the others' sum."""
    with np.errstate(under="ignore"):
        hessian = -proba[:, :, None] * proba[:, None, :]
    diagonal = np.arange(proba.shape[1])
    hessian[:, diagonal, diagonal] = 0.0
    hessian[:, diagonal, diagonal] = -hessian.sum(axis=2)
    return hessian


def _weighted_curvature(proba: FloatArray, weights: FloatArray) -> LayerCurvature:
    """Return the same matrices times weights, as their diagonal and what is off it."""
    rows, top = np.arange(len(proba)), proba.argmax(axis=1)
    rest = 1.0 - proba
    # 1 - p cancels if p is close to 1: the sum of the other probabilities keeps the digits.
    others = proba.copy()
    others[rows, top] = 0.0
    rest[rows, top] = others.sum(axis=1)
    with np.errstate(under="ignore"):
        rest *= proba
        rest *= weights[:, None]
        return LayerCurvature(rest, proba * np.sqrt(weights)[:, None])
