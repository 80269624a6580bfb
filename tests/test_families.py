"""What the families contain, so that walking them cannot silently test nothing."""

import ast
from pathlib import Path

from families import CONVEX, DIFFERENTIABLE, PROBABILITIES, losses_of, trainable

from skneuron.activations import ACTIVATIONS
from skneuron.solvers import SOLVERS


def test_all_ten_activations_are_there():
    assert set(ACTIVATIONS) == {
        "sigmoid", "tanh", "probit", "cloglog", "loglog", "cauchit",
        "relu", "leaky_relu", "identity", "step",
    }  # fmt: skip
    assert set(PROBABILITIES) == {"sigmoid", "tanh", "probit", "cloglog", "loglog", "cauchit"}
    assert set(PROBABILITIES) - set(CONVEX) == {"cauchit"}
    assert set(ACTIVATIONS) - set(DIFFERENTIABLE) == {"step"}


def test_every_solver_trains_something_and_every_activation_is_trained():
    combinations = trainable()
    assert {solver for _, _, solver in combinations} == set(SOLVERS)
    assert {activation for activation, _, _ in combinations} == set(ACTIVATIONS)
    assert ("step", "auto", "perceptron") in combinations
    assert ("relu", "auto", "newton") not in combinations
    assert losses_of("sigmoid") == ["auto", "squared_error"]


ROOT = Path(__file__).parent.parent

# Tables that leave probability activations out, with the reason.
LEAVES_OUT = {
    "skneuron/interop/torch.py": {"sigmoid", "tanh"},  # PyTorch has these functions
    "tests/test_links.py": {"tanh"},  # statsmodels has no such link
}

# Number of probability activations as keys of a dict from which on it is a table of all of them.
MANY = 4


def _tables():
    """Yield the file, the line and the probability activations of each dict that has many."""
    names = {name: name for name in PROBABILITIES}
    names |= {ACTIVATIONS[name].__name__: name for name in PROBABILITIES}
    for path in [*ROOT.glob("skneuron/**/*.py"), *ROOT.glob("tests/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                keys = [getattr(k, "value", getattr(k, "id", None)) for k in node.keys]
                found = {names[key] for key in keys if isinstance(key, str) and key in names}
                if len(found) >= MANY:
                    yield path.relative_to(ROOT).as_posix(), node.lineno, found


def test_every_table_of_activations_has_all_of_them():
    """A new probability activation is missing in each table that it still has to be added to."""
    tables = list(_tables())
    assert len(tables) >= 15
    lacking = {
        f"{file}:{line} lacks {name!r}"
        for file, line, found in tables
        for name in set(PROBABILITIES) - found - LEAVES_OUT.get(file, set())
    }
    assert not lacking, "\n".join(sorted(lacking))
