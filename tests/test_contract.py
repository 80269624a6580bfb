"""The contract between solvers and objectives: one list of names in the code and in the docs."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers import Solver
from skneuron.solvers._contract import ObjectiveProtocol, RowsProtocol

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from measures import contract, sources  # noqa: E402

PACKAGE = sources.read_sources(ROOT / "skneuron")
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def _names(protocol):
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_solvers_use_the_names_of_the_contract_and_no_other():
    assert contract.names_in_solvers(PACKAGE) == _names(ObjectiveProtocol)
    assert len(_names(ObjectiveProtocol)) <= 20


def test_the_page_lists_these_names():
    assert contract.names_in_docs(PACKAGE, ROOT / "docs") == _names(ObjectiveProtocol)


def test_an_objective_has_every_name_of_the_contract():
    X, y, half = np.array([[0.0], [1.0]]), np.array([0, 1]), np.full(2, 0.5)
    F = Objective.of_data(DesignMatrix(X), y, LogisticLoss(), half, Regularization(0.0), True)
    for member, protocol in (
        (F, ObjectiveProtocol),
        (F.rows, RowsProtocol),
    ):
        assert not {name for name in _names(protocol) if not hasattr(member, name)}


def _solver_of_the_page():
    """Return the solver whose code stands in the section "Add a solver"."""
    section = re.search(r"^## Add a solver$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]
    code = re.search(r"```python\n(.*?)```", section, re.S)[1]
    lines = [line[4:] for line in code.splitlines() if line[:4] in (">>> ", "... ")]
    names = {}
    exec("\n".join(lines), names)
    return next(
        one
        for one in names.values()
        if isinstance(one, type) and issubclass(one, Solver) and one is not Solver
    )


@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog"])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_a_solver_from_the_page_alone_trains_a_neuron(activation, load):
    X, y = load(return_X_y=True)
    X = (X[:, :4] - X[:, :4].mean(axis=0)) / X[:, :4].std(axis=0)
    solver = _solver_of_the_page()()
    neuron = NeuronClassifier(activation, solver=solver, max_iter=10_000).fit(X, y)
    exact = NeuronClassifier(activation).fit(X, y)
    assert neuron.converged_
    assert neuron.gap_ <= 1e-8
    assert exact.objective_ <= neuron.objective_ <= exact.objective_ * (1 + 1e-6)
