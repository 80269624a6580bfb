"""The table of coefficients, and their covariance."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy.stats import norm

from skneuron.inference._estimates import Kind, estimates_of
from skneuron.inference._frame import as_frame
from skneuron.inference._observations import Observations
from skneuron.inference._p_value import above_zero

__all__ = ["coefficient_table", "covariance"]


def coefficient_table(
    neuron: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    level: float = 0.95,
    kind: Kind = "expected",
    *,
    offset: Any = None,
    penalized: bool = False,
) -> Any:
    """Return estimates with standard errors, Wald tests and intervals.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, or of ``from_weights``, with a likelihood and two classes.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        The data of the fit, here and below: a neuron does not remember them.
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row was seen: a row of weight 2 is two rows. Survey weights are no counts.
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
        What was added to w·x + b.
    penalized : bool, default=False
        Whether a fit with a penalty or with weights on their bounds is taken as well. The
        errors are then those of the estimate around its own, biased mean, (J + Λ)⁻¹ J
        (J + Λ)⁻¹ with J the information of the likelihood and Λ of the ridge, as if weights
        at zero by L1 or on a bound had been left out beforehand. Intervals then cover, and
        tests are of, what the penalty has shrunk, not the truth.

    Returns
    -------
    pandas.DataFrame or Table
        A row per feature, the last one is ``"intercept"``. Columns ``estimate``,
        ``standard_error``, ``z``, ``p_value`` (two-sided), ``lower``, ``upper``, and ``note``,
        which is empty, or says why the row has no numbers (NaN): the column depends on
        others, its weight goes to infinity, or was held. If a hyperplane separates some of
        the classes' rows, the other weights get their limits, and errors from the rows that lie on
        it. Without pandas it is a :class:`Table`. A p-value is never 0; a p-value below 1e-300 is
        printed as ``< 1e-300``, and remains a number.

    Raises
    ------
    TypeError
        If it is no neuron.
    ValueError
        If the errors would be wrong: more than two classes, no likelihood, a penalty, an
        active bound, class weights, or weights that are not at the maximum of the
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
        raise ValueError(f"level={level!r}: expected a number between 0 and 1, as 0.95")
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    found = estimates_of(neuron, observations, kind, penalized)
    error = np.sqrt(np.diag(found.covariance))
    z = found.values / error
    reach = norm.isf((1 - level) / 2) * error
    p = above_zero(2 * norm.sf(np.abs(z)))
    columns = {
        "estimate": found.values,
        "standard_error": error,
        "z": z,
        "p_value": p,
        "lower": found.values - reach,
        "upper": found.values + reach,
        "note": found.notes,
    }
    return as_frame(columns, found.names)


def covariance(
    neuron: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    kind: Kind = "expected",
    *,
    offset: Any = None,
    penalized: bool = False,
) -> Any:
    """Return the covariance of the estimates, for intervals of what is computed from them.

    Parameters and errors are those of :func:`coefficient_table`.

    Returns
    -------
    pandas.DataFrame or Table
        Square, of the features and the intercept last, without those that
        ``coefficient_table`` has a note on.

    Examples
    --------
    The dose at which half of the subjects respond, -b/w, has by the delta method the error
    √(gᵀVg) with g its gradient in (w, b).

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
