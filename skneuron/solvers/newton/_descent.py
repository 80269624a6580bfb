"""The loop that Newton and its relatives share: model, step, line search, gap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import (
    REACH,
    VISIBLE,
    bounded,
    is_near,
    penalty_gap,
    relative,
    relative_gap,
    rounding,
)
from skneuron.solvers._iterate import Budget, Point, length_of
from skneuron.solvers._stopping import StoppingRule, status_without_progress
from skneuron.solvers.newton._model import Model, model_at

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
# twice of what it promised, and left at most a tenth of the gap, and if the step to the
# minimum changes no pre-activation by more than REACH.
_AGREES, _LEFT = 2.0, 0.1

# It stays believed while each step leaves less than this fraction of the gap: a model whose
# curvature has become too large predicts small gaps, and steps with it leave nearly all.
_FASTER = 0.5

# Change of a linear predictor, since the model's curvature was taken, above which that is
# taken anew before a gap is accepted: curvatures of the log loss may differ by a factor of e.
_MODEL_REACH = 1.0

# While more than this fraction of F is still to go, Newton steps of nearly separable data are
# too short: the log loss flattens along them.
_FAR = 1e-3

# A longer step is good enough if this fraction of the slope is left at its end.
_FLAT = 0.1

# Maximum number of lengths that are tried for a longer step.
_LENGTHS = 3

# A length is doubled while more than this fraction of the slope is left.
_STEEP = 0.5

# Maximum number of doublings.
_DOUBLINGS = 60

# Number of checks of the gap that are put off, as another step costs less and is of use. Later
# ones wait for twice as many steps each time.
_DOUBTS = 4

# Steps without progress that end a fit. As many as the second number are allowed while they
# still change a linear predictor by more than REACH: they may be leaving a plateau.
_PATIENCE = 10
_PATIENCE_ON_PLATEAU = 100


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
    base : ndarray of shape (n_params,)
        Where the model's curvature was taken.
    """

    point: Point
    model: Model
    promised: float
    contraction: float = 1.0
    believed: bool = False
    exact: bool = False
    base: FloatArray | None = None


class Descent(ABC):
    """What distinguishes one member of the family: where its curvature comes from."""

    @abstractmethod
    def wants_hessian(self, progress: Progress) -> bool:
        """Return whether the next pass over the rows should take the Hessian along."""

    @abstractmethod
    def reach(self, step: FloatArray, params: FloatArray) -> float:
        """Return how far a step changes a pre-activation, on the rows that it knows."""

    @abstractmethod
    def model(self, point: Point) -> Model:
        """Return the model of its curvature at a point."""

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
    objective: ObjectiveProtocol,
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
    objective : ObjectiveProtocol
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
    return _Loop(objective, progress, budget, history, rule).run(certify=certify)


class _Loop:
    """State of one descent.

    Attributes
    ----------
    progress : Progress
        The iterate, and the model there.
    step : ndarray of shape (n_params,)
        Step to the model's minimum.
    best : Progress
        The iterate with the smallest predicted gap among those with the lowest F.
    """

    def __init__(
        self,
        objective: ObjectiveProtocol,
        progress: Progress,
        budget: Budget,
        history: History,
        rule: Descent,
    ) -> None:
        self._objective, self._budget, self._history = objective, budget, history
        self._rule = rule
        self._stopping = StoppingRule(objective, progress.point.value, _PATIENCE)
        self._doubts, self._next_check = 0, _DOUBTS
        self.step, progress.promised = progress.model.step(progress.point)
        if progress.base is None:
            progress.base = progress.point.params
        self.progress = self.best = progress

    def run(self, *, certify: bool) -> End:
        """Take steps until the gap is reached, none is of use, or there have been enough."""
        tol = self._budget.tol
        while len(self._history) < self._budget.max_iter:
            if relative(self.progress.promised, self._objective) <= tol and len(self._history):
                gap = self._checked_gap() if certify else 0.0
                if gap <= tol:
                    return End(self.progress.point, gap, Status.CONVERGED, self.progress)
            if not self._take_step() or self._is_stuck():
                gap = self._gap_of_best()
                return End(
                    self.progress.point, gap, status_without_progress(gap, tol), self.progress
                )
        gap = self._gap_of_best()
        status = Status.CONVERGED if gap <= tol else Status.MAX_ITER
        return End(self.progress.point, gap, status, self.progress)

    def _checked_gap(self) -> float:
        """Return the relative gap if it is known, infinity if another step costs less."""
        if self._has_left_its_model():
            self._use(self._rule.model(self.progress.point))
        gap = _known_gap(self._objective, self.progress, self._rule, self.step)
        if gap is not None:
            return gap
        self._doubts += 1
        if self._objective.loss.convex and self._doubts <= self._next_check:
            return float(np.inf)
        self._next_check = 2 * self._doubts
        return _looked_at_gap(self._objective, self.progress)

    def _take_step(self) -> bool:
        """Go to the next iterate; return False if no step lowers F."""
        before = self.progress
        hessian = self._rule.wants_hessian(before)
        following, length = _search(self._objective, before, self.step, hessian=hessian)
        if length == 0:
            if self._renew():
                return True
            self._history.add(**_line(self._objective, before.point, 0.0))
            return False
        moved = length * length_of(self.step)
        self._history.add(**_line(self._objective, following, moved))
        if following.hessian is not None:
            model = model_at(self._objective, following.params, following.hessian)
        else:
            model = before.model
            model.learn(before.point, following)
        self.step, left = model.step(following)
        fallen = before.point.value - following.value
        believed = _agrees(self._objective, fallen, before.promised, left)
        believed = believed or (before.believed and left < _FASTER * before.promised)
        self.progress = Progress(
            point=following,
            model=model,
            promised=left,
            contraction=left / before.promised if before.promised > 0 else 0.0,
            believed=length == 1
            and (believed or (before.believed and left < _FASTER * before.promised)),
            exact=following.hessian is not None,
            base=before.base if following.hessian is None else following.params,
        )
        if _failed(self.progress, length) and relative(left, self._objective) > self._budget.tol:
            self._renew()
        self._compare()
        return True

    def _renew(self) -> bool:
        """Take a better model at the iterate; return False if there is none."""
        better = None if self.progress.exact else self._rule.renewed(self.progress)
        if better is None:
            return False
        self._use(better)
        self.progress.exact = True
        return True

    def _use(self, model: Model) -> None:
        """Take the step from a new model at the iterate."""
        progress = self.progress
        progress.model, progress.base = model, progress.point.params
        self.step, progress.promised = model.step(progress.point)

    def _has_left_its_model(self) -> bool:
        """Return whether curvature may have changed much since the model's was taken."""
        params, base = self.progress.point.params, self.progress.base
        if base is None or base is params or not self._objective.loss.convex:
            return False
        moved = params - base
        bound = self._objective.max_change_bound(moved)
        return bound > _MODEL_REACH and self._rule.reach(moved, base) > _MODEL_REACH

    def _compare(self) -> None:
        """Keep the best iterate."""
        new, best = self.progress, self.best
        noise = rounding(self._objective, best.point.value)
        lower = new.point.value < best.point.value - noise
        equal = new.point.value <= best.point.value + noise
        if lower or (equal and new.promised < best.promised):
            self.best = new

    def _is_stuck(self) -> bool:
        """Return whether the last steps made no progress, and lead nowhere either."""
        progress = self.progress
        if not self._stopping.is_stuck(progress.point.value, progress.promised):
            return False
        convex = self._objective.loss.convex
        on_plateau = convex and self._stopping.unseen < _PATIENCE_ON_PLATEAU
        params = progress.point.params
        return not on_plateau or _is_near(self._objective, self._rule, self.step, params)

    def _gap_of_best(self) -> float:
        """Return the relative gap of the best iterate, which becomes the last one."""
        if self.best is not self.progress:
            self.progress = self.best
            self.step, _ = self.best.model.step(self.best.point)
        return _certified(self._objective, self.progress, self._rule, self.step)


def _line(objective: ObjectiveProtocol, point: Point, step: float) -> dict[str, Any]:
    return {
        "params": point.params,
        "objective": point.value,
        "gradient_norm": point.gradient_norm,
        "step": step,
        "n_passes": objective.n_passes,
    }


def _agrees(objective: ObjectiveProtocol, fallen: float, promised: float, left: float) -> bool:
    if relative(promised, objective) <= VISIBLE:
        return True
    expected = promised - left
    return left <= _LEFT * promised and expected / _AGREES <= fallen <= _AGREES * expected


def _failed(progress: Progress, length: float) -> bool:
    """Whether the curvature is too far from the one that the step has met."""
    return length < 1 or progress.contraction > 2 * _LEFT


def _known_gap(
    objective: ObjectiveProtocol, progress: Progress, rule: Descent, step: FloatArray
) -> float | None:
    """Return the model's relative gap where it has proved right, else None."""
    gap = relative(progress.promised, objective)
    if not objective.loss.convex or not (gap <= VISIBLE or progress.believed):
        return None
    if _is_near(objective, rule, step, progress.point.params):
        return gap
    if not objective.penalty.is_smooth:
        return None
    most = penalty_gap(objective, progress.point.value, progress.point.gradient)
    return relative(most, objective) if relative(most, objective) <= VISIBLE else None


def _is_near(
    objective: ObjectiveProtocol, rule: Descent, step: FloatArray, params: FloatArray
) -> bool:
    """Return whether the step to the model's minimum changes no linear predictor by much."""
    return objective.max_change_bound(step) <= REACH or rule.reach(step, params) <= REACH


def _looked_at_gap(objective: ObjectiveProtocol, progress: Progress) -> float:
    point = progress.point
    return bounded(relative_gap(objective, point.params, point.gradient), objective, point.value)


def _certified(
    objective: ObjectiveProtocol, progress: Progress, rule: Descent, step: FloatArray
) -> float:
    """Return the relative gap: the model's where it has proved right, else looked at anew."""
    gap = _known_gap(objective, progress, rule, step)
    return _looked_at_gap(objective, progress) if gap is None else gap


def _search(
    objective: ObjectiveProtocol, progress: Progress, step: FloatArray, *, hessian: bool
) -> tuple[Point, float]:
    """Halve the step until the objective falls enough; length 0 if it never does.

    Where the promised decrease is too small to be read off the objective, whose terms
    carry the rounding of z, the gap decides, measured by the same model.
    """
    point, before = progress.point, progress.promised
    slope = float(point.gradient @ step)
    if not objective.penalty.is_smooth:
        shape, kink = (objective.dims.n_outputs, -1), objective.penalty.kink
        slope += kink((point.params + step).reshape(shape)) - kink(point.params.reshape(shape))
    scale = max(abs(point.value), objective.zero_value)
    by_gap = abs(slope) <= VISIBLE * scale
    if slope > 0 and not by_gap:
        # A nearly singular curvature: its step leads uphill.
        return point, 0.0
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
    objective: ObjectiveProtocol, progress: Progress, step: FloatArray, slope: float
) -> float:
    """Return the length to try first: above 1 where F still falls steeply there.

    A secant search for the zero of the slope, which is monotone as F is convex. It needs z
    only, no pass over X for each try, and is left out where that is no saving. The first try is
    shorter than 1 if the model predicts a decrease to below zero, which no loss reaches.
    """
    length, value = 1.0, progress.point.value
    if not objective.has_summary and 0 < value < progress.promised < np.inf:
        length = value / progress.promised
    if not (objective.loss.convex and objective.penalty.is_smooth and objective.rows.in_cache):
        return length
    if relative(progress.promised, objective) <= _FAR:
        # On a plateau a step changes linear predictors by much, and leaves the gap as it was.
        # A short step along rounding errors of the columns must not become a long one.
        params = progress.point.params
        if progress.contraction <= _LEFT or is_near(objective, params, step):
            return length
    along = objective.slope_along(progress.point.params, step)
    last, last_slope = 0.0, slope
    for _ in range(_LENGTHS):
        here = along(length)
        if not here < _FLAT * slope:
            return length
        if here == last_slope:
            break
        following = length - here * (length - last) / (here - last_slope)
        last, last_slope, length = length, here, following
    return _doubled(along, length, slope)


def _doubled(along: Callable[[float], float], length: float, slope: float) -> float:
    """Double a length while most of the slope is left: losses with exponential tails keep it."""
    for _ in range(_DOUBLINGS):
        if not along(2 * length) < _STEEP * slope:
            break
        length *= 2
    return length
