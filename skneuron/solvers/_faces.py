"""Newton's method without a Hessian for an L1 penalty and bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.objective import Objective
from skneuron.solvers._descent import REACH
from skneuron.solvers._gap import VISIBLE, relative
from skneuron.solvers._point import Budget, Point

__all__ = ["FaceEnd", "descend_on_faces"]

# Conjugate gradients end when their last two terms add less than this share; each time
# weights have left their face, and before the gap is told.
_ROUGH, _LAST = 0.1, 2
_LONGEST = 250

# Weights that leave their face are held at its end, and the rest is solved for again: so
# many times, and while they are more than this share.
_AGAIN, _FEW = 3, 0.02

# Faces are foreseen from a gradient step, this much shorter than the diagonal alone would
# have it: columns that are alike share what each could do alone. Twice as short after
# each step that had to be cut.
_CAUTION = 4.0

# A step that takes more products than this costs as much as a Hessian of some hundred
# weights (measured on text), and one whose faces were foreseen wrong gains little. Twice
# in turn, and it is given up.
_SLOW, _SLOW_STEPS = 50, 2

# Solved to this share of the gap at its start, and not past this share of tol.
_INNER, _SAFETY = 0.03, 0.1

_ARMIJO, _HALVINGS = 1e-4, 40

# A step that fails leaves more than this share of what is promised.
_FALLS = 0.9

# Full steps that lower F by between half and twice of what was promised prove a model.
_AGREES = 2.0

# A curvature below this share of the one at zero weights is none to divide by.
_LEAST = 1e-3


@dataclass(frozen=True)
class FaceEnd:
    """Where it ended.

    Attributes
    ----------
    point : Point
    begun : float
        How much lower the first model's minimum was.
    trusted : bool
        Whether it has come as near as was asked for.
    """

    point: Point
    begun: float
    trusted: bool


@dataclass(frozen=True)
class _Faces:
    """Lasso and bounds of each parameter."""

    lasso: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, objective: Objective) -> _Faces:
        """Return those of an objective, one after another over its outputs."""
        p, k = objective.penalty, objective.n_outputs
        return cls(*(np.tile(x, k) for x in (p.lasso, p.low, p.high)))

    def gradient_step(self, v: FloatArray, g: FloatArray, curvature: FloatArray) -> FloatArray:
        """Return the minimum of the separable model, bounds included."""
        target = v - g / curvature
        shrunk = np.sign(target) * np.maximum(np.abs(target) - self.lasso / curvature, 0.0)
        return np.asarray(np.clip(shrunk, self.low, self.high))

    def around(self, u: FloatArray) -> tuple[AnyArray, FloatArray, FloatArray]:
        """Return who is free at u, and the ends of the faces."""
        bent = self.lasso > 0
        free = (u > self.low) & (u < self.high) & ((u != 0) | ~bent)
        bottom = np.where(bent & (u > 0), np.maximum(self.low, 0.0), self.low)
        top = np.where(bent & (u < 0), np.minimum(self.high, 0.0), self.high)
        return free, bottom, top

    def left(self, u: FloatArray, slope: FloatArray, free: AnyArray) -> FloatArray:
        """Return the slope in the direction in which a held weight falls, 0 if it stays."""
        up = np.where(u < self.high, -slope - self.lasso * np.where(u >= 0, 1.0, -1.0), 0.0)
        down = np.where(u > self.low, slope - self.lasso * np.where(u <= 0, 1.0, -1.0), 0.0)
        return np.where(free, 0.0, np.maximum(np.maximum(up, down), 0.0))


class _Model:
    """Newton's model at a point, with L1 penalty and bounds, by Hessian products.

    Attributes
    ----------
    products : int
        How many were taken.
    """

    def __init__(self, objective: Objective, point: Point) -> None:
        self._faces = _Faces.of(objective)
        self._product = objective.hessian_operator(point.params)
        diagonal = objective.hessian_diagonal(point.params)
        self._diagonal = np.maximum(diagonal, _LEAST * objective.zero_diagonal())
        self._start, self._gradient = point.params, point.gradient
        self.products = 0

    def step(self, caution: float) -> tuple[FloatArray, float, bool]:
        """Return where to go, how much lower the model is, and if that is nearly its minimum."""
        faces, start = self._faces, self._start
        u = faces.gradient_step(start, self._gradient, caution * self._diagonal)
        free, bottom, top = faces.around(u)
        sign = np.where(free, np.sign(u), 0.0)
        u = np.where(free, start, u)
        slope = self._gradient + self._image(u - start)
        outside = 0
        for again in range(_AGAIN + 1):
            u, slope = self._solve(u, slope, sign, free)
            out = free & ((u < bottom) | (u > top))
            many = int(np.count_nonzero(out))
            outside += many
            if many == 0:
                break
            kept = np.where(out, np.clip(u, bottom, top), u)
            slope = slope + self._image(kept - u)
            u, free = kept, free & ~out
            if again == _AGAIN or many <= _FEW * np.count_nonzero(free):
                break
        promised = self._decrease(u, slope)
        held = faces.left(u, slope, free)
        wanted = 0.5 * float(held @ (held / self._diagonal))
        return u, promised, outside == 0 and wanted <= _ROUGH * promised

    def safe_step(self, caution: float) -> tuple[FloatArray, float]:
        """Return a gradient step that lowers the model, and by how much."""
        for _ in range(_HALVINGS):
            u = self._faces.gradient_step(self._start, self._gradient, caution * self._diagonal)
            promised = self._decrease(u, self._gradient + self._image(u - self._start))
            if promised > 0:
                return u, promised
            caution *= 2
        return self._start, 0.0

    def _image(self, change: FloatArray) -> FloatArray:
        if not np.any(change):
            return np.zeros_like(change)
        self.products += 1
        return self._product(change)

    def _decrease(self, u: FloatArray, slope: FloatArray) -> float:
        kink = float(self._faces.lasso @ (np.abs(self._start) - np.abs(u)))
        return kink - 0.5 * float((u - self._start) @ (self._gradient + slope))

    def _solve(
        self, u: FloatArray, slope: FloatArray, sign: FloatArray, free: AnyArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the minimum on the face of the free weights, and the slope there."""
        residual = np.where(free, -slope - self._faces.lasso * sign, 0.0)
        direction = residual / self._diagonal
        square = float(residual @ direction)
        terms: list[float] = []
        while square > 0 and len(terms) < _LONGEST:
            image = self._image(direction)
            curvature = float(direction @ image)
            if curvature <= 0:
                break
            length = square / curvature
            u, slope = u + length * direction, slope + length * image
            terms.append(length * square)
            if len(terms) > _LAST and sum(terms[-_LAST:]) < _ROUGH * sum(terms):
                break
            residual = residual - length * np.where(free, image, 0.0)
            scaled = residual / self._diagonal
            last, square = square, float(residual @ scaled)
            direction = scaled + (square / last) * direction
        return u, slope


def descend_on_faces(objective: Objective, point: Point, budget: Budget) -> FaceEnd:
    """Minimize, step by step on the face that a gradient step foresees.

    A semismooth Newton method: who is at zero, at a bound or on which side of zero is read
    off a short gradient step, and on that face Newton's equations are solved by conjugate
    gradients (Byrd, Chin, Nocedal & Oztoprak, Math. Program. 159, 2016). Weights at zero or
    at a bound are there exactly.

    Parameters
    ----------
    objective : Objective
    point : Point
    budget : Budget
        Relative gap and number of steps. It ends untrusted where steps are slow.
    """
    caution, slow, believed, last = _CAUTION, 0, False, np.inf
    begun, aim = 0.0, budget.tol
    for taken in range(budget.max_iter):
        model = _Model(objective, point)
        u, promised, settled = model.step(caution)
        gap = relative(promised, objective)
        if settled and gap <= aim:
            near = gap <= VISIBLE or believed or objective.reach(u - point.params) <= REACH
            if near:
                return FaceEnd(point, promised if taken == 0 else begun, trusted=True)
        crossed = promised <= 0
        if crossed:
            u, promised = model.safe_step(2 * caution)
        if taken == 0:
            begun, aim = promised, max(_SAFETY * budget.tol, _INNER * gap)
        slow = slow + 1 if crossed or model.products > _SLOW else 0
        if promised <= 0 or (promised >= _FALLS * last and gap <= VISIBLE):
            break
        following, length = _search(objective, point, u, promised)
        if length == 0:
            break
        caution = 2 * caution if crossed or length < 1 else max(_CAUTION, caution / 2)
        fallen = point.value - following.value
        believed = length == 1 and promised / _AGREES <= fallen <= _AGREES * promised
        point, last = following, promised
        if slow >= _SLOW_STEPS:
            break
    return FaceEnd(point, begun, trusted=False)


def _search(
    objective: Objective, point: Point, u: FloatArray, promised: float
) -> tuple[Point, float]:
    """Halve the way until F falls enough; length 0 if it never does.

    The model is convex: a part of the way has at least that part of what it promises.
    """
    rounding = VISIBLE * max(abs(point.value), objective.zero_value)
    slack = rounding if promised <= rounding else 0.0
    length = 1.0
    for _ in range(_HALVINGS):
        # The end itself, not what rounding makes of it: zeros are exact.
        at = u if length == 1 else point.params + length * (u - point.params)
        trial = Point.at(objective, at)
        if trial.value <= point.value - _ARMIJO * length * promised + slack:
            return trial, length
        length /= 2
    return point, 0.0
