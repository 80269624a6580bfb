"""Solvers: each minimizes an objective and returns how far it came. None of them warns."""

from __future__ import annotations

from skneuron._typing import set_public_module
from skneuron.solvers._base import Solver
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import relative, rounding, value_and_gap
from skneuron.solvers._gd import GD
from skneuron.solvers._iterate import StoppingCriteria
from skneuron.solvers._lbfgs import LBFGS
from skneuron.solvers._tolerances import DEFAULT_TOL, DENSE_PARAMS, PRECISION
from skneuron.solvers.newton._newton import Newton
from skneuron.solvers.newton._newton_cg import NewtonCG
from skneuron.solvers.newton._preconditioner import has_small_blocks
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
    "relative",
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


# With an L1 penalty or bounds, faces are for more weights than this, and for fewer rows than a
# share of these squared, of a layer than so many a weight. Measured on columns of many kinds and
# on digits: elsewhere Hessians and the paths of their quadratics take half to twice as long, and
# a tenth where faces are slowest; in there faces mostly take less, of a layer a tenth.
_WIDE, _OF_SQUARE, _LAYER_ROWS = 200, 0.01, 10


def get_solver(solver: str | Solver) -> Solver | None:
    """Return the solver of that name or the object itself, None for ``"auto"``.

    Raises
    ------
    ValueError
        If the name is unknown, or the object is none or has an impossible parameter.

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
    raise ValueError(
        f"solver={solver!r}: expected 'auto', one of {', '.join(map(repr, SOLVERS))}, "
        "or an object of skneuron.solvers"
    )


def choose_solver(objective: ObjectiveProtocol) -> Solver:
    """Return what ``solver="auto"`` means for an objective.

    The perceptron rule for a step; gradient descent where second derivatives jump; else
    Newton where all rows and weights are few enough, and Newton on growing subsamples,
    whose Hessians serve several steps, where not;
    conjugate gradients for layers of more weights, and with L-BFGS where a Hessian is too
    large to factor. With an L1 penalty or bounds the columns that matter, where a Hessian is
    too large or rows are few for the weights.
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
    if objective.dims.n_params > DENSE_PARAMS:
        return NewtonCG() if objective.penalty.is_smooth else WorkingSetNewton()
    if not objective.penalty.is_smooth and _is_wide(objective):
        return WorkingSetNewton()
    return SubsampledNewton() if pays_to_subsample(objective) else Newton()


def _is_wide(objective: ObjectiveProtocol) -> bool:
    """Whether a quadratic with kinks is hard to minimize, and to multiply with X is cheap."""
    m = objective.dims.n_params
    most = _OF_SQUARE * m * m if objective.dims.n_outputs == 1 else _LAYER_ROWS * m
    return m > _WIDE and objective.dims.n_samples <= most


def solver_name(solver: Solver) -> str:
    """Return the name under which a solver is known, or that of its class."""
    for name, known in SOLVERS.items():
        if type(solver) is known:
            return name
    return type(solver).__name__
