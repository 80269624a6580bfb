"""SciPy's L-BFGS-B for an L1 penalty and bounds, on all columns at once."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._gap import relative
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._tolerances import PRECISION
from skneuron.solvers.newton._conjugate import conjugate_gradients, settled
from skneuron.solvers.newton._preconditioner import DiagonalPreconditioner
from skneuron.solvers.proximal._faces import Faces

__all__ = ["bounded_lbfgs"]

# Iterations between two looks at the gap, and looks that gain nothing.
_ROUND, _IDLE = 200, 3

# Products for a gap, and those whose terms add little before it is believed.
_LONGEST, _LAST = 200, 3


def bounded_lbfgs(
    objective: Objective, point: Iterate, budget: StoppingCriteria, history: History
) -> SolverResult:
    """Go on with SciPy's L-BFGS-B, weights with an L1 penalty as difference of two parts."""
    split = _Split(objective)
    best_gap, idle, status = np.inf, 0, Status.MAX_ITER
    gap = _free_gap(objective, point)
    while len(history) < budget.max_iter and (gap > budget.tol or not len(history)):
        before = point
        steps = min(_ROUND, budget.max_iter - len(history))
        point = split.run(point, steps, history)
        gap = _free_gap(objective, point)
        idle = 0 if gap < 0.5 * best_gap else idle + 1
        best_gap = min(gap, best_gap)
        if idle > _IDLE or point is before:
            status = Status.PRECISION if gap <= PRECISION else Status.STALLED
            break
    status = Status.CONVERGED if gap <= budget.tol else status
    return SolverResult(point.params, point.value, gap, len(history), status, history.as_dict())


class _Split:
    """v = a - c with a, c ≥ 0 where there is an L1 penalty; v = a within its bounds elsewhere."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        penalty, k = objective.penalty, objective.n_outputs
        self._lasso = np.tile(penalty.lasso, k)
        low, high = np.tile(penalty.low, k), np.tile(penalty.high, k)
        self._bent = self._lasso > 0
        positive = np.where(self._bent, np.maximum(low, 0), low)
        self._bounds = optimize.Bounds(
            np.append(positive, np.maximum(-high[self._bent], 0)),
            np.append(
                np.where(self._bent, np.maximum(high, 0), high), np.maximum(-low[self._bent], 0)
            ),
        )

    def run(self, point: Iterate, steps: int, history: History) -> Iterate:
        """Return the point after so many iterations."""
        v, n = point.params, len(point.params)
        start = np.append(np.where(self._bent, np.maximum(v, 0), v), np.maximum(-v[self._bent], 0))
        seen = point

        def function(parts: FloatArray) -> tuple[float, FloatArray]:
            """Return F and gradient of the parts."""
            nonlocal seen
            params = parts[:n].copy()
            params[self._bent] -= parts[n:]
            seen = Iterate.at(self._objective, params)
            return seen.value, np.append(
                seen.gradient + self._lasso, self._lasso[self._bent] - seen.gradient[self._bent]
            )

        def line(parts: FloatArray) -> None:
            """Add a line to the history."""
            history.add(
                seen.params,
                objective=seen.value,
                gradient_norm=seen.gradient_norm,
                step=float(np.linalg.norm(parts - line_from[0])),
                reads=self._objective.reads,
            )
            line_from[0] = parts.copy()

        line_from = [start]
        options = {"maxiter": steps, "maxfun": 10**9, "ftol": 0.0, "gtol": 0.0, "maxcor": 20}
        result = optimize.minimize(
            function,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=self._bounds,
            callback=line,
            options=options,
        )
        params = result.x[:n].copy()
        params[self._bent] -= result.x[n:]
        following = Iterate.at(self._objective, params)
        return following if following.value < point.value else point


def _free_gap(objective: Objective, point: Iterate) -> float:
    """Return the relative gap of Newton's model on the weights that want to move."""
    product = objective.hessian_operator(point.params)
    faces = Faces.of(objective)
    lasso, low, high = faces.lasso, faces.low, faces.high
    v, g = point.params, point.gradient
    side = np.where(v != 0, np.sign(v), -np.sign(g))
    slope = np.where((v == 0) & (np.abs(g) <= lasso), 0.0, g + lasso * side)
    slope = np.where(((v <= low) & (slope > 0)) | ((v >= high) & (slope < 0)), 0.0, slope)
    free = slope != 0
    found = conjugate_gradients(
        lambda u: np.where(free, product(u), 0.0),
        slope,
        DiagonalPreconditioner(objective).solve,
        lambda terms: settled(terms, _LAST),
        max_products=_LONGEST,
    )
    return relative(found.gap, objective)
