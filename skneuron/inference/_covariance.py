"""The covariance of the estimates."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from skneuron._common import MatrixLike
from skneuron.inference._error_type import Correction, ErrorType, Kind
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import as_frame
from skneuron.inference._observations import Observations
from skneuron.validation import FittedNeuron

__all__ = ["covariance"]


def covariance(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    penalized: bool = False,
    base: object = None,
    groups: ArrayLike | None = None,
    correction: Correction = None,
) -> Any:
    """Return the covariance of the estimates, for intervals of functions of the estimates.

    See :func:`coefficient_table` for parameters and errors.

    Returns
    -------
    pandas.DataFrame or Table
        Square, with a row per feature and the intercept last, for each class other than the base
        class. Parameters with a note in ``coefficient_table`` are left out.

    Examples
    --------
    Half of the subjects respond at the dose -b/w. By the delta method its standard error is
    √(gᵀVg) with the gradient g of the dose in (w, b).

    >>> import numpy as np
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import covariance
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 5, 8, 8, 5, 2]
    >>> neuron = NeuronClassifier("probit", C=np.inf).fit(X, y, counts)
    >>> w, b = neuron.coef_[0, 0], neuron.intercept_[0]
    >>> g = np.array([b / w**2, -1 / w])
    >>> V = np.asarray(covariance(neuron, X, y, counts))
    >>> f"{-b / w:.4f} +- {np.sqrt(g @ V @ g):.4f}"
    '1.0000 +- 0.2955'
    """
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    error_type = ErrorType.of(kind, observations, groups, correction)
    found = estimates_of(neuron, observations, error_type, penalized, base)
    found.require_distinct_names("covariance")
    names = [found.names[k] for k in found.known]
    return as_frame(dict(zip(names, found.covariance, strict=True)), names)
