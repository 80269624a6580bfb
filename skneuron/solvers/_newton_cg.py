"""Without a Hessian: L-BFGS on scaled columns, with conjugate gradients where it is slow."""

from __future__ import annotations

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._base import Solver
from skneuron.solvers._descent import REACH
from skneuron.solvers._gap import DENSE_PARAMS, INVISIBLE, VISIBLE, relative, relative_gap
from skneuron.solvers._model import SmoothModel
from skneuron.solvers._point import Budget, Point

__all__ = ["NewtonCG"]

_ARMIJO, _HALVINGS = 1e-4, 40

# Past steps that correct the diagonal. More of them save few passes, and with tens of
# thousands of weights cost as much as a pass.
_MEMORY = 6

# Where ten steps leave more than this share of the gap, the next direction is Newton's
# own, from conjugate gradients.
_WINDOW, _SLOW = 10, 0.1

# Conjugate gradients end when their last two terms add less than this share, on the way
# and for the gap: what is missing then is about as much (Strakoš & Tichý, ETNA 13, 2002).
_LAST, _ROUGH = 2, 0.1
_LONGEST = 250

# After so many steps without a smaller gap only rounding is left.
_IDLE = 40


class NewtonCG(Solver):
    """Newton's method without a Hessian, for more weights than one can be factored for.

    Steps are those of L-BFGS, one pass each, on columns brought to one scale and with the
    diagonal of the curvature as the first guess. Where they become slow, and whenever the
    gap is to be told, Newton's equations are solved by conjugate gradients, one pass per
    product, preconditioned by L-BFGS (Nocedal & Wright, Numerical Optimization, 2006,
    sections 7.1 and 7.2).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneuron import NeuronClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> neuron = NeuronClassifier(solver="newton-cg", tol=1e-9).fit(X, y)
    >>> bool(neuron.gap_ <= 1e-9)
    True
    """

    needs = ("gradient", "hessian")

    def _solve(
        self, objective: Objective, params: FloatArray, budget: Budget, history: History
    ) -> SolverResult:
        search = _Search(objective, Point.at(objective, params), budget.tol)
        status = Status.MAX_ITER
        gap = np.inf
        while len(history) < budget.max_iter:
            if search.may_be_done() and len(history):
                gap = search.certified_gap()
                if gap <= budget.tol:
                    status = Status.CONVERGED
                    break
                search.aim_lower()
            length = search.advance()
            history.add(
                search.point.params,
                objective=search.point.value,
                gradient_norm=search.point.gradient_norm,
                step=length,
                reads=objective.reads,
            )
            if search.is_stuck(length):
                gap = search.newton_gap()
                status = Status.PRECISION if gap <= INVISIBLE else Status.STALLED
                break
        if status is Status.MAX_ITER:
            gap = search.newton_gap()
        status = Status.CONVERGED if gap <= budget.tol else status
        return SolverResult(
            search.point.params, search.point.value, gap, len(history), status, history.as_dict()
        )


class _Search:
    """The point, its model and the step that comes next."""

    def __init__(self, objective: Objective, point: Point, tol: float) -> None:
        self._objective = objective
        self._tol = self._aim = tol
        self.point = point
        self._model = SmoothModel(_Diagonal(objective), memory=_MEMORY)
        self._step, self._promised = self._model.step(point)
        self._past = [self._promised]
        self._best, self._idle = np.inf, 0

    def may_be_done(self) -> bool:
        """Whether L-BFGS believes that the gap is reached."""
        return relative(self._promised, self._objective) <= self._aim

    def aim_lower(self) -> None:
        """Look again when the model promises less than now."""
        self._aim = min(self._aim, relative(self._model_gap(), self._objective)) / 3

    def _model_gap(self) -> float:
        return self._model.gap(self.point)

    def newton_gap(self) -> float:
        """Return the relative gap of Newton's model, whose step becomes the next one."""
        if self._objective.n_params <= DENSE_PARAMS:
            # A Hessian can be had: no estimate is better.
            return relative_gap(self._objective, self.point.params, self.point.gradient)
        self._take_newton_step()
        return relative(self._promised, self._objective)

    def _take_newton_step(self) -> None:
        self._step, self._promised = _newton_step(
            self._objective, self.point, self._model, rough=_ROUGH
        )

    def certified_gap(self) -> float:
        """Return that gap if the model can be believed, inf if a step has to come first."""
        gap = self.newton_gap()
        if gap <= VISIBLE or self._objective.n_params <= DENSE_PARAMS:
            return gap
        if gap > self._tol or self._objective.reach(self._step) <= REACH:
            return gap
        return np.inf

    def advance(self) -> float:
        """Take the step, and look for the next one; return its length, 0 if it failed."""
        following, length = _line_search(self._objective, self.point, self._step)
        if length == 0:
            # Newton's direction is the last thing to try.
            self._take_newton_step()
            following, length = _line_search(self._objective, self.point, self._step)
            if length == 0:
                return 0.0
        moved = length * float(np.linalg.norm(self._step))
        self._model.learn(self.point, following)
        self.point = following
        self._step, self._promised = self._model.step(following)
        self._past.append(self._promised)
        if len(self._past) > _WINDOW and self._promised > _SLOW * self._past[-1 - _WINDOW]:
            self._past = [self._promised]
            self._take_newton_step()
        return moved

    def is_stuck(self, length: float) -> bool:
        """Whether nothing is left to be gained."""
        if self._promised < 0.9 * self._best:
            self._best, self._idle = self._promised, 0
        else:
            self._idle += 1
        return length == 0 or self._idle > _IDLE


class _Diagonal:
    """The diagonal of the curvature where all pre-activations are zero."""

    def __init__(self, objective: Objective) -> None:
        self._diagonal = objective.zero_diagonal()

    def newton_step(self, gradient: FloatArray) -> FloatArray:
        """Return -D⁻¹ g."""
        return -gradient / self._diagonal


def _line_search(objective: Objective, point: Point, step: FloatArray) -> tuple[Point, float]:
    """Halve the step until the objective falls enough; length 0 if it never does.

    A decrease too small to be read off F is judged by ½ (g + g₀)·step, which is the same
    up to third order and does not cancel.
    """
    slope = float(point.gradient @ step)
    scale = max(abs(point.value), objective.zero_value)
    length = 1.0
    for _ in range(_HALVINGS if slope < 0 else 0):
        trial = Point.at(objective, point.params + length * step)
        fallen = trial.value - point.value
        if abs(slope) * length <= VISIBLE * scale and abs(fallen) <= VISIBLE * scale:
            fallen = 0.5 * length * float((trial.gradient + point.gradient) @ step)
        if fallen <= _ARMIJO * length * slope:
            return trial, length
        length /= 2
    return point, 0.0


def _newton_step(
    objective: Objective, point: Point, model: SmoothModel, *, rough: float
) -> tuple[FloatArray, float]:
    """Return Newton's step by preconditioned conjugate gradients, and the gap it promises.

    The terms that add up to the gap are positive: it is approached from below.
    """
    product = objective.hessian_operator(point.params)
    step = np.zeros_like(point.gradient)
    residual = -point.gradient
    preconditioned = model.solve(residual)
    direction = preconditioned
    square = float(residual @ preconditioned)
    terms: list[float] = []
    for _ in range(min(_LONGEST, objective.n_params)):
        if square <= 0:
            break
        image = product(direction)
        curvature = float(direction @ image)
        if curvature <= 0:
            break
        length = square / curvature
        step = step + length * direction
        terms.append(0.5 * length * square)
        if len(terms) > _LAST and sum(terms[-_LAST:]) < rough * sum(terms):
            break
        residual = residual - length * image
        preconditioned = model.solve(residual)
        last, square = square, float(residual @ preconditioned)
        direction = preconditioned + (square / last) * direction
    return step, sum(terms)
