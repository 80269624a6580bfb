"""The loop that Newton and its relatives share: model, step, line search, gap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._gap import (
    INVISIBLE,
    VISIBLE,
    bounded,
    relative,
    relative_gap,
    rounding,
)
from skneuron.solvers._model import Model, model_at
from skneuron.solvers._point import Budget, Point

__all__ = ["REACH", "Descent", "Progress", "descend"]

# Armijo's share of the promised decrease. Small, as a full step of a good model is
# wanted; positive, so that steps cannot creep (Nocedal & Wright, 2006, section 3.1).
_ARMIJO = 1e-4

# 2**-60 of a Newton step changes no digit.
_HALVINGS = 60

# A step of length t leaves (1 - t)² of the gap: one that leaves more than this share, or
# is shorter than 2**-4, has met rounding.
_FALLS, _GAP_HALVINGS = 0.9, 5

# A model is believed about the gap once a full step has lowered F by between half and
# twice of what it promised, and left at most a tenth of the gap ...
_AGREES, _LEFT = 2.0, 0.1

# ... and if the step to the minimum changes no pre-activation by more than this: log
# losses then bend alike all along it (Bach, Electron. J. Stat. 4, 2010, on the
# self-concordance of the logistic loss). Nearly separable, collinear data give gaps that
# are wrong by more than a factor of ten from 0.5 on.
REACH = 0.1

# Where more than this share of F is still to go, Newton steps of nearly separable data are
# too short: the log loss flattens along them. Nearer the minimum they are right. A length
# is good enough where a tenth of the slope is left, and is looked for so often.
_FAR, _FLAT, _LOOKS = 1e-3, 0.1, 3

# So many steps are taken instead of looking at the gap anew.
_DOUBTS = 4


@dataclass
class Progress:
    """Where a descent is.

    Attributes
    ----------
    point : Point
    model : Model
        Of the objective around the point.
    promised : float
        How much lower the model's minimum is than F.
    contraction : float
        What share of the gap the last step has left.
    believed : bool
        Whether F has fallen as the model had promised.
    exact : bool
        Whether the model's curvature is the Hessian at the point.
    """

    point: Point
    model: Model
    promised: float
    contraction: float = 1.0
    believed: bool = False
    exact: bool = False


class Descent(ABC):
    """What distinguishes one member of the family: where its curvature comes from."""

    @abstractmethod
    def wants_hessian(self, progress: Progress) -> bool:
        """Return whether the next pass over the rows should take the Hessian along."""

    @abstractmethod
    def reach(self, step: FloatArray) -> float:
        """Return how far a step changes a pre-activation, on the rows that it knows."""

    @abstractmethod
    def renewed(self, progress: Progress) -> Model | None:
        """Return a better model than one that has failed, None if there is no better."""


@dataclass(frozen=True)
class End:
    """How a descent ended."""

    point: Point
    gap: float
    status: Status
    progress: Progress

    def result(self, history: History) -> SolverResult:
        """Return it as a solver hands it out."""
        return SolverResult(
            coef=self.point.params,
            objective=self.point.value,
            gap=self.gap,
            n_iter=len(history),
            status=self.status,
            history=history.as_dict(),
        )


def descend(
    objective: Objective,
    progress: Progress,
    budget: Budget,
    history: History,
    rule: Descent,
    *,
    certify: bool = True,
) -> End:
    """Minimize the objective from a point.

    Parameters
    ----------
    objective : Objective
    progress : Progress
        Where to begin, and the first model.
    budget : Budget
    history : History
    rule : Descent
    certify : bool
        Whether the gap has to be right; on the way to other rows it need not be.

    Returns
    -------
    End
    """
    tol, doubts = budget.tol, 0
    step, progress.promised = progress.model.step(progress.point)
    while len(history) < budget.max_iter:
        if relative(progress.promised, objective) <= tol and len(history):
            gap = _known_gap(objective, progress, rule, step) if certify else 0.0
            doubts += gap is None
            # Another step costs less than a look at the gap from elsewhere, and is of use.
            if gap is None and (doubts > _DOUBTS or not objective.loss.convex):
                gap = _looked_at_gap(objective, progress)
            if gap is not None and gap <= tol:
                return End(progress.point, gap, Status.CONVERGED, progress)
        before = progress.point
        following, length = _search(objective, progress, step, hessian=rule.wants_hessian(progress))
        if length == 0:
            better = None if progress.exact else rule.renewed(progress)
            if better is None:
                history.add(**_line(objective, before, 0.0))
                gap = _certified(objective, progress, rule, step)
                return End(before, gap, _stuck(gap, tol), progress)
            progress.model, progress.exact = better, True
            step, progress.promised = better.step(before)
            continue
        history.add(**_line(objective, following, length * float(np.linalg.norm(step))))
        promised = progress.promised
        if following.hessian is not None:
            model = model_at(objective, following.params, following.hessian)
        else:
            model = progress.model
            model.learn(before, following)
        step, left = model.step(following)
        believed = _agrees(objective, before.value - following.value, promised, left)
        progress = Progress(
            point=following,
            model=model,
            promised=left,
            contraction=left / promised if promised > 0 else 0.0,
            believed=length == 1 and (believed or (progress.believed and left < promised)),
            exact=following.hessian is not None,
        )
        if not progress.exact and relative(left, objective) > tol:
            better = rule.renewed(progress) if _failed(progress, length) else None
            if better is not None:
                progress.model, progress.exact = better, True
                step, progress.promised = better.step(following)
    gap = _certified(objective, progress, rule, step)
    status = Status.CONVERGED if gap <= tol else Status.MAX_ITER
    return End(progress.point, gap, status, progress)


def _line(objective: Objective, point: Point, step: float) -> dict[str, Any]:
    return {
        "params": point.params,
        "objective": point.value,
        "gradient_norm": point.gradient_norm,
        "step": step,
        "reads": objective.reads,
    }


def _agrees(objective: Objective, fallen: float, promised: float, left: float) -> bool:
    if relative(promised, objective) <= VISIBLE:
        return True
    expected = promised - left
    return left <= _LEFT * promised and expected / _AGREES <= fallen <= _AGREES * expected


def _failed(progress: Progress, length: float) -> bool:
    """Whether the curvature is too far from the one that the step has met."""
    return length < 1 or progress.contraction > 2 * _LEFT


def _known_gap(
    objective: Objective, progress: Progress, rule: Descent, step: FloatArray
) -> float | None:
    """Return the model's relative gap where it has proved right, else None."""
    gap = relative(progress.promised, objective)
    if not objective.loss.convex:
        return None
    if gap <= VISIBLE or (progress.believed and rule.reach(step) <= REACH):
        return gap
    return None


def _looked_at_gap(objective: Objective, progress: Progress) -> float:
    point = progress.point
    return bounded(relative_gap(objective, point.params, point.gradient), objective, point.value)


def _certified(objective: Objective, progress: Progress, rule: Descent, step: FloatArray) -> float:
    """Return the relative gap: the model's where it has proved right, else looked at anew."""
    gap = _known_gap(objective, progress, rule, step)
    return _looked_at_gap(objective, progress) if gap is None else gap


def _stuck(gap: float, tol: float) -> Status:
    if gap <= tol:
        return Status.CONVERGED
    return Status.PRECISION if gap <= INVISIBLE else Status.STALLED


def _search(
    objective: Objective, progress: Progress, step: FloatArray, *, hessian: bool
) -> tuple[Point, float]:
    """Halve the step until the objective falls enough; length 0 if it never does.

    Where the promised decrease is too small to be read off the objective, whose terms
    carry the rounding of z, the gap decides, measured by the same model.
    """
    point, before = progress.point, progress.promised
    slope = float(point.gradient @ step)
    if not objective.is_smooth:
        shape, kink = (objective.n_outputs, -1), objective.penalty.kink
        slope += kink((point.params + step).reshape(shape)) - kink(point.params.reshape(shape))
    scale = max(abs(point.value), objective.zero_value)
    by_gap = abs(slope) <= VISIBLE * scale
    length = _first_length(objective, progress, step, slope)
    # The model may promise more after a step that F shows to be good where it is exact.
    shown: tuple[Point, float] | None = None
    exact = abs(slope) > rounding(objective, point.value)
    for tried in range(_HALVINGS if exact else _GAP_HALVINGS):
        if shown and tried >= _GAP_HALVINGS:
            break
        trial = Point.at(objective, point.params + length * step, hessian=hessian)
        falls = trial.value <= point.value + _ARMIJO * length * slope
        if falls and not by_gap:
            return trial, length
        no_worse = trial.value <= point.value + VISIBLE * scale
        if by_gap and no_worse and progress.model.gap(trial) < _FALLS * before:
            return trial, length
        if falls and not shown:
            shown = trial, length
        length /= 2
    return shown or (point, 0.0)


def _first_length(
    objective: Objective, progress: Progress, step: FloatArray, slope: float
) -> float:
    """Return the length to try first: above 1 where F still falls steeply there.

    A secant search for the zero of the slope, which is monotone as F is convex. It needs z
    only, no pass over X for each try, and is left out where that is no saving.
    """
    near = relative(progress.promised, objective) <= _FAR
    if near or not (objective.loss.convex and objective.is_smooth and objective.in_cache):
        return 1.0
    along = objective.slope_along(progress.point.params, step)
    last, last_slope, length = 0.0, slope, 1.0
    for _ in range(_LOOKS):
        here = along(length)
        if not here < _FLAT * slope or here == last_slope:
            break
        following = length - here * (length - last) / (here - last_slope)
        last, last_slope, length = length, here, following
    return length
