"""The values of ``C`` on a path: a list of the user, or a grid in the units of the data."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import FloatArray, wrong_value
from skneuron.fitting._absent_classes import present_only
from skneuron.fitting._subproblems import Subproblem, subproblems
from skneuron.fitting._train import Columns
from skneuron.validation import Settings, TrainingData

__all__ = ["check_Cs", "check_l1_ratios", "data_grid", "entering_C"]

# Width of the grid of an L1 penalty: the last C divided by the first, as in R's glmnet.
_L1_WIDTH = 1e4

# The same width for more features than samples, as in R's glmnet: a weaker penalty then leaves
# hardly any loss.
_L1_WIDTH_WIDE = 1e2

# Relative distance of the grid from the C where the first coefficient enters, above the rounding
# errors of the gradient.
_BEFORE_ENTRY = 1e-10

# First C of the grid of a ridge, times the variance of a linear predictor with coefficients of
# variance 1. For the variance 1 the grid is the grid of LogisticRegressionCV.
_RIDGE_FIRST = 1e-4

# Last C of the grid of a ridge, times the same variance and for the same reason.
_RIDGE_LAST = 1e4


def check_Cs(Cs: int | ArrayLike, owner: str) -> int | FloatArray:
    """Return the number of values, or the values.

    Raises
    ------
    ValueError
        If it is neither a positive integer nor a list of positive numbers.
    """
    expected, example = "a positive integer or a list of positive numbers", "Cs=[0.1, 1.0, 10.0]"
    if isinstance(Cs, Integral) and not isinstance(Cs, bool):
        if Cs >= 1:
            return int(Cs)
    elif not isinstance(Cs, str | bytes | bool | Real):
        values = _numbers(Cs)
        if values is not None and np.all(values > 0):
            return values
    raise ValueError(wrong_value("Cs", Cs, expected, example, owner))


def check_l1_ratios(l1_ratios: ArrayLike, owner: str) -> FloatArray:
    """Return the values, and raise ``ValueError`` if one is not from 0 to 1."""
    values = None if isinstance(l1_ratios, str | bytes) else _numbers(l1_ratios)
    if values is None or not np.all((values >= 0) & (values <= 1)):
        expected, example = "a list of numbers from 0 to 1", "l1_ratios=(0.0, 0.5, 1.0)"
        raise ValueError(wrong_value("l1_ratios", l1_ratios, expected, example, owner))
    return values


def _numbers(values: ArrayLike) -> FloatArray | None:
    """Return a copy of the numbers as a vector, None for anything else."""
    try:
        given = np.asarray(values)
        out = np.array(given, np.float64)
    except (TypeError, ValueError):
        return None
    return out if out.ndim == 1 and out.size and given.dtype.kind in "iuf" else None


def data_grid(
    n_values: int, data: TrainingData, settings: list[Settings], columns: Columns
) -> FloatArray:
    """Return increasing values of ``C``, evenly spaced on a logarithmic scale.

    With an L1 penalty the grid starts where the first coefficient enters. For a ridge it covers
    coefficients from nearly zero to nearly free.

    Parameters
    ----------
    n_values : int
    data : TrainingData
    settings : list of Settings
        One per ``l1_ratio``. The grid covers the ranges of all of them.
    columns : (DesignMatrix, Moments)
    """
    # The check below refuses a grid that overflows, so NumPy's warnings add nothing.
    with np.errstate(all="ignore"):
        ranges = []
        for one in settings:
            first = entering_C(data, one, columns) if one.l1_ratio > 0 else np.inf
            if np.isfinite(first):
                wide = data.X.shape[1] > data.X.shape[0]
                first *= 1 - _BEFORE_ENTRY
                ranges.append((first, first * (_L1_WIDTH_WIDE if wide else _L1_WIDTH)))
            else:
                variance = columns[1].deviation[columns[1].deviation > 0] ** 2
                unit = np.median(variance) * variance.size if variance.size else np.float64(1)
                ranges.append((_RIDGE_FIRST / unit, _RIDGE_LAST / unit))
        low, high = min(ends[0] for ends in ranges), max(ends[1] for ends in ranges)
        grid = np.geomspace(low, high, n_values)
    if not (np.all(np.isfinite(grid)) and np.all(grid > 0)):
        raise ValueError(
            f"The grid of Cs={n_values} from {low:.1e} to {high:.1e} overflows float64. Expected "
            "columns with ordinary units. Use for example Cs=[0.1, 1.0, 10.0], or rescale X with "
            "sklearn.preprocessing.StandardScaler()."
        )
    return grid


def entering_C(data: TrainingData, settings: Settings, columns: Columns) -> float:
    """Return the largest ``C`` at which all coefficients are zero, infinite if there is none.

    The L1 penalty keeps a coefficient at zero while the gradient is within ± its strength. With
    the best intercept alone, the gradient of coefficient j is gⱼ = Σᵢ sᵢ ∂ℓ/∂z xᵢⱼ, and the value
    is ρ / max |gⱼ|. R's glmnet has the same formula for its largest penalty.
    """
    if data.penalty_factor is not None and not np.all(data.penalty_factor):
        # The fit without penalised coefficients is more than an intercept then.
        return np.inf
    if data.absent and settings.fit_intercept:
        data = present_only(data)
        if data.absent:
            return np.inf
    unit = replace(settings, C=1.0, l1_ratio=1.0)
    centered = settings.fit_intercept
    parts = subproblems(data, unit, *columns, center_offset=centered)
    largest = max(map(_largest_ratio, parts))
    return settings.l1_ratio / largest if largest > 0 else np.inf


def _largest_ratio(part: Subproblem) -> float:
    """Return the largest ratio of a gradient to the strength of its L1 penalty, at zero."""
    objective = part.objective
    penalty, at = objective.penalty, objective.coordinates
    params = objective.at_zero()
    gradient = objective.value_gradient(params)[1].reshape(at.n_outputs, -1)
    coef = params.reshape(at.n_outputs, -1)
    inside = np.where(gradient < 0, coef < penalty.high, coef > penalty.low)
    penalised = penalty.lasso > 0
    ratios = np.abs(gradient / np.where(penalised, penalty.lasso, 1.0))
    return float(np.max(ratios, where=inside & penalised, initial=0.0))
