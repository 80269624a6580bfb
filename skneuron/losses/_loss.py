"""The interface of losses: functions of one sample's label and linear predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from skneuron._common import AnyArray, Curvatures, FloatArray

__all__ = ["Loss"]


class Loss(ABC):
    """Pointwise loss ℓ(y, z).

    Labels y are class indices, shape (n_samples,), and z has shape (n_samples,) for one
    output and (n_samples, n_outputs) for more. Values have shape (n_samples,),
    gradients the shape of z, second derivatives (n_samples,) or
    (n_samples, n_outputs, n_outputs). A loss never sees X, coefficients or a penalty.

    Attributes
    ----------
    n_outputs : int
    convex : bool
        Whether ℓ is convex in z, so that its second derivative is never negative.
    smooth, differentiable : bool
        Whether second derivatives exist, and whether first derivatives exist.
    start : float
        Linear predictor at which a fit starts.
    curvature_bound : float or None
        A bound of the second derivative (its largest eigenvalue), None if there is none.
    largest_steepness : float
        Bound of the size of ∂ log ℓ″/∂z, above 1 if the curvature falls faster than the sigmoid's.
    """

    n_outputs: int = 1
    convex: bool = False
    smooth: bool = True
    differentiable: bool = True
    start: float = 0.0
    curvature_bound: float | None = None
    largest_steepness: float = 1.0

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
        """Return ∂ℓ/∂z and the curvature of each sample.

        The curvature is never negative: the second derivative if ℓ is convex, otherwise its
        expectation (Fisher, or Gauss-Newton for squared error). With ``observed=True``
        the curvature is the second derivative, whatever its sign.
        """

    # --- sums over the rows of a pass -------------------------------------------------

    def encode(self, y: AnyArray) -> AnyArray:
        """Return the labels in the form that :meth:`sums` takes, by default unchanged."""
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
        """Return the weighted sum of ℓ, weighted slopes and, on request, curvatures.

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
        float, ndarray of the shape of z, and None or curvatures
            Curvatures are an ndarray of shape (n_samples,). The softmax loss returns a
            :class:`LayerCurvature`.
        """
        values, slopes = self.value_gradient(labels, z)
        h = None
        if curvature:
            h = self.gradient_hessian(labels, z, observed=observed)[1] * weights
        slopes *= weights if slopes.ndim == 1 else weights[:, None]
        return float(weights @ values), slopes, h

    def slopes(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return ∂ℓ/∂z per sample, for labels from :meth:`encode`. May overwrite z."""
        return self.value_gradient(labels, z)[1]

    def curvature_state(self, labels: AnyArray, z: FloatArray) -> FloatArray:
        """Return the argument of :meth:`curvature_product` for this z, of the shape of z."""
        return self.gradient_hessian(labels, z)[1]

    def curvature_product(self, state: FloatArray, dz: FloatArray) -> FloatArray:
        """Return the curvature at a state times a change of z, of the shape of z."""
        return np.asarray(state * dz)

    def curvature_diagonal(self, state: FloatArray) -> FloatArray:
        """Return the curvature at a state along each output alone, of the shape of z."""
        return state
