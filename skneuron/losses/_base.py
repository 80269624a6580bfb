"""What a loss is: a function of one sample's label and pre-activation."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from skneuron._typing import AnyArray, Curvatures, FloatArray

__all__ = ["Loss"]


class Loss(ABC):
    """Pointwise loss ℓ(y, z).

    Labels y are class indices, shape (n_samples,); z has shape (n_samples,) for one
    output and (n_samples, n_outputs) for more. Values have shape (n_samples,),
    gradients the shape of z, second derivatives (n_samples,) or
    (n_samples, n_outputs, n_outputs). No loss ever sees X, weights or a penalty.

    Attributes
    ----------
    n_outputs : int
    convex : bool
        Whether ℓ is convex in z, so that its second derivative is never negative.
    smooth, differentiable : bool
        Whether second derivatives, and slopes at all, lead anywhere.
    start : float
        Pre-activation at which learning starts.
    curvature_bound : float or None
        A bound of the second derivative (its largest eigenvalue), None if there is none.
    """

    n_outputs: int = 1
    convex: bool = False
    smooth: bool = True
    differentiable: bool = True
    start: float = 0.0
    curvature_bound: float | None = None

    @abstractmethod
    def value(self, y: AnyArray, z: FloatArray) -> FloatArray:
        """Return ℓ(y, z) per sample."""

    @abstractmethod
    def value_gradient(self, y: AnyArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ℓ and ∂ℓ/∂z per sample."""

    @abstractmethod
    def gradient_hessian(
        self, y: AnyArray, z: FloatArray, *, observed: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return ∂ℓ/∂z and curvature weights per sample.

        The weights are never negative: the second derivative where ℓ is convex, its
        expectation (Fisher, or Gauss-Newton for squared error) otherwise. With
        ``observed=True`` they are the second derivative whatever its sign.
        """

    # --- what a pass over the rows needs ----------------------------------------------

    def encode(self, y: AnyArray) -> AnyArray:
        """Return the labels in the form that :meth:`sums` wants; by default as they are."""
        return y

    def sums(
        self,
        labels: AnyArray,
        z: FloatArray,
        weights: FloatArray,
        *,
        curvature: bool = False,
        observed: bool = False,
    ) -> tuple[float, FloatArray, Curvatures | None]:
        """Return the weighted sum of ℓ, weighted slopes and, if asked for, curvatures.

        Parameters
        ----------
        labels : ndarray of shape (n_samples,)
            From :meth:`encode`.
        z : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            May be overwritten.
        weights : ndarray of shape (n_samples,)
        curvature, observed : bool
            As for :meth:`gradient_hessian`.

        Returns
        -------
        float, ndarray of the shape of z, and None or curvatures: ndarray of shape
        (n_samples,) here; the loss of a layer gives a :class:`LayerCurvature` of its own
        """
        values, slopes = self.value_gradient(labels, z)
        h = None
        if curvature:
            h = self.gradient_hessian(labels, z, observed=observed)[1] * weights
        slopes *= weights if slopes.ndim == 1 else weights[:, None]
        return float(weights @ values), slopes, h

    def slopes(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return ∂ℓ/∂z per sample, of labels from :meth:`encode`; z may be overwritten."""
        return self.value_gradient(labels, z)[1]

    def curvature_state(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return what :meth:`curvature_product` has to know of z, of the shape of z."""
        return self.gradient_hessian(labels, z)[1]

    def curvature_product(self, state: FloatArray, dz: FloatArray) -> FloatArray:
        """Return the curvature at a state times a change of z, of the shape of z."""
        return np.asarray(state * dz)

    def curvature_diagonal(self, state: FloatArray) -> FloatArray:
        """Return the curvature at a state along each output alone, of the shape of z."""
        return state
