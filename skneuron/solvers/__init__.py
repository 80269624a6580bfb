"""Solvers: each minimizes an objective and returns the gap it reached. None of them warns."""

from __future__ import annotations

from skneuron._common import one_of, set_public_module, wrong_value
from skneuron.solvers import states as states  # the import gives states their public path
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative, relative_gap, rounding, value_and_gap
from skneuron.solvers._gd import GD
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._lbfgs import LBFGS
from skneuron.solvers._line_search import line_search
from skneuron.solvers._solver import Solver
from skneuron.solvers._tolerances import DEFAULT_TOL, DENSE_PARAMS, PRECISION
from skneuron.solvers.newton._newton import Newton
from skneuron.solvers.newton._newton_cg import NewtonCG
from skneuron.solvers.newton._preconditioner import has_small_blocks, prefers_products
from skneuron.solvers.newton._subsampled import MANY_PARAMS, SubsampledNewton, pays_to_subsample
from skneuron.solvers.perceptron._online_perceptron import OnlinePerceptron
from skneuron.solvers.perceptron._perceptron import Perceptron
from skneuron.solvers.proximal._working_set import WorkingSetNewton
from skneuron.solvers.stochastic._adam import Adam
from skneuron.solvers.stochastic._sgd import SGD

__all__ = [
    "DEFAULT_TOL",
    "GD",
    "LBFGS",
    "PRECISION",
    "SGD",
    "SOLVERS",
    "Adam",
    "Iterate",
    "Newton",
    "NewtonCG",
    "ObjectiveProtocol",
    "OnlinePerceptron",
    "Perceptron",
    "Solver",
    "StoppingCriteria",
    "SubsampledNewton",
    "WorkingSetNewton",
    "choose_solver",
    "get_solver",
    "line_search",
    "relative",
    "relative_gap",
    "rounding",
    "solver_name",
    "value_and_gap",
]

set_public_module(globals())

#: Every solver that has a name.
SOLVERS: dict[str, type[Solver]] = {
    "newton": Newton,
    "subsampled-newton": SubsampledNewton,
    "newton-cg": NewtonCG,
    "working-set": WorkingSetNewton,
    "lbfgs": LBFGS,
    "gd": GD,
    "sgd": SGD,
    "adam": Adam,
    "perceptron": Perceptron,
    "online-perceptron": OnlinePerceptron,
}


# Solvers that only scikit-learn's LogisticRegression has.
_OF_SCIKIT_LEARN = frozenset({"liblinear", "newton-cholesky", "sag", "saga"})

# With an L1 penalty or bounds, a working set is faster than Hessians for more than ``MANY_PARAMS``
# parameters and at most this multiple of their square in rows (measured on columns of many kinds).
_ROWS_PER_SQUARE = 0.01

# The same for a layer: at most this number of rows per parameter (measured on digits).
_ROWS_PER_PARAM = 10


def get_solver(solver: str | Solver) -> Solver | None:
    """Return the solver of that name or the object itself, None for ``"auto"``.

    Raises
    ------
    ValueError
        If the name is unknown, or the object is no solver or has an invalid parameter.

    Examples
    --------
    >>> from skneuron.solvers import get_solver
    >>> get_solver("newton")
    Newton()
    """
    if isinstance(solver, Solver):
        solver.check_parameters()
        return solver
    if isinstance(solver, str) and solver == "auto":
        return None
    if isinstance(solver, str) and solver in SOLVERS:
        return SOLVERS[solver]()
    expected = f"'auto', {one_of(SOLVERS)}, or an object of skneuron.solvers"
    if isinstance(solver, str) and solver in _OF_SCIKIT_LEARN:
        raise ValueError(
            f"Got solver={solver!r}, which only LogisticRegression has. Expected {expected}. "
            'Leave solver="auto", which supports all penalties.'
        )
    raise ValueError(wrong_value("solver", solver, expected, 'solver="auto"'))


def choose_solver(objective: ObjectiveProtocol) -> Solver:
    """Return what ``solver="auto"`` means for an objective.

    The perceptron rule for a step, and gradient descent if second derivatives jump. Otherwise
    Newton if all rows and parameters are few enough, else Newton on growing subsamples with
    Hessians that serve several steps. Conjugate gradients for layers of many parameters, and if a
    Hessian is too large to factor. With an L1 penalty or bounds a working set of columns, if a
    Hessian is too large or rows are few for the parameters.
    """
    if not objective.loss.differentiable:
        return Perceptron()
    if not objective.loss.smooth:
        return GD()
    few = MANY_PARAMS if not objective.coordinates.is_unequal else DENSE_PARAMS
    if (
        objective.penalty.is_smooth
        and has_small_blocks(objective)
        and objective.dims.n_params > few
    ):
        return NewtonCG()
    if objective.penalty.is_smooth and prefers_products(objective):
        return NewtonCG()
    if objective.dims.n_params > DENSE_PARAMS:
        return NewtonCG() if objective.penalty.is_smooth else WorkingSetNewton()
    if not objective.penalty.is_smooth and _is_wide(objective):
        return WorkingSetNewton()
    return SubsampledNewton() if pays_to_subsample(objective) else Newton()


def _is_wide(objective: ObjectiveProtocol) -> bool:
    """Return whether the nonsmooth quadratic is hard to minimize, and products with X are cheap."""
    m = objective.dims.n_params
    most = _ROWS_PER_SQUARE * m * m if objective.dims.n_outputs == 1 else _ROWS_PER_PARAM * m
    return m > MANY_PARAMS and objective.dims.n_samples <= most


def solver_name(solver: Solver) -> str:
    """Return the name of a solver in ``SOLVERS``, or the name of its class."""
    for name, known in SOLVERS.items():
        if type(solver) is known:
            return name
    return type(solver).__name__
