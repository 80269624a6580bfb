"""L1 penalties and bounds on many columns: a working set around proximal Newton steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.results import History, SolverResult, Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import at_most_value, relative
from skneuron.solvers._iterate import Iterate, SolverState, StoppingCriteria, length_of
from skneuron.solvers._solver import Solver
from skneuron.solvers._stopping import NEWTON_PATIENCE, StoppingRule, status_without_progress
from skneuron.solvers._tolerances import DENSE_PARAMS, MEASURABLE
from skneuron.solvers.newton._newton import Newton
from skneuron.solvers.newton._newton_cg import NewtonCG
from skneuron.solvers.proximal._columns import WorkingSet, gap_of_all_columns, select_columns
from skneuron.solvers.proximal._proximal_newton import Outcome, ProximalNewton, WorkingSetProgress

__all__ = ["WorkingSetNewton", "WorkingSetState"]


class WorkingSetNewton(Solver):
    """Proximal Newton method on a working set of columns, for L1 penalties and bounds.

    The columns with coefficients and the strongest violators of their optimality condition are
    the next working set, until no column outside violates its condition (Johnson & Guestrin,
    ICML 2015). The column ``factored`` of the history says whether a step came from a factored
    Hessian or from conjugate gradients, and ``columns`` how many columns were in the set.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from skneuron import NeuronClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = sparse.random(200, 3000, density=0.02, format="csr", random_state=rng)
    >>> y = np.asarray(X[:, :5].sum(axis=1)).ravel() > 0.02
    >>> neuron = NeuronClassifier(C=10.0, l1_ratio=1.0).fit(X, y)
    >>> neuron.solver_, neuron.converged_, int(np.sum(neuron.coef_ != 0)) < 200
    ('working-set', True, True)
    >>> bool(neuron.history_["columns"].max() < 200)
    True
    """

    needs = ("gradient", "hessian")
    supports_nonsmooth = True

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        budget: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        if objective.penalty.is_smooth:
            # Without an L1 penalty or bounds every column is in the set.
            solver = Newton() if objective.dims.n_params <= DENSE_PARAMS else NewtonCG()
            return solver._solve(objective, params, budget, history)
        fit = _Fit(objective, Iterate.at(objective, params), budget, history)
        state = WorkingSetState.to_resume(budget.state, self, fit.point.gradient)
        if state is not None:
            fit.columns, fit.progress = state.columns, replace(state.progress)
        gap, status = fit.run()
        left = WorkingSetState(repr(self), fit.point.gradient, fit.columns, fit.progress)
        return fit.point.result(gap, status, history, left)


@dataclass(frozen=True)
class WorkingSetState(SolverState):
    """The working set that a fit was ended on, and the iterations on it so far."""

    columns: AnyArray | None
    progress: WorkingSetProgress


class _Fit:
    """The state of one fit: iterate, working set and the progress on it."""

    def __init__(
        self,
        objective: ObjectiveProtocol,
        point: Iterate,
        budget: StoppingCriteria,
        history: History,
    ) -> None:
        self._objective, self.point, self._history = objective, point, history
        self._tol, self._max_iter = budget.tol, budget.max_iter
        self._stopping = StoppingRule(objective, point.value, NEWTON_PATIENCE)
        #: The working set, None if the next iteration selects one.
        self.columns: AnyArray | None = None
        self.progress = WorkingSetProgress()
        #: Estimated relative gap, infinite if it is not known.
        self.gap = np.inf

    def run(self) -> tuple[float, Status]:
        """Iterate until the gap is reached, no step is of use, or there have been enough."""
        is_stuck = False
        while len(self._history) < self._max_iter and not (is_stuck or self.gap <= self._tol):
            is_stuck = self._solve_working_set()
        if not np.isfinite(self.gap):
            self.gap = _gap_of_ended_fit(self._objective, self.point, self._tol)
        gap = at_most_value(self.gap, self._objective, self.point.value)
        is_final = is_stuck or gap <= self._tol
        return gap, status_without_progress(gap, self._tol) if is_final else Status.MAX_ITER

    def _solve_working_set(self) -> bool:
        """Iterate on one working set, and return whether the fit makes no progress any more."""
        is_new, is_stuck = self.columns is None, False
        if self.columns is None:
            self.columns = select_columns(self._objective, self.point)
            # Hessians of more variables than samples are singular: products are tried again.
            n_params = self._objective.dims.n_outputs * (len(self.columns) + 1)
            is_regular = n_params <= min(self._objective.dims.n_samples, DENSE_PARAMS)
            self.progress = WorkingSetProgress(factored=self.progress.factored and is_regular)
        chosen = WorkingSet(self._objective, self.columns)
        solver = ProximalNewton(chosen.part, chosen.take(self.point), self._tol, self.progress)
        outcome, start = Outcome.STEP, solver.point
        while outcome is Outcome.STEP and not is_stuck and len(self._history) < self._max_iter:
            before = solver.point.params
            outcome = solver.advance()
            step = length_of(solver.point.params - before)
            if step > 0 or outcome is Outcome.STUCK or not len(self._history):
                # The history has the parameters of all columns.
                params = chosen.put(solver.point.params, self.point.params)
                used = float(len(chosen.columns)), float(self.progress.factored)
                replace(solver.point, params=params).record(
                    self._history, self._objective, step, columns=used[0], factored=used[1]
                )
            is_stuck = self._stopping.is_stuck(solver.point.value, self.progress.predicted)
        # From the same iterate, the next working set would be the same.
        is_stuck |= is_new and outcome is Outcome.STUCK and solver.point is start
        self.point = Iterate.at(self._objective, chosen.put(solver.point.params, self.point.params))
        if outcome is Outcome.SOLVED:
            self.gap = gap_of_all_columns(self._objective, self.point, chosen.index, solver.gap)
        self.columns = self.columns if outcome is Outcome.STEP else None
        return is_stuck


def _gap_of_ended_fit(objective: ObjectiveProtocol, point: Iterate, tol: float) -> float:
    """Return the relative gap of a fit that was ended, by minimizing on all violators."""
    chosen = WorkingSet(objective, select_columns(objective, point, every=True))
    solver = ProximalNewton(chosen.part, chosen.take(point), tol, WorkingSetProgress())
    stopping, outcome = StoppingRule(objective, point.value, NEWTON_PATIENCE), solver.advance()
    while outcome in (Outcome.STEP, Outcome.LAST_STEP):
        if stopping.is_stuck(solver.point.value, solver.progress.predicted):
            break
        outcome = solver.advance()
    decrease = relative(point.value - solver.point.value, objective)
    if outcome is not Outcome.SOLVED:
        decrease += solver.progress.predicted
    # Below the rounding of F only the model shows a decrease.
    return max(decrease, solver.progress.begun) if decrease <= MEASURABLE else decrease
