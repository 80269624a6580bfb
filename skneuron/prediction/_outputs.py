"""From pre-activations z to decisions, outputs, classes and probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation, Sigmoid, get_activation
from skneuron.fitting._subproblems import is_softmax
from skneuron.losses import SoftmaxLogLoss, resolve_loss_name
from skneuron.validation import FittedNeuron

__all__ = ["Outputs", "has_likelihood"]

_LARGEST = float(np.finfo(np.float64).max)


def has_likelihood(neuron: BaseEstimator) -> bool:
    """Return True if the neuron minimizes the log loss.

    Raises
    ------
    AttributeError
        For every other loss, as scikit-learn's ``available_if`` expects.
    """
    if hasattr(neuron, "loss_"):
        loss = neuron.loss_
    else:
        loss = resolve_loss_name(neuron.loss, get_activation(neuron.activation))
    if loss == "log_loss":
        return True
    raise AttributeError(
        f"predict_proba is not available with activation={neuron.activation!r} and "
        f"loss={neuron.loss!r}, which have no likelihood. Expected a "
        "probability activation with the log loss. Use for example activation='sigmoid', or "
        "sklearn.calibration.CalibratedClassifierCV(neuron)."
    )


@dataclass(frozen=True)
class Outputs:
    """Functions of z, of shape (n_rows, n_neurons).

    Attributes
    ----------
    activation : Activation
    softmax : bool
        Whether the neurons share one softmax.
    """

    activation: Activation
    softmax: bool

    @classmethod
    def of(cls, neuron: FittedNeuron) -> Outputs:
        """Return the functions of a fitted neuron."""
        softmax = is_softmax(neuron.loss_, neuron.activation_, len(neuron.classes_))
        return cls(neuron.activation_, softmax)

    def decision(self, z: AnyArray) -> AnyArray:
        """Return z minus the decision threshold z₀, of shape (n_rows,) for two classes."""
        threshold = 0.0 if self.softmax else self.activation.threshold
        if threshold:
            z = z - z.dtype.type(threshold)
        return z[:, 0] if z.shape[1] == 1 else z

    def class_index(self, z: AnyArray) -> AnyArray:
        """Return the index of the predicted class, of shape (n_rows,)."""
        return self.decision(z) > 0 if z.shape[1] == 1 else z.argmax(axis=1)

    def activate(self, z: AnyArray) -> AnyArray:
        """Return f(z), or the softmax, of shape (n_rows,) for two classes."""
        exact = z.astype(np.float64, copy=False)
        if self.softmax:
            return SoftmaxLogLoss.proba(exact)
        out = self.activation.value(exact)
        return out[:, 0] if z.shape[1] == 1 else out

    def log_proba(self, z: AnyArray) -> AnyArray:
        """Return finite log-probabilities, of shape (n_rows, n_classes)."""
        exact = z.astype(np.float64, copy=False)
        with np.errstate(over="ignore", under="ignore"):
            if self.softmax:
                out = SoftmaxLogLoss.log_proba(exact)
            elif z.shape[1] == 1:
                out = np.stack(self.activation.log_proba(exact[:, 0]), axis=1)
            else:
                own = _ordered_tails(self.activation.log_proba(exact)[1], exact)
                # Without the shift, a sum of logarithms near -1e308 loses its smaller terms.
                own = own - own.max(axis=1, keepdims=True)
                out = own - logsumexp(own, axis=1, keepdims=True)
        return np.asarray(np.maximum(out, -float(np.finfo(z.dtype).max)))

    def proba(self, z: AnyArray) -> AnyArray:
        """Return positive probabilities, of shape (n_rows, n_classes)."""
        with np.errstate(under="ignore"):
            if z.shape[1] == 1 and type(self.activation) is Sigmoid:
                out = np.empty((len(z), 2), z.dtype)
                self.activation.proba(z[:, 0], out)
            elif self.softmax:
                exact = z.astype(np.float64, copy=False)
                out = SoftmaxLogLoss.proba(exact).astype(z.dtype, copy=False)
            else:
                out = np.exp(self.log_proba(z)).astype(z.dtype, copy=False)
            smallest = np.finfo(z.dtype).smallest_subnormal
            if not out.all():
                out = np.maximum(out, smallest)
        return np.asarray(out)


def _ordered_tails(log_proba: FloatArray, z: FloatArray) -> FloatArray:
    """Return logarithms of at least -9e307. Lower ones are replaced in the order of z.

    Logarithms that overflow float64 are equal for two classes with different z.
    """
    end = -_LARGEST / 4
    # The difference of two z may overflow, and the difference of their halves does not.
    behind = z.max(axis=1, keepdims=True) / 2 - z / 2
    return np.where(log_proba > end, log_proba, end * (1 + behind / (0.5 + behind)))
