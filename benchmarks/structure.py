"""How hard the package is to read: measures of its structure, each beside its limit."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

from measures.calls import count_calls
from measures.contract import names_in_docs, names_in_solvers
from measures.definitions import (
    branches,
    class_definitions,
    numeric_constants,
    public_parameters,
    untyped_selves,
)
from measures.report import ROOT, Measure, main
from measures.sources import (
    Source,
    circles,
    import_graph,
    n_levels,
    read_sources,
    repeated,
    unit_graph,
)

PACKAGE = ROOT / "skneuron"

#: Largest number of branches of a function.
MOST_BRANCHES = 12


def of_imports(sources: dict[str, Source]) -> list[Measure]:
    """Return measures of the modules and of the imports between them.

    A unit is a module or a folder directly inside the package. Its level is the length of the
    longest chain of imports below it, so an import goes up only if it closes a circle of units.
    """
    units = unit_graph(sources)
    edges = [f"{unit} imports {target}" for unit in sorted(units) for target in sorted(units[unit])]
    going_up = [" and ".join(circle) for circle in circles(units)]
    in_modules = [" and ".join(circle) for circle in circles(import_graph(sources))]
    private = [
        source.path.name
        for source in sources.values()
        if source.path.parent == PACKAGE and source.unit.startswith("_")
    ]
    private = [name for name in private if not name.startswith("__")]
    files = [
        (source.path.name, str(source.path.parent.relative_to(ROOT)))
        for source in sources.values()
        if source.path.name != "__init__.py"
    ]
    twice = repeated(class_definitions(sources))
    files_twice = repeated(files)
    return [
        Measure("top-level modules and folders", len(units), 21, sorted(units)),
        Measure("levels of imports between them", n_levels(units), 12),
        Measure("imports between them", len(edges), 70, edges),
        Measure("circles between them (imports of a higher level)", len(going_up), 0, going_up),
        Measure("circles between modules, inside folders too", len(in_modules), 0, in_modules),
        Measure("private modules at the package's root", len(private), 3, private),
        Measure("class names in two modules", len(twice), 0, twice),
        Measure("file names in two folders", len(files_twice), 0, files_twice),
    ]


def of_definitions(sources: dict[str, Source]) -> list[Measure]:
    """Return measures of functions, constants, parameters and the solvers' contract."""
    used, listed = names_in_solvers(sources), names_in_docs(sources, ROOT / "docs")
    unlisted, unused = sorted(used - listed), sorted(listed - used)
    constants, shared_lines = numeric_constants(sources, "solvers")
    n_branches = branches(PACKAGE)
    many = [place for place, n in (n_branches or {}).items() if n > MOST_BRANCHES]
    n_parameters, untyped = public_parameters(sources)
    n_lines = sum(
        len(source.text.splitlines())
        for source in sources.values()
        if source.unit in ("solvers", "objective", "design")
    )
    selves = untyped_selves(sources)
    return [
        Measure("names of the objective that solvers use", len(used), 20, sorted(used)),
        Measure("of these, names that 'Add a solver' does not list", len(unlisted), 0, unlisted),
        Measure("names that it lists and no solver uses", len(unused), 0, unused),
        Measure(
            f"functions of more than {MOST_BRANCHES} branches (C901)",
            None if n_branches is None else len(many),
            0,
            many,
        ),
        Measure(
            "branches of the largest function",
            None if n_branches is None else max(n_branches.values()),
            MOST_BRANCHES,
        ),
        Measure("private numeric constants in solvers/", len(constants), 60, constants),
        Measure("lines that define several of them", len(shared_lines), 0, shared_lines),
        Measure("lines of solvers/, objective/ and design/", n_lines, 6000),
        Measure("methods with self: Any", len(selves), 0, selves),
        Measure(
            "public parameters typed Any, percent", 100 * len(untyped) / n_parameters, 3.0, untyped
        ),
    ]


def of_fits() -> list[Measure]:
    """Return measures of the functions that two fits call."""
    sys.path.insert(0, str(ROOT))
    from skneuron import NeuronClassifier

    default = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 400))
    y = X[:, :5].sum(axis=1) + rng.logistic(size=200) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = count_calls(lambda: NeuronClassifier().fit(*default), PACKAGE)
        wide = count_calls(lambda: NeuronClassifier(l1_ratio=1).fit(X, y), PACKAGE)
    files = sorted(str(Path(file).relative_to(ROOT)) for file in one.files)
    return [
        Measure("default fit of breast cancer: files entered", len(files), 30, files),
        Measure("default fit of breast cancer: changes of file", one.n_changes, 500),
        Measure("default fit of breast cancer: depth of calls", one.depth, 15),
        Measure("l1_ratio=1, 200 x 400: Python calls", wide.n_calls, 12_000),
    ]


def measure() -> list[Measure]:
    """Return every measure."""
    sources = read_sources(PACKAGE)
    return of_imports(sources) + of_definitions(sources) + of_fits()


if __name__ == "__main__":
    main(__doc__ or "", measure)
