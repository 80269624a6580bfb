"""The fits along one regularisation path, each started from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.fitting._absent_classes import train_present
from skneuron.fitting._result import FitResult
from skneuron.fitting._separation_monitor import UNPENALIZED_C
from skneuron.fitting._subproblems import Start, n_subproblems
from skneuron.fitting._train import Columns
from skneuron.losses import get_loss
from skneuron.results import Status
from skneuron.solvers.newton._path_newton import PathNewton
from skneuron.validation import Settings, TrainingData

__all__ = ["solve_path"]

# Choices of "auto" that form a Hessian.
_WITH_HESSIAN = ("newton", "subsampled-newton")

# Number of parameters from which on a Hessian of all rows costs several other passes, and so fits
# share one Hessian.
_MANY_PARAMS = 50


def solve_path(
    data: TrainingData, settings: Settings, Cs: FloatArray, columns: Columns
) -> Iterator[tuple[int, FitResult]]:
    """Yield the index of each C and the fit with this C, from the strongest penalty on.

    A fit starts from the coefficients of the last fits if the minimum is unique. Otherwise the
    start would decide which minimum the solver reaches. With many rows the fits share a Hessian.

    Raises
    ------
    KeyboardInterrupt
        If an interrupt ended a fit.
    """
    convex = get_loss(settings.loss, settings.activation).convex
    smooth = settings.l1_ratio == 0 and data.low is None
    least = 1.0 if data.penalty_factor is None else float(data.penalty_factor.min())
    last: _FitAtC | None = None
    before: _FitAtC | None = None
    shared = PathNewton()
    shares, chosen = False, ""
    for index in np.argsort(Cs, kind="stable").tolist():
        C = float(Cs[index])
        warm = convex and least / C > 1 / UNPENALIZED_C
        use = shares and warm
        result = train_present(
            data,
            replace(settings, C=C, solver=shared if use else settings.solver),
            start=_start(C, last, before if smooth else None) if warm else None,
            validation=None,
            on_iteration=None,
            states=None,
            columns=columns,
            on_path=True,
        )
        if Status.INTERRUPTED in result.statuses:
            # The solver has caught the interrupt. A path without its weaker penalties is no path.
            raise KeyboardInterrupt("An interrupt ended the path. None of its fits is stored.")
        if use:
            # Warnings name the solver that a user can choose.
            result = replace(result, solver=chosen)
        chosen = result.solver
        if chosen in _WITH_HESSIAN and settings.solver is None:
            is_dear = chosen != "newton" or result.coef.size > _MANY_PARAMS
            shares = is_dear and n_subproblems(settings, data) == 1
        before, last = last, _FitAtC(C, result.coef, result.intercept)
        yield index, result


class _FitAtC(NamedTuple):
    """The coefficients at a C."""

    C: float
    coef: AnyArray
    intercept: AnyArray


def _start(C: float, last: _FitAtC | None, before: _FitAtC | None) -> Start | None:
    """Return the last coefficients, or a line through the last two in the logarithm of C."""
    if last is None:
        return None
    start = last.coef, last.intercept
    if before is None or before.C == last.C:
        return start
    t = np.log(C / last.C) / np.log(last.C / before.C)
    line = (
        last.coef + t * (last.coef - before.coef),
        last.intercept + t * (last.intercept - before.intercept),
    )
    return line if all(np.all(np.isfinite(part)) for part in line) else start
