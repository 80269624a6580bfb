"""From one sample to its trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, check_is_fitted

from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import ACTIVATIONS, Activation
from skneuron.prediction._forward import ForwardMixin
from skneuron.prediction._trace import Trace
from skneuron.validation import check_finite, check_numbers, check_offset, check_rows

__all__ = ["TracingMixin"]


class TracingMixin(ForwardMixin):
    """Takes one sample through the neuron in steps that can be read."""

    def trace(self, x: Any, *, offset: Any = None) -> Trace:
        """Return one sample's forward pass, step by step.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (1, n_features)
            Also a row of a CSR/CSC matrix, a DataFrame or Series of one sample.
        offset : float or array-like of shape (n_classes,), default=None

        Returns
        -------
        Trace
            Printed, it is a table.

        Raises
        ------
        ValueError
            If x is not one sample with the features of the fit, or not finite.

        Examples
        --------
        >>> from skneuron import NeuronClassifier
        >>> neuron = NeuronClassifier.from_weights({"rain": 1.5, "wind": -0.5}, 0.25)
        >>> trace = neuron.trace([2.0, 3.0])
        >>> trace.terms.tolist(), trace.z.tolist(), trace.predicted
        ([[3.0, -1.5]], [1.75], 1)
        """
        check_is_fitted(self)
        row = self._one_row(x)
        coef = self.coef_.astype(np.float64)
        bias = self.intercept_.astype(np.float64)
        k, d = coef.shape
        if offset is not None:
            offset = np.reshape(offset, (1,) if k == 1 else (1, -1))
        beside = check_offset(offset, 1, len(self.classes_))
        beside = np.zeros(k) if beside is None else beside.reshape(k)
        with np.errstate(over="ignore", invalid="ignore"):
            z = (coef * row).sum(axis=1) + bias + beside
        if not np.all(np.isfinite(z)):
            raise ValueError("w·x + b is beyond float64: expected x on the scale of the fit")
        softmax = self._is_softmax()
        proba = self._proba(z[None].copy())[0] if hasattr(self, "predict_proba") else None
        names = getattr(self, "feature_names_in_", [f"x{column}" for column in range(d)])
        return Trace(
            feature_names=tuple(map(str, names)),
            x=row,
            weights=coef,
            bias=bias,
            offset=beside,
            function="softmax" if softmax else _name_of(self.activation_),
            output=self.activation_.value(z) if proba is None or not softmax else proba,
            threshold=0.0 if softmax else float(self.activation_.threshold),
            classes=self.classes_,
            proba=proba,
        )

    def _one_row(self, x: Any) -> FloatArray:
        """Return one sample of any kind as float64, its columns checked."""
        if hasattr(x, "to_frame") and getattr(x, "ndim", 0) == 1:
            x = x.to_frame().T  # a Series: its index has the names
        # A plain list has no names, and is not to be warned of for that.
        named = issparse(x) or hasattr(x, "columns")
        row = check_rows(self, x, "x") if named else _plain_row(x)
        check_finite(row)
        expected = (1, self.coef_.shape[1])
        if row.shape != expected:
            raise ValueError(f"x has shape {row.shape}: expected {expected}, one sample")
        dense: Any = row.toarray() if issparse(row) else row  # type: ignore[union-attr]
        return np.array(dense[0], dtype=np.float64)


def _plain_row(x: Any) -> AnyArray:
    """Return a list or an array of one sample as float64, of shape (1, n_features)."""
    check_numbers(x if np.ndim(x) == 2 else [x], "x")
    row: AnyArray = check_array(
        np.atleast_2d(np.asarray(x)), dtype=np.float64, ensure_all_finite=False, input_name="x"
    )
    return row


def _name_of(activation: Activation) -> str:
    known = {cls: name for name, cls in ACTIVATIONS.items()}
    return known.get(type(activation), type(activation).__name__)
