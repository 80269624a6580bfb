"""The levels: a module imports from lower ones only, and nothing private of scikit-learn."""

import ast
from pathlib import Path

import pytest

import skneuron

PACKAGE = Path(skneuron.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# A module imports from lower levels, and from its own folder.
LEVELS = {
    "_common": 1,
    "_threads": 1,
    "activations": 2,
    "results": 2,
    "losses": 3,
    "design": 3,
    "objective": 4,
    "solvers": 5,
    "validation": 6,
    "separation": 7,
    "fitting": 8,
    "inference": 8,
    "prediction": 9,
    "classifier": 10,
    "paths": 11,
    "plotting": 11,
    "playground": 12,
    "interop": 12,
    "cli": 12,
    "__main__": 13,
}

# Up to this level modules know nothing of scikit-learn but ``BaseEstimator``.
WITHOUT_SKLEARN = 5


def _name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _home(module):
    """Return the module or folder directly inside the package."""
    home = module.split(".")[0]
    assert home in LEVELS, f"skneuron.{home} has no level: add it to LEVELS"
    return home


def _imports(path):
    """Yield (module, names) of each import."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module, [alias.name for alias in node.names]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_go_down(path):
    module = _name(path)
    if module == "":
        return  # the package itself names the estimator
    home = _home(module)
    for imported, names in _imports(path):
        if imported == "skneuron":
            inside = LEVELS[home] <= LEVELS["classifier"]
            assert not inside or names == ["__version__"], f"{module} imports the package"
        elif imported.startswith("skneuron."):
            other = _home(imported.removeprefix("skneuron."))
            lower = LEVELS[other] < LEVELS[home]
            assert lower or other == home, f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_nothing_private_of_scikit_learn(path):
    for imported, names in _imports(path):
        if imported.split(".")[0] == "sklearn":
            parts = imported.split(".") + names
            private = [part for part in parts if part.startswith("_") and part != "__version__"]
            assert not private, f"{path}: {imported} {names}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_lower_levels_know_only_base_estimator(path):
    module = _name(path)
    if module == "" or LEVELS[_home(module)] > WITHOUT_SKLEARN:
        return
    for imported, names in _imports(path):
        if imported.split(".")[0] == "sklearn":
            assert (imported, names) == ("sklearn.base", ["BaseEstimator"])


def test_losses_never_see_x_and_designs_never_see_y():
    for path in MODULES:
        names = {
            node.arg for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.arg)
        }
        if _name(path).startswith("losses"):
            assert "X" not in names
        if _name(path).startswith("design"):
            assert "y" not in names


def test_only_required_packages_are_imported_at_the_top():
    """Everything more is an extra: imported where it is used, or by a package of its own."""
    extras = {
        "playground": {"altair", "vl_convert"},
        "plotting._regions": {"matplotlib"},
        "inference._pandas": {"pandas"},
    }
    allowed = {"numpy", "scipy", "sklearn", "skneuron", "threadpoolctl"}
    import sys

    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                root = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                root = root.split(".")[0]
                homes = [home for home in extras if f"{_name(path)}.".startswith(f"{home}.")]
                mine = allowed.union(*(extras[home] for home in homes))
                assert root in mine or root in sys.stdlib_module_names, f"{path}: {root}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_lock_that_a_fork_can_leave_locked(path):
    """In Python 3.11 ``cached_property`` has a lock, which all instances share."""
    locks = {"cached_property", "ThreadPoolExecutor"}
    for _, names in _imports(path):
        assert not locks & set(names)
