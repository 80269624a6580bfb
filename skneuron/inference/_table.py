"""The table of coefficients."""

from __future__ import annotations

from typing import Any, Literal

from numpy.typing import ArrayLike

from skneuron._common import MatrixLike, wrong_value
from skneuron.activations import Sigmoid, Tanh
from skneuron.inference._conditions import conditions_of, is_bias_reduced
from skneuron.inference._error_type import Correction, ErrorType, Kind
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import as_frame, heading_of
from skneuron.inference._information import Information
from skneuron.inference._observations import Observations
from skneuron.inference._profile import profile_columns, profiles_of
from skneuron.inference._ratios import as_ratios, ratio_of
from skneuron.inference._wald_columns import check_level, wald_columns
from skneuron.validation import FittedNeuron

__all__ = ["coefficient_table"]


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
    base: object = None,
    groups: ArrayLike | None = None,
    correction: Correction = None,
    exponentiate: bool = False,
    method: Literal["wald", "profile"] = "wald",
) -> Any:
    """Return estimates with standard errors, Wald tests and intervals.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, or from ``from_weights``, with a likelihood. More than two classes need
        ``activation="sigmoid"`` (softmax).
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
    base : label, default=None
        Class against which more than two classes are compared. None is ``classes_[0]``. The
        coefficients of a class are then log odds ratios against the base class.
    groups : array-like of shape (n_samples,), default=None
        Cluster of each row, for example a person with several rows. The scores of a cluster are
        added up before they are multiplied, so rows of a cluster may depend on each other. Needs a
        robust ``kind``, and about 30 clusters or more.
    correction : {None, "groups", "HC1", "HC2", "HC3"}, default=None
        Correction of a robust covariance for small samples. ``"groups"`` and ``"HC1"`` are
        factors, with G clusters, n observations and k parameters. ``"groups"`` is G / (G - 1), as
        in Stata and R's ``vcovCL``. ``"HC1"`` is G / (G - 1) · (n - 1) / (n - k), as in
        statsmodels for clusters. Without ``groups``, G is n, and ``"HC1"`` is n / (n - k).
        ``"HC3"`` is the cluster jackknife: it adds up products of the changes of the estimates
        without each cluster, by one step of Fisher scoring (CR3 of Bell & McCaffrey, Survey
        Methodology 28, 2002). ``"HC2"`` is their CR2, with smaller standard errors than
        ``"HC3"``. Both need ``groups`` and two classes. Prefer ``"HC3"`` with few clusters.
    exponentiate : bool, default=False
        Whether to return odds ratios (``"sigmoid"``, ``"tanh"``) or hazard ratios (``"cloglog"``)
        with their intervals. z and p-value test the coefficient. The row
        ``"intercept"`` has the odds, or the cumulative hazard, at the origin of X.
    method : {"wald", "profile"}, default="wald"
        Intervals and tests. ``"wald"`` uses the standard errors. ``"profile"`` has profile
        likelihood intervals, as R's ``confint``. They are valid for large effects and separated
        classes, where an end may be infinite. z is then the signed root of the likelihood ratio
        statistic, with the p-value of the likelihood ratio test. Each coefficient costs about 15
        passes over X.

    Returns
    -------
    pandas.DataFrame or Table
        One row per feature, and ``"intercept"`` last. With more than two classes, one such block
        of rows per class other than the base class. Columns ``estimate`` (or ``odds_ratio`` or
        ``hazard_ratio``), ``standard_error``, ``z``, ``p_value`` (two-sided), ``lower``,
        ``upper`` and ``note``. A note is empty, or it is the reason that the row has no numbers
        (NaN): the column depends on others, its coefficient goes to infinity, or it is fixed. If
        a hyperplane separates some rows of two classes, the other coefficients get their limits,
        and standard errors from the rows on the hyperplane. The corner of the printed table names
        the modelled probability, for example ``P(low = 1)``. Without pandas the result is a
        :class:`Table`. A p-value is never 0. A p-value below 1e-300 is printed as ``< 1e-300``,
        and remains a number.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If standard errors are invalid: no likelihood, one-vs-rest fits of more than two classes,
        a penalty, an active bound, class weights, separated classes of a softmax, or coefficients
        that are not at the maximum of the likelihood of these data.

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
    P(low = 1)  estimate  standard_error       z  p_value
    smoke         0.7041          0.3196  2.2026   0.0276
    intercept    -1.0871          0.2147 -5.0623   0.0000
    """
    check_level(level)
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    ratio = ratio_of(neuron.activation_) if exponentiate else None
    _check_method(method, neuron, observations.is_layer, kind, penalized)
    error_type = ErrorType.of(kind, observations, groups, correction)
    found = estimates_of(neuron, observations, error_type, penalized, base)
    columns = wald_columns("estimate", found.values, found.errors, level) | {"note": found.notes}
    if method == "profile":
        information = Information.of(neuron, observations, conditions_of(neuron, observations))
        profiles = profiles_of(neuron, information, found, level)
        columns = profile_columns(columns, profiles)
    columns = as_ratios(columns, ratio) if ratio else columns
    return as_frame(columns, found.names, heading_of(neuron, y, base))


def _check_method(
    method: str, neuron: FittedNeuron, is_layer: bool, kind: str, penalized: bool
) -> None:
    """Raise ``ValueError`` if there is no interval by this method."""
    if method not in ("wald", "profile"):
        raise ValueError(wrong_value("method", method, "'wald' or 'profile'", "method='profile'"))
    if method == "wald":
        return
    if is_bias_reduced(neuron) and type(neuron.activation_) not in (Sigmoid, Tanh):
        raise ValueError(
            f"The method 'profile' with bias_reduction='mean' got activation="
            f"{neuron.activation!r}, whose adjusted score is the gradient of no penalized "
            "likelihood. Expected activation='sigmoid' or 'tanh'. Use method='wald'."
        )
    reason = ""
    if is_layer:
        reason = "supports two classes"
    elif kind.startswith("robust"):
        reason = f"assumes that the model is correct, and kind={kind!r} does not"
    elif penalized:
        reason = "needs a fit without a penalty"
    if reason:
        raise ValueError(
            f"The method 'profile' {reason}. Expected two classes, a fit with C=np.inf and "
            "kind='expected' or 'observed'. Use method='wald'."
        )
