"""States that a fitted neuron stores, with which another fit or chunk continues.

The solvers return them in ``SolverResult.state``. Files of pickle and skops name their classes by
this path.
"""

from __future__ import annotations

from skneuron.solvers._gd import GDState
from skneuron.solvers._iterate import SolverState
from skneuron.solvers._whitening import Whitening
from skneuron.solvers.newton._newton_cg import ConjugateState
from skneuron.solvers.perceptron._mistakes import PerceptronState
from skneuron.solvers.perceptron._online_perceptron import OnlinePerceptronState
from skneuron.solvers.proximal._proximal_newton import WorkingSetProgress
from skneuron.solvers.proximal._working_set import WorkingSetState
from skneuron.solvers.stochastic._stochastic import StochasticState

__all__ = [
    "ConjugateState",
    "GDState",
    "OnlinePerceptronState",
    "PerceptronState",
    "SolverState",
    "StochasticState",
    "Whitening",
    "WorkingSetProgress",
    "WorkingSetState",
]

for _name in __all__:
    globals()[_name].__module__ = __name__
