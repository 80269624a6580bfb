"""The table of coefficients, and their covariance."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from skneuron._messages import wrong_value
from skneuron._typing import MatrixLike
from skneuron.inference._estimates import Kind, estimates_of
from skneuron.inference._frame import as_frame
from skneuron.inference._observations import Observations
from skneuron.inference._p_value import above_zero
from skneuron.validation import FittedNeuron

__all__ = ["coefficient_table", "covariance"]


def coefficient_table(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    penalized: bool = False,
) -> Any:
    """Return estimates with standard errors, Wald tests and intervals.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, or from ``from_weights``, with a likelihood and two classes.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        The data of the fit, here and below. A neuron does not store them.
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows. Survey weights are not frequencies.
    level : float, default=0.95
        Coverage of the intervals.
    kind : {"expected", "observed", "robust", "robust-expected"}, default="expected"
        The covariance. ``"expected"`` inverts Fisher's information, as R's ``glm`` does.
        ``"observed"`` inverts minus the second derivatives of the log-likelihood, as Stata does.
        The other two are sandwiches A⁻¹ (Σ sᵢ gᵢgᵢᵀ) A⁻¹ with the score gᵢ and the sample weight sᵢ
        of each row (White's HC0, without a correction for small samples). A is the observed
        information for ``"robust"``, as in statsmodels, and the expected information for
        ``"robust-expected"``, as in R's ``sandwich``. Both informations are equal for ``"sigmoid"``
        and ``"tanh"``. Sandwiches with survey weights need another formula, see
        ``docs/inference.md``.
    offset : array-like of shape (n_samples,), default=None
        Offset of the fit.
    penalized : bool, default=False
        Whether to allow a fit with a penalty or with coefficients on their bounds. The standard
        errors then describe the estimate around its own, biased mean: (J + Λ)⁻¹ J (J + Λ)⁻¹ with
        J the information of the likelihood and Λ of the ridge. Coefficients at zero by L1 or on a
        bound count as left out. Intervals and tests refer to the shrunken value, and not to the
        true parameter value.

    Returns
    -------
    pandas.DataFrame or Table
        One row per feature, and ``"intercept"`` last. Columns ``estimate``,
        ``standard_error``, ``z``, ``p_value`` (two-sided), ``lower``, ``upper`` and ``note``. A
        note is empty, or it is the reason that the row has no numbers (NaN): the column depends
        on others, its coefficient goes to infinity, or it is fixed. If a hyperplane separates
        some rows of the classes, the other coefficients get their limits, and standard errors
        from the rows on the hyperplane. Without pandas the result is a :class:`Table`. A p-value
        is never 0. A p-value below 1e-300 is printed as ``< 1e-300``, and remains a number.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If standard errors are invalid: more than two classes, no likelihood, a penalty, an
        active bound, class weights, or coefficients that are not at the maximum of the
        likelihood of these data.

    Examples
    --------
    >>> import pandas as pd
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import coefficient_table
    >>> births = pd.DataFrame({"smoke": [0, 0, 1, 1], "low": [0, 1, 0, 1]})
    >>> counts = [86, 29, 44, 30]
    >>> neuron = NeuronClassifier(C=float("inf"))
    >>> neuron = neuron.fit(births[["smoke"]], births["low"], counts)
    >>> table = coefficient_table(neuron, births[["smoke"]], births["low"], counts)
    >>> table[["estimate", "standard_error", "z", "p_value"]].round(4)
               estimate  standard_error       z  p_value
    smoke        0.7041          0.3196  2.2026   0.0276
    intercept   -1.0871          0.2147 -5.0623   0.0000
    """
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(wrong_value("level", level, "a number between 0 and 1", "level=0.95"))
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    found = estimates_of(neuron, observations, kind, penalized)
    error = np.sqrt(np.diag(found.covariance))
    z = found.values / error
    half_width = norm.isf((1 - level) / 2) * error
    p = above_zero(2 * norm.sf(np.abs(z)))
    columns = {
        "estimate": found.values,
        "standard_error": error,
        "z": z,
        "p_value": p,
        "lower": found.values - half_width,
        "upper": found.values + half_width,
        "note": found.notes,
    }
    return as_frame(columns, found.names)


def covariance(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    penalized: bool = False,
) -> Any:
    """Return the covariance of the estimates, for intervals of functions of the estimates.

    See :func:`coefficient_table` for parameters and errors.

    Returns
    -------
    pandas.DataFrame or Table
        Square, with a row per feature and the intercept last. Parameters with a note in
        ``coefficient_table`` are left out.

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
    found = estimates_of(neuron, observations, kind, penalized)
    known = np.flatnonzero(found.notes == "")
    names = [found.names[k] for k in known]
    return as_frame(dict(zip(names, found.covariance[np.ix_(known, known)], strict=True)), names)
