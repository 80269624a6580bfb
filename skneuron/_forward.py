"""What a fitted neuron computes: the way forward from X to class and probability."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneuron._training import is_softmax
from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import Activation, get_activation
from skneuron.losses import SoftmaxLogLoss, resolve_loss_name
from skneuron.validation import check_rows

__all__ = ["ForwardMixin"]

_LARGEST = float(np.finfo(np.float64).max)


def _has_likelihood(neuron: ForwardMixin) -> bool:
    if hasattr(neuron, "loss_"):
        loss = neuron.loss_
    else:
        loss = resolve_loss_name(neuron.loss, get_activation(neuron.activation))
    if loss == "log_loss":
        return True
    raise AttributeError(
        f"predict_proba is not available with activation={neuron.activation!r} and "
        f"loss={neuron.loss!r}: that model has no likelihood. Use a probability activation "
        "with the log loss, or wrap the neuron in sklearn.calibration.CalibratedClassifierCV"
    )


class ForwardMixin:
    """Prediction from ``coef_``, ``intercept_``, ``classes_``, ``activation_`` and ``loss_``."""

    activation: str | Activation
    loss: str
    activation_: Activation
    loss_: str
    classes_: AnyArray
    coef_: AnyArray
    intercept_: AnyArray

    def _pre_activation(self, X: Any) -> FloatArray:
        """Return z, of shape (n_samples, n_neurons)."""
        check_is_fitted(self)
        X = check_rows(self, X)
        with np.errstate(over="ignore", invalid="ignore"):
            z = safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
            if not np.all(np.isfinite(z)):
                z = safe_sparse_dot(X.astype(np.float64), self.coef_.T.astype(np.float64))
                z = z + self.intercept_
        if not np.all(np.isfinite(z)):
            row = int(np.flatnonzero(~np.isfinite(z).all(axis=1))[0])
            raise ValueError(
                f"w·x + b of row {row} is beyond float64: expected X on the scale of the fit"
            )
        return np.asarray(z)

    def decision_function(self, X: Any) -> FloatArray:
        """Return how far each sample is beyond the point where the neuron changes its mind.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            w·x + b - z₀; for two classes positive means ``classes_[1]``.
        """
        z = self._pre_activation(X)
        if not self._is_softmax():
            z = z - self.activation_.threshold
        return z[:, 0] if z.shape[1] == 1 else z

    def activate(self, X: Any) -> FloatArray:
        """Return what leaves the axon: f(w·x + b), softmax for a layer that has one.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        z = self._pre_activation(X)
        if self._is_softmax():
            with np.errstate(under="ignore"):
                out = np.exp(SoftmaxLogLoss.log_proba(z))
        else:
            exact = z.astype(np.float64, copy=False)
            out = self.activation_.value(exact).astype(z.dtype, copy=False)
        return out[:, 0] if out.shape[1] == 1 else out

    def predict(self, X: Any) -> AnyArray:
        """Return the class of each sample.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        decision = self.decision_function(X)
        if decision.ndim == 1:
            return np.asarray(self.classes_[(decision > 0).astype(np.intp)])
        return np.asarray(self.classes_[decision.argmax(axis=1)])

    @available_if(_has_likelihood)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> FloatArray:
        """Return log-probabilities, exact where the probability itself underflows.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Finite: what is beyond the dtype, as log Φ(-1e155), is its most negative number.
        """
        z = self._pre_activation(X)
        exact = z.astype(np.float64, copy=False)
        with np.errstate(over="ignore", under="ignore"):
            if self._is_softmax():
                out = SoftmaxLogLoss.log_proba(exact)
            elif z.shape[1] == 1:
                out = np.stack(self.activation_.log_proba(exact[:, 0]), axis=1)
            else:
                high = np.maximum(self.activation_.log_proba(exact)[1], -_LARGEST / 2)
                out = high - logsumexp(high, axis=1, keepdims=True)
        lowest = -float(np.finfo(z.dtype).max)
        return np.asarray(np.maximum(out, lowest).astype(z.dtype, copy=False))

    @available_if(_has_likelihood)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``; rows sum to 1. What is too small for the
            dtype is its smallest positive number: no class is called impossible.
        """
        log_proba = self.predict_log_proba(X)
        with np.errstate(under="ignore"):
            proba = np.exp(log_proba)
        return np.asarray(np.maximum(proba, np.finfo(log_proba.dtype).smallest_subnormal))

    def _is_softmax(self) -> bool:
        return is_softmax(self.loss_, self.activation_, len(self.classes_))
