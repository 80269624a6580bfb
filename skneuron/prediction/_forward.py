"""What a fitted neuron computes: the way forward from X to class and probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.metrics import accuracy_score
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import Activation, Sigmoid, get_activation
from skneuron.design import forward
from skneuron.fitting._train import is_softmax
from skneuron.losses import SoftmaxLogLoss, resolve_loss_name
from skneuron.validation import check_finite, check_offset, check_rows

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


def _apart(log_proba: FloatArray, z: FloatArray) -> FloatArray:
    """Return logarithms above -9e307, with those below it in the order of z.

    Beyond float64 the logarithms of two classes can look the same, and are far apart.
    """
    end = -_LARGEST / 4
    behind = z.max(axis=1, keepdims=True) - z
    return np.where(log_proba > end, log_proba, end * (1 + behind / (1 + behind)))


def _check_overflow(stored: AnyArray, output: AnyArray) -> None:
    """Raise if outputs, computed in float64, overflow the dtype of X."""
    lost = ~np.isfinite(stored) & np.isfinite(output)
    if lost.any():
        raise ValueError(
            f"The output {output[lost][0]:.6g} overflows {stored.dtype}, the dtype of X. "
            "Expected outputs in its range. Pass X as float64: X.astype(np.float64)."
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

    def _through(
        self, X: Any, of_z: Callable[[AnyArray], AnyArray], offset: Any = None
    ) -> AnyArray:
        """Return what ``of_z`` makes of z, block by block, in the dtype of X.

        It gets z of shape (n_rows, n_neurons) and returns (n_rows,) or (n_rows, n_columns).
        """
        X = check_rows(self, X)
        if not np.all(self.coef_):
            # A BLAS may skip columns of weight zero, and what they hide.
            check_finite(X)
        kind = np.result_type(X.dtype, self.coef_.dtype)
        width = of_z(np.zeros((1, len(self.coef_)), kind)).shape[1:]
        out = np.empty((X.shape[0], *width), kind)
        beside = check_offset(offset, X.shape[0], len(self.classes_), kind=kind)

        def keep(rows: slice, z: AnyArray) -> None:
            """Put away what becomes of the z of these rows."""
            if beside is not None:
                z += beside[rows].reshape(z.shape)
            output = of_z(z)
            with np.errstate(over="ignore"):
                out[rows] = output
            if output.dtype != kind:
                _check_overflow(out[rows], output)

        if not forward(X, self.coef_, self.intercept_, keep):
            keep(slice(None), self._far_pre_activation(X))
        return out

    def _far_pre_activation(self, X: Any) -> FloatArray:
        """Return z where it was not finite: in float64, if X itself is."""
        check_finite(X)
        with np.errstate(over="ignore", invalid="ignore"):
            z = safe_sparse_dot(X.astype(np.float64), self.coef_.T.astype(np.float64))
            z = z + self.intercept_
        if not np.all(np.isfinite(z)):
            row = int(np.flatnonzero(~np.isfinite(z).all(axis=1))[0])
            raise ValueError(
                f"w·x + b of row {row} is beyond float64: expected X on the scale of the fit"
            )
        return np.asarray(z)

    def decision_function(self, X: Any, *, offset: Any = None) -> FloatArray:
        """Return how far each sample is beyond the point where the neuron changes its mind.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            w·x + b + offset - z₀; for two classes positive means ``classes_[1]``.
        """
        check_is_fitted(self)
        return self._through(X, self._beyond_threshold, offset)

    def _beyond_threshold(self, z: AnyArray) -> AnyArray:
        """Return z - z₀, of shape (n_rows,) for two classes."""
        shift = 0.0 if self._is_softmax() else self.activation_.threshold
        if shift:
            z = z - z.dtype.type(shift)
        return z[:, 0] if len(self.coef_) == 1 else z

    def activate(self, X: Any, *, offset: Any = None) -> FloatArray:
        """Return what leaves the axon: f(w·x + b), softmax for a layer that has one.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        check_is_fitted(self)
        softmax, single = self._is_softmax(), len(self.coef_) == 1

        def fire(z: AnyArray) -> AnyArray:
            """Return f(z)."""
            exact = z.astype(np.float64, copy=False)
            if softmax:
                return SoftmaxLogLoss.proba(exact)
            out = self.activation_.value(exact)
            return out[:, 0] if single else out

        return self._through(X, fire, offset)

    def predict(self, X: Any, *, offset: Any = None) -> AnyArray:
        """Return the class of each sample.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        if len(self.coef_) == 1:
            positive = self._through(X, lambda z: self._beyond_threshold(z) > 0, offset)
            return np.asarray(self.classes_[positive.astype(np.intp)])
        most = self._through(X, lambda z: z.argmax(axis=1), offset)
        return np.asarray(self.classes_[most.astype(np.intp)])

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Of these samples, as for ``fit``.

        Returns
        -------
        float
            (Weighted) share of the samples whose class is predicted.
        """
        return float(accuracy_score(y, self.predict(X, offset=offset), sample_weight=sample_weight))

    @available_if(_has_likelihood)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any, *, offset: Any = None) -> FloatArray:
        """Return log-probabilities, exact where the probability itself underflows.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Finite: what is beyond the dtype, as log Φ(-1e155), is its most negative number.
        """
        check_is_fitted(self)
        return self._through(X, self._log_proba, offset)

    @available_if(_has_likelihood)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, *, offset: Any = None) -> FloatArray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``; rows sum to 1. What is too small for the
            dtype is its smallest positive number: no class is called impossible.
        """
        check_is_fitted(self)
        return self._through(X, self._proba, offset)

    def _log_proba(self, z: AnyArray) -> AnyArray:
        exact = z.astype(np.float64, copy=False)
        with np.errstate(over="ignore", under="ignore"):
            if self._is_softmax():
                out = SoftmaxLogLoss.log_proba(exact)
            elif z.shape[1] == 1:
                out = np.stack(self.activation_.log_proba(exact[:, 0]), axis=1)
            else:
                high = _apart(self.activation_.log_proba(exact)[1], exact)
                # Of logarithms of -1e308 a sum would lose what it adds.
                high = high - high.max(axis=1, keepdims=True)
                out = high - logsumexp(high, axis=1, keepdims=True)
        return np.asarray(np.maximum(out, -float(np.finfo(z.dtype).max)))

    def _proba(self, z: AnyArray) -> AnyArray:
        with np.errstate(under="ignore"):
            if z.shape[1] == 1 and type(self.activation_) is Sigmoid:
                out = np.empty((len(z), 2), z.dtype)
                self.activation_.proba(z[:, 0], out)
            elif self._is_softmax():
                exact = z.astype(np.float64, copy=False)
                out = SoftmaxLogLoss.proba(exact).astype(z.dtype, copy=False)
            else:
                out = np.exp(self._log_proba(z)).astype(z.dtype, copy=False)
            smallest = np.finfo(z.dtype).smallest_subnormal
            if not out.all():
                out = np.maximum(out, smallest)
        return np.asarray(out)

    def _is_softmax(self) -> bool:
        return is_softmax(self.loss_, self.activation_, len(self.classes_))
