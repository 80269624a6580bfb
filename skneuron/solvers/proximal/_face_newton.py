"""Newton's method without a Hessian for an L1 penalty and bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron.objective import Objective
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._tolerances import DENSE_PARAMS, MAX_DELTA_Z, MEASURABLE
from skneuron.solvers.proximal._face_model import FaceModel, FaceStep

__all__ = ["FaceEnd", "descend_on_faces"]

# So many steps at most.
_STEPS = 40

# Solved to this share of the gap at its start.
_INNER = 0.03

_ARMIJO, _HALVINGS = 1e-4, 40

# After a step that had to be cut the model is damped by this share of its diagonal, or so
# many times as much as before; after a whole one so many times less, to none at all.
_DAMPING, _FACTOR, _LEAST = 1e-2, 4.0, 1e-3

# A step that fails leaves more than this share of what was promised. So many in
# turn, where F is too coarse to show what they do, are taken for rounding.
_FALLS, _FAILURES = 0.9, 5

# A look at the gap with a Hessian costs this share of a descent with some.
_LOOK = 0.25

# Full steps that lower F by between half and twice of what was promised prove a model.
_AGREES = 2.0


@dataclass(frozen=True)
class FaceEnd:
    """Where it ended.

    Attributes
    ----------
    point : Iterate
    begun : float
        How much lower the first model's minimum was.
    left : float
        How much lower the last one's is than the point; infinite if not known.
    beyond : Iterate
        A step further, where one is known.
    trusted : bool
        Whether it has come as near as was asked for.
    """

    point: Iterate
    begun: float
    left: float
    beyond: Iterate
    trusted: bool


def descend_on_faces(objective: Objective, point: Iterate, tol: float) -> FaceEnd:
    """Minimize, step by step on the face that a gradient step foresees.

    A semismooth Newton method: who is at zero, at a bound or on which side of zero is read
    off a short gradient step, and on that face Newton's equations are solved by conjugate
    gradients (Byrd, Chin, Nocedal & Oztoprak, Math. Program. 159, 2016). Weights at zero or
    at a bound are there exactly.

    Parameters
    ----------
    objective : Objective
    point : Iterate
    tol : float
        Relative gap that is asked for in the end.
    """
    failures, damping = 0, 0.0
    spent, wait, lost = 0, 0, 0
    believed, last = False, np.inf
    # So many products cost as much as a few models with a factored Hessian. Where rows are too
    # few for one that is not singular, faces are left for it in the end only.
    worth = objective.n_params**2 / objective.row_elements
    most_lost = worth if objective.n_params <= objective.n_samples else np.inf
    begun, aim = 0.0, tol
    for taken in range(_STEPS):
        exact = relative(last, objective) <= MEASURABLE
        model = FaceModel(objective, point, damping=damping)
        step = model.step()
        small = damping == 0 and relative(step.promised, objective) <= aim == tol
        spent += model.products
        # What is told in the end is looked at twice; if that was of no use, not again until
        # steps have cost as much.
        sure = spent >= wait and (exact or (small and (step.settled or taken == 0)))
        if sure:
            rough = model.products
            step = model.refined()
            wait = 0 if step.settled else spent + model.products - rough
        promised, gap = step.promised, relative(step.promised, objective)
        told = sure and damping == 0 and step.settled and gap <= aim
        told = told and (gap <= MEASURABLE or believed or _is_near(objective, point, step))
        if taken == 0:
            begun = promised + step.wanted
        if told and spent > _LOOK * worth and objective.n_params <= DENSE_PARAMS:
            # It has been hard: directions may hide that are nearly flat. A Hessian shows them.
            break
        if told:
            beyond = _search(objective, point, step)[0] if promised > 0 else point
            return FaceEnd(point, begun, step.most + step.wanted, beyond, trusted=True)
        if taken == 0:
            aim = max(tol, _INNER * gap)
        # Nobody is told the gap of a part that others follow.
        near = taken > 0 and relative(promised + step.wanted, objective) <= aim > tol
        failed = promised >= _FALLS * last and gap <= MEASURABLE
        failures = failures + 1 if failed else 0
        lost += 0 if np.isfinite(step.most) else model.products
        if promised <= 0 or failures >= _FAILURES or lost > most_lost:
            break
        following, length = _search(objective, point, step)
        if near:
            return FaceEnd(following, begun, np.inf, following, trusted=True)
        if length == 0:
            return FaceEnd(following, begun, np.inf, following, trusted=False)
        if length < 1:
            damping = max(_FACTOR * damping, _DAMPING)
        else:
            damping = damping / _FACTOR if damping > _LEAST else 0.0
        fallen = point.value - following.value
        believed = length == 1 and promised / _AGREES <= fallen <= _AGREES * promised
        point, last = following, promised
    return FaceEnd(point, begun, np.inf, point, trusted=False)


def _is_near(objective: Objective, point: Iterate, step: FaceStep) -> bool:
    return objective.reach(step.params - point.params) <= MAX_DELTA_Z


def _search(objective: Objective, point: Iterate, step: FaceStep) -> tuple[Iterate, float]:
    """Halve the way until F falls enough, and then while it falls more; 0 if it never does.

    The model is convex: a part of the way has at least that part of what it promises.
    """
    promised, way = step.promised, step.params - point.params
    rounding = MEASURABLE * max(abs(point.value), objective.zero_value)
    slack = rounding if promised <= rounding else 0.0
    # The end itself, not what rounding makes of it: zeros are exact.
    trial, length = Iterate.at(objective, step.params), 1.0
    for _ in range(_HALVINGS):
        if trial.value <= point.value - _ARMIJO * length * promised + slack:
            break
        length /= 2
        trial = Iterate.at(objective, point.params + length * way)
    else:
        return point, 0.0
    while length < 1:
        shorter = Iterate.at(objective, point.params + 0.5 * length * way)
        if shorter.value >= trial.value:
            break
        trial, length = shorter, length / 2
    return trial, length
