"""The Wald test of linear hypotheses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular
from scipy.stats import chi2

from skneuron._common import FloatArray, MatrixLike
from skneuron.inference._contrasts import Hypotheses, Hypothesis, hypotheses_of
from skneuron.inference._error_type import Correction, ErrorType, Kind
from skneuron.inference._estimates import estimates_of
from skneuron.inference._frame import as_frame
from skneuron.inference._independent import independent
from skneuron.inference._observations import Observations
from skneuron.inference._p_value import above_zero
from skneuron.inference._parameters import Estimates, lengths
from skneuron.inference._tests import ChiSquareTest
from skneuron.inference._wald_columns import check_level, wald_columns
from skneuron.validation import FittedNeuron

__all__ = ["WaldTest", "slopes_test", "wald_test"]

# Largest distance of an estimate from its hypothesis, in standard errors. Its square is a float64.
_FARTHEST = 1e150

# The covariance is singular if the length of a standardised hypothesis, after the projection on the
# others is subtracted, is below.
_SINGULAR = 1e-12


@dataclass(frozen=True, repr=False)
class WaldTest(ChiSquareTest):
    """Result of :func:`wald_test`.

    Attributes
    ----------
    statistic : float
        (Lθ - c)ᵀ (L V Lᵀ)⁻¹ (Lθ - c), with the covariance V of the estimates θ.
    df : int
        Number of linearly independent hypotheses.
    p_value : float
        Probability of a larger statistic under χ² with ``df`` degrees of freedom.
    contrasts : pandas.DataFrame or Table
        One row per hypothesis: ``estimate`` Lθ, ``standard_error``, ``z`` and ``p_value`` for
        Lθ = c, ``lower`` and ``upper`` of Lθ.
    """

    contrasts: Any


def wald_test(
    neuron: FittedNeuron,
    X: MatrixLike,
    y: ArrayLike,
    hypotheses: Hypothesis,
    c: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    kind: Kind = "expected",
    *,
    offset: ArrayLike | None = None,
    base: object = None,
    groups: ArrayLike | None = None,
    correction: Correction = None,
) -> WaldTest:
    """Test linear hypotheses L θ = c about the coefficients.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted without a penalty to these data.
    X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    hypotheses : str, list of str, or array-like of shape (q, p) or (p,)
        As text, for example ``"age - lwt = 0"`` or ``["smoke = 0", "2 * ht = 1"]``. The
        names stand in the coefficient table. With more than two classes they follow the
        class and a colon, as in ``"2:age - 1:age = 0"``. An array is L, with a column per row of
        the coefficient table, the intercept last.
    c : array-like of shape (q,) or float, default=0
        Right side of an array.
    sample_weight : array-like of shape (n_samples,), default=None
        Frequency weights: a row of weight 2 is two rows.
    level : float, default=0.95
        Coverage of the intervals of ``contrasts``.
    kind : {"expected", "observed", "robust", "robust-expected"}, default="expected"
        Standard error type, see :func:`coefficient_table` for this and the next parameters.
    offset : array-like of shape (n_samples,), default=None
    base : label, default=None
    groups : array-like of shape (n_samples,), default=None
    correction : {None, "groups", "HC1", "HC2", "HC3"}, default=None

    Returns
    -------
    WaldTest

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron.
    ValueError
        If a name is unknown, if a coefficient has no standard error, if hypotheses contradict
        each other, or if standard errors are invalid (see :func:`coefficient_table`).

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.inference import wald_test
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> test = wald_test(neuron, X, y, "x0 = 1", sample_weight=counts)
    >>> round(test.statistic, 3), test.df, round(test.p_value, 4)
    (0.495, 1, 0.4816)
    """
    check_level(level)
    observations = Observations.of(neuron, X, y, sample_weight, offset)
    error_type = ErrorType.of(kind, observations, groups, correction)
    found = estimates_of(neuron, observations, error_type, base=base)
    names = [":".join(map(str, n)) if isinstance(n, tuple) else n for n in found.names]
    asked = hypotheses_of(hypotheses, c, names)
    _require_errors(asked, found, names)
    return _tested(asked, found, level)


class _SingularCovarianceError(ValueError):
    """The estimates have no covariance of full rank, as with few clusters."""


def slopes_test(found: Estimates, level: float) -> tuple[WaldTest | None, tuple[str, ...]]:
    """Return the test that all slopes are 0, or None and a sentence with the reason.

    The model has an intercept.
    """
    missing = "The features have no joint Wald test, because {}."
    is_fixed = np.array([str(note).startswith("fixed") for note in found.notes], dtype=bool)
    if ((found.notes != "") & ~is_fixed).any():
        return None, (missing.format("some coefficients have no standard error"),)
    n_terms = len(found.values) // found.n_outputs
    is_slope = (np.arange(len(found.values)) % n_terms < n_terms - 1) & ~is_fixed
    rows = np.eye(len(found.values))[is_slope]
    names = [found.names[k] for k in np.flatnonzero(is_slope)]
    try:
        return _tested(Hypotheses(rows, np.zeros(len(rows)), names), found, level), ()
    except _SingularCovarianceError:
        return None, (missing.format("there are too few clusters for all coefficients"),)


def _tested(asked: Hypotheses, found: Estimates, level: float) -> WaldTest:
    """Return the test of hypotheses about parameters with standard errors."""
    own = found.known
    # Each hypothesis has a largest coefficient of 1, so that no square overflows or underflows.
    unit = np.abs(asked.L).max(axis=1)
    matrix = asked.L / unit[:, None]
    estimate = matrix[:, own] @ found.values[own]
    error = lengths(found.contrasts(matrix))
    with np.errstate(over="ignore"):
        c = asked.c / unit
        distances = np.abs((estimate - c) / error)
    if not (distances < _FARTHEST).all():
        k = int(np.argmin(distances < _FARTHEST))
        raise ValueError(
            f"The hypothesis {asked.names[k]!r} is {distances[k]:.3g} standard errors from the "
            "estimate. Expected a right side on the scale of the estimates. Check the units of "
            "hypotheses and c."
        )
    columns = wald_columns("estimate", estimate, error, level, c, unit)
    contrasts = as_frame(columns, asked.names)
    reduced = independent(matrix[:, own], c, found.errors[own])
    rows = np.zeros((len(reduced.L), len(found.values)))
    rows[:, own] = reduced.L
    statistic = _statistic(reduced.L @ found.values[own] - reduced.c, found.contrasts(rows))
    df = len(rows)
    return WaldTest(statistic, df, float(above_zero(chi2.sf(statistic, df))), contrasts)


def _statistic(away: FloatArray, roots: FloatArray) -> float:
    """Return the statistic of distances whose covariance is the products of ``roots``."""
    error = lengths(roots)
    # QR factors of the root keep the digits that its products would lose.
    triangle = np.linalg.qr((roots / error[:, None]).T, mode="r")
    if len(triangle) < len(away) or np.abs(np.diag(triangle)).min() < _SINGULAR:
        raise _SingularCovarianceError(
            f"The covariance of the {len(away)} hypotheses is singular. Expected fewer hypotheses "
            "than clusters, and columns whose means are not far above their deviations. Test fewer "
            "hypotheses, or subtract the means of the columns before the fit."
        )
    scaled = solve_triangular(triangle, away / error, trans="T")
    return float(scaled @ scaled)


def _require_errors(hypotheses: Hypotheses, found: Estimates, names: list[str]) -> None:
    """Raise ``ValueError`` if a hypothesis is empty or has a coefficient without a variance."""
    if not hypotheses.L.any(axis=1).all():
        raise ValueError(
            "A row of hypotheses has zeros only. Expected a coefficient in each hypothesis."
        )
    without = (found.notes != "") & hypotheses.L.any(axis=0)
    if without.any():
        k = int(np.flatnonzero(without)[0])
        raise ValueError(
            f"The coefficient of {names[k]!r} has no standard error: {found.notes[k]}. Expected "
            "hypotheses on coefficients with standard errors. Use likelihood_ratio_test, or leave "
            "out a collinear feature."
        )
