"""The floors: a module imports from lower ones only, and nothing private of scikit-learn."""

import ast
from pathlib import Path

import pytest

import skneuron

PACKAGE = Path(skneuron.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# First match wins. A floor may import from floors below it, and from its own folder.
FLOORS = [
    ("_typing", -1),
    ("_threads", -1),
    ("_draft", -1),
    ("exceptions", 4),
    ("_versioned", 4.1),
    ("activations", 0),
    ("penalties", 0),
    ("results", 0),
    ("losses", 1),
    ("design", 1),
    ("objective", 2),
    ("solvers", 3),
    ("validation", 4),
    ("_callbacks", 4),
    ("callbacks", 4),
    ("separation", 4.1),
    ("_saturation", 4),
    ("_revival", 4),
    ("_runaway", 4.2),
    ("_watch", 4.3),
    ("_layer", 4.4),
    ("_certain", 4.4),
    ("_training", 4.5),
    ("_streaming", 4.6),
    ("_absent", 4.7),
    ("_learning", 4.8),
    ("_forward", 4.6),
    ("_from_weights", 4.6),
    ("trace", 4.6),
    ("_tracing", 4.7),
    ("classifier", 5),
    ("_plane", 5.5),
    ("plotting", 6),
    ("interop", 6),
    ("playground", 6),
    ("inference", 6),
    ("cli", 6),
    ("__main__", 7),
]


def _name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _floor(module):
    for prefix, floor in FLOORS:
        if module == prefix or module.startswith(prefix + "."):
            return prefix, floor
    raise AssertionError(f"skneuron.{module} stands on no floor: add it to FLOORS")


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
    home, floor = _floor(module)
    for imported, names in _imports(path):
        if imported == "skneuron":
            assert floor > 5 or names == ["__version__"], f"{module} imports the package"
        elif imported.startswith("skneuron."):
            prefix, below = _floor(imported.removeprefix("skneuron."))
            assert below < floor or prefix == home, f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_nothing_private_of_scikit_learn(path):
    for imported, names in _imports(path):
        if imported.split(".")[0] == "sklearn":
            parts = imported.split(".") + names
            private = [part for part in parts if part.startswith("_") and part != "__version__"]
            assert not private, f"{path}: {imported} {names}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_lower_floors_know_only_base_estimator(path):
    module = _name(path)
    if module == "" or _floor(module)[1] >= 4:
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
